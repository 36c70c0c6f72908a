"""Tokens to a syntax tree by recursive descent; binary operators by precedence.

The grammar is DMN 1.5, 10.3.1.2. Names are matched against the known ones first, the longest wins.
"""

from typing import NamedTuple

from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.evaluation import Place
from flowmaster.engine.feel.lexer import FeelSyntaxError, Lines, Token, tokenize
from flowmaster.engine.feel.names import KnownNames, NameSet, normal_name
from flowmaster.engine.feel.numbers import read_number
from flowmaster.engine.feel.parser_constructs import COMPARISONS, ConstructParser
from flowmaster.engine.feel.temporal_text import read_temporal

DEPTH_MAX = 100
"""How deep an expression may be nested."""

KEYWORDS = frozenset(
    [
        "and",
        "or",
        "in",
        "between",
        "instance",
        "of",
        "then",
        "else",
        "return",
        "satisfies",
        "if",
        "for",
        "some",
        "every",
        "function",
        "external",
    ]
)
_RESERVED = frozenset(["and", "or", "in", "between", "instance", "of", "then", "else", "return", "satisfies"])
PROPERTIES = NameSet(("time offset", "start included", "end included"), builtin=True)
"""The properties of built-in types that are several words."""
_CONSTANTS = {"true": True, "false": False, "null": None}
_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 3}


def parse_expression(text: str, names: NameSet = PROPERTIES) -> s.Node:
    """Parse one expression."""
    parser = Parser(text, names)
    node = parser.expression()
    parser.finish()
    return node


def parse_unary_tests(text: str, names: NameSet = PROPERTIES) -> s.Tests:
    """Parse the unary tests of a cell: `-`, tests with commas, or `not(tests)`."""
    return Parser(text, names).unary_tests()


class RangeLiteral(NamedTuple):
    """The parts of a range written in a text; an end that is left out is None."""

    low: s.Node | None
    high: s.Node | None
    low_closed: bool
    high_closed: bool


def parse_range(text: str, names: NameSet) -> RangeLiteral:
    """Parse the text of a range, one end of which may be left out (DMN 1.5, 10.3.1.2, rule 66)."""
    return Parser(text, names).range_literal()


