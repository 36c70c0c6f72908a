"""What the parser is made of: looking at tokens, naming faults, and reading type expressions."""

from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.evaluation import NOWHERE, Place
from flowmaster.engine.feel.lexer import FeelSyntaxError, Lines, Token

_TYPE_NAMES = (
    "years and months duration",
    "year and month duration",
    "days and time duration",
    "day and time duration",
    "date and time",
)
_TYPE_ENDS = frozenset(
    ["and", "or", "in", "between", "instance", "then", "else", "return", "satisfies", "external"]
)
TYPE_DEPTH_MAX = 20


class TypeParser:
    """The reader of tokens that the parser of expressions extends."""

    lines: Lines
    text: str
    tokens: list[Token]
    index: int
    _placed: tuple[int, Place] = (-1, NOWHERE)

    def place(self) -> Place:
        """Return the place of the present token."""
        index, place = self._placed
        if index != self.index:
            place = self.lines.place(self.tokens[self.index].start)
            self._placed = self.index, place
        return place

    def error(self, message: str) -> FeelSyntaxError:
        """Return an error at the present token."""
        return FeelSyntaxError(message[0].upper() + message[1:], self.place())

    def show(self, token: Token | None = None) -> str:
        """Return a token as it is quoted in messages."""
        token = token or self.tokens[self.index]
        return "the end" if token.kind == "end" else repr(self.text[token.start : token.end][:40])

    def at(self, text: str) -> bool:
        """Tell whether this symbol stands here."""
        token = self.tokens[self.index]
        return token.text == text and token.kind == "symbol"

    def at_name(self, word: str) -> bool:
        """Tell whether this word stands here."""
        token = self.tokens[self.index]
        return token.text == word and token.kind == "name"

    def accept(self, text: str) -> bool:
        """Step over a symbol if it stands here."""
        if self.at(text):
            self.index += 1
            return True
        return False

    def accept_name(self, word: str) -> bool:
        """Step over a word if it stands here."""
        if self.at_name(word):
            self.index += 1
            return True
        return False

    def expect(self, text: str) -> None:
        """Step over a symbol that must stand here."""
        if not self.accept(text):
            raise self.error(f"expected `{text}` instead of {self.show()}")

    def type_expression(self, depth: int = 0) -> s.TypeExpression:
        """Parse a type: a name, or list, range, context or function with `<...>`."""
        if depth > TYPE_DEPTH_MAX:
            raise self.error(f"the type is nested deeper than {TYPE_DEPTH_MAX} levels")
        token = self.tokens[self.index]
        if token.kind != "name":
            raise self.error(f"expected a type instead of {self.show()}")
        following = self.tokens[self.index + 1]
        if following.text == "<" and following.kind == "symbol":
            if token.text in ("list", "range"):
                self.index += 2
                item = self.type_expression(depth + 1)
                self.expect(">")
                return s.ListType(item) if token.text == "list" else s.RangeType(item)
            if token.text == "context":
                return self._context_type(depth)
            if token.text == "function":
                return self._function_type(depth)
        return s.NamedType(self._type_name())

    def _context_type(self, depth: int) -> s.TypeExpression:
        self.index += 2
        entries: list[tuple[str, s.TypeExpression]] = []
        while not self.at(">"):
            start = self.index
            while self.tokens[self.index].kind != "end" and not self.at(":"):
                self.index += 1
            name = " ".join(self.text[self.tokens[start].start : self.tokens[self.index - 1].end].split())
            self.expect(":")
            entries.append((name, self.type_expression(depth + 1)))
            if not self.accept(","):
                break
        self.expect(">")
        return s.ContextType(tuple(entries))

    def _function_type(self, depth: int) -> s.TypeExpression:
        self.index += 2
        parameters: list[s.TypeExpression] = []
        while not self.at(">"):
            parameters.append(self.type_expression(depth + 1))
            if not self.accept(","):
                break
        self.expect(">")
        self.expect("->")
        return s.FunctionType(tuple(parameters), self.type_expression(depth + 1))

    def _type_name(self) -> str:
        for name in _TYPE_NAMES:
            words = name.split()
            if [token.text for token in self.tokens[self.index : self.index + len(words)]] == words:
                self.index += len(words)
                return name
        start = self.index
        self.index += 1
        while True:
            token = self.tokens[self.index]
            if token.kind == "name" and token.text not in _TYPE_ENDS:
                self.index += 1
            elif token.kind == "symbol" and token.text == "." and self.tokens[self.index + 1].kind == "name":
                self.index += 2
            elif token.kind == "symbol" and token.text in ("-", "'") and not token.spaced:
                self.index += 1
            else:
                break
        return " ".join(self.text[self.tokens[start].start : self.tokens[self.index - 1].end].split())