class Parser(ConstructParser):
    """The parser of one text."""

    def __init__(self, text: str, names: NameSet) -> None:
        self.lines = Lines(text)
        self.text = text
        self.tokens = tokenize(text, self.lines)
        self.index = 0
        self.depth = 0
        self.known = KnownNames(names)
        self.members = KnownNames(names)

    def finish(self) -> None:
        """Refuse whatever is left."""
        token = self.tokens[self.index]
        if token.kind != "end":
            raise self.error(f"{self.show(token)} does not belong here")

    def range_literal(self) -> RangeLiteral:
        """Parse a whole text as a range."""
        low_closed = self.at("[")
        if not any(map(self.accept, "[(]")):
            raise self.error("expected the beginning of a range")
        low = None if self.at("..") else self.arithmetic(0)
        self.expect("..")
        following = self.tokens[self.index + 1]
        high = None if following.kind == "end" else self.arithmetic(0)
        high_closed = self.at("]")
        if not any(map(self.accept, "])[")):
            raise self.error("expected the end of a range")
        self.finish()
        if (low is None and (low_closed or high is None)) or (high is None and high_closed):
            raise self.error("an end that is left out must be open, and one end must be there")
        return RangeLiteral(low, high, low_closed, high_closed)

    def unary_tests(self) -> s.Tests:
        """Parse a whole cell."""
        place = self.place()
        if self.at("-") and self.tokens[self.index + 1].kind == "end":
            return s.Tests((), False, place)
        negated = self._negated_tests() if self.at_name("not") else None
        if negated is not None:
            return s.Tests(negated, True, place)
        tests = self._tests()
        self.finish()
        return s.Tests(tests, False, place)

    def _negated_tests(self) -> tuple[s.Node, ...] | None:
        """Parse `not(tests)` if that is the whole cell; None for an expression such as `not(a) and b`."""
        start, depth, mark, member_mark = self.index, self.depth, self.known.mark(), self.members.mark()
        self.index += 1
        try:
            self.expect("(")
            tests = self._tests()
            self.expect(")")
            self.finish()
        except FeelSyntaxError:
            self.index, self.depth = start, depth
            self.known.release(mark)
            self.members.release(member_mark)
            return None
        return tests

    def _tests(self) -> tuple[s.Node, ...]:
        tests = [self._test()]
        while self.accept(","):
            tests.append(self._test())
        return tuple(tests)

    def _test(self) -> s.Node:
        """Parse one positive unary test."""
        token = self.tokens[self.index]
        if token.kind == "symbol" and token.text in COMPARISONS:
            place = self.place()
            self.index += 1
            return s.UnaryTest(token.text, self.arithmetic(0), place)
        return self.expression()

    def expression(self) -> s.Node:
        """Parse an expression of any kind."""
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise self.error(f"the expression is nested deeper than {DEPTH_MAX} levels")
        node = self._logic("or")
        self.depth -= 1
        return node

    def _logic(self, operator: str) -> s.Node:
        place = self.place()
        first = self._logic("and") if operator == "or" else self._comparison()
        if not self.at_name(operator):
            return first
        parts = [first]
        while self.at_name(operator):
            self.index += 1
            parts.append(self._logic("and") if operator == "or" else self._comparison())
        return s.Logic(operator, tuple(parts), place)

    def _comparison(self) -> s.Node:
        place = self.place()
        left = self.arithmetic(0)
        for _ in range(DEPTH_MAX):
            token = self.tokens[self.index]
            if token.kind == "symbol" and token.text in COMPARISONS:
                self.index += 1
                left = s.Comparison(token.text, left, self.arithmetic(0), place)
            elif token.kind == "symbol" and token.text == "==":
                raise self.error("`==` is no operator; equality is `=`")
            elif self.at_name("between"):
                self.index += 1
                low = self.arithmetic(0)
                if not self.accept_name("and"):
                    raise self.error(f"expected `and` of `between` instead of {self.show()}")
                left = s.Between(left, low, self.arithmetic(0), place)
            elif self.at_name("in"):
                self.index += 1
                left = s.In(left, self._in_tests(), place)
            else:
                return left
        raise self.error(f"more than {DEPTH_MAX} comparisons in a row")

    def _in_tests(self) -> tuple[s.Node, ...]:
        """Parse what stands behind `in`: tests in parentheses, or one test."""
        token = self.tokens[self.index]
        place = self.place()
        if token.kind == "symbol" and token.text in COMPARISONS:
            self.index += 1
            return (s.UnaryTest(token.text, self.arithmetic(0), place),)
        if not self.accept("("):
            return (self.arithmetic(0),)
        first = self._test()
        if self.at("..") and not isinstance(first, s.UnaryTest):
            return (self.read_range(first, False, place),)
        tests = [first]
        while self.accept(","):
            tests.append(self._test())
        self.expect(")")
        if len(tests) > 1 or isinstance(first, s.UnaryTest):
            return tuple(tests)
        return (self.arithmetic(0, first),)

    def arithmetic(self, minimum: int, first: s.Node | None = None) -> s.Node:
        """Parse operators that bind closer than `minimum`; `first` is what was read in parentheses before."""
        place = self.place() if first is None else first.place
        left = self._unary() if first is None else self._instance_of(first)
        chain = 0
        while True:
            token = self.tokens[self.index]
            level = _PRECEDENCE.get(token.text, 0) if token.kind == "symbol" else 0
            if level <= minimum:
                return left
            chain += 1
            if chain > DEPTH_MAX:
                raise self.error(
                    f"more than {DEPTH_MAX} operators in a row; use parentheses or a list function"
                )
            self.index += 1
            left = s.Arithmetic(token.text, left, self.arithmetic(level), place)

    def _unary(self) -> s.Node:
        place = self.place()
        negations = 0
        while self.accept("-"):
            negations += 1
            if negations > DEPTH_MAX:
                raise self.error("too many minus signs in a row")
        node = self._instance_of()
        for _ in range(negations):
            node = s.Negation(node, place)
        return node

    def _instance_of(self, first: s.Node | None = None) -> s.Node:
        place = self.place()
        node = self._postfix(first)
        while self.at_name("instance"):
            self.index += 1
            if not self.accept_name("of"):
                raise self.error("expected `of` behind `instance`")
            node = s.InstanceOf(node, self.type_expression(), place)
        return node

    def _postfix(self, first: s.Node | None = None) -> s.Node:
        node = self._primary() if first is None else first
        for _ in range(DEPTH_MAX):
            place = self.place()
            if self.accept("."):
                node = s.Path(node, self._member(), place)
            elif self.at("[") and not self._ends_range():
                node = self._filter(node, place)
            elif self.at("("):
                node = self._call(node, place)
            else:
                return node
        raise self.error(f"more than {DEPTH_MAX} steps in a row")

    def _filter(self, node: s.Node, place: Place) -> s.Node:
        self.index += 1
        mark = self.known.mark()
        self.known.push("item")
        condition = self.expression()
        self.known.release(mark)
        self.expect("]")
        return s.Filter(node, condition, place)

    def _ends_range(self) -> bool:
        """Tell whether the `[` here closes a range such as `]1..5[`, so that no filter begins."""
        following = self.tokens[self.index + 1]
        return (
            following.kind == "end"
            or (
                following.kind == "symbol"
                and following.text in (")", "]", ",", "}", "..", ".", "*", "/", "**", *COMPARISONS)
            )
            or (following.kind == "name" and following.text in _RESERVED)
        )

    def _member(self) -> str:
        """Parse the name behind a dot: a known one, or adjacent words up to a keyword."""
        token = self.tokens[self.index]
        if token.kind != "name":
            raise self.error(f"expected a name behind `.` instead of {self.show()}")
        known = self.members.longest(self.tokens, self.index)
        if known is not None:
            self.index += known[1]
            return known[0]
        words = [token.text]
        self.index += 1
        while self.tokens[self.index].kind == "name" and self.tokens[self.index].text not in KEYWORDS:
            words.append(self.tokens[self.index].text)
            self.index += 1
        return " ".join(words)

    def _call(self, function: s.Node, place: Place) -> s.Node:
        self.index += 1
        arguments: list[s.Node] = []
        names: list[str] = []
        if not self.at(")"):
            while True:
                name = self._argument_name()
                if name is not None:
                    names.append(name)
                arguments.append(self.read_list_item())
                if bool(names) != (len(names) == len(arguments)):
                    raise self.error("named and positional arguments cannot be mixed")
                if not self.accept(","):
                    break
        self.expect(")")
        if isinstance(function, s.Name):
            place = function.place
        return s.Call(function, tuple(arguments), tuple(names) if names else None, place)

    def _argument_name(self) -> str | None:
        """Return the name of a named argument if one stands here."""
        index = self.index
        while self.tokens[index].kind in ("name", "number") or self.tokens[index].text in (
            "'",
            "-",
            "+",
            "*",
            "/",
            ".",
        ):
            if self.tokens[index].kind in ("string", "at", "end"):
                return None
            index += 1
        if index == self.index or self.tokens[index].text != ":" or self.tokens[index].kind != "symbol":
            return None
        name = normal_name(self.text[self.tokens[self.index].start : self.tokens[index - 1].end])
        self.index = index + 1
        return name

    def _primary(self) -> s.Node:
        token = self.tokens[self.index]
        place = self.place()
        if token.kind == "number":
            return self._number(token, place)
        if token.kind == "string":
            self.index += 1
            return s.Literal(token.text, place)
        if token.kind == "at":
            self.index += 1
            return (
                s.Call(s.Name("@", False, place), (s.Literal(token.text, place),), None, place)
                if (read_temporal(token.text) is None)
                else s.Literal(read_temporal(token.text), place)
            )
        if token.kind == "name":
            return self._named(token, place)
        if token.kind == "symbol":
            return self._bracketed(token, place)
        raise self.error(
            "the expression ends too early" if token.kind == "end" else f"{self.show()} is unexpected"
        )

    def _number(self, token: Token, place: Place) -> s.Node:
        value = read_number(token.text)
        following = self.tokens[self.index + 1]
        if value is None:
            raise self.error(f"{token.text!r} is too large for a number")
        if following.kind == "name" and not following.spaced:
            raise self.error(f"{token.text + following.text!r} is neither a number nor a name")
        self.index += 1
        return s.Literal(value, place)

    def _named(self, token: Token, place: Place) -> s.Node:
        """Parse what begins with a word: a known name, a keyword's construct, a constant or an unknown name."""
        known = self.known.longest(self.tokens, self.index)
        if known is not None:
            self.index += known[1]
            return s.Name(known[0], self.known.is_bound(known[0]), place)
        word = token.text
        if word in _CONSTANTS:
            self.index += 1
            return s.Literal(_CONSTANTS[word], place)
        if word == "if":
            return self.read_if(place)
        if word == "for":
            return self.read_for(place)
        if word in ("some", "every") and self.tokens[self.index + 1].kind == "name":
            return self.read_quantified(word, place)
        if word == "function" and self.tokens[self.index + 1].text == "(":
            return self.read_function(place)
        if word in _RESERVED:
            raise self.error(f"expected an expression instead of the keyword `{word}`")
        self.index += 1
        return s.Name(word, self.known.is_bound(word), place)

    def _bracketed(self, token: Token, place: Place) -> s.Node:
        if token.text == "(":
            return self.read_parenthesis(place)
        if token.text == "[":
            return self.read_list_or_range(place)
        if token.text == "]":
            self.index += 1
            low = self.expression()
            return self.read_range(low, False, place)
        if token.text == "{":
            return self.read_context(place)
        raise self.error(f"{self.show()} is unexpected")
