"""The constructs of FEEL that begin with a keyword or a bracket: conditionals, loops, functions, lists, contexts, ranges."""

from abc import ABC, abstractmethod

from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.evaluation import Place
from flowmaster.engine.feel.lexer import FeelSyntaxError
from flowmaster.engine.feel.names import KnownNames, normal_name
from flowmaster.engine.feel.parser_types import TypeParser

COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")


class ConstructParser(TypeParser, ABC):
    """Reads constructs out of expressions, which the parser that extends it reads."""

    known: KnownNames
    members: KnownNames

    @abstractmethod
    def expression(self) -> s.Node:
        """Parse an expression of any kind."""

    @abstractmethod
    def arithmetic(self, minimum: int, first: s.Node | None = None) -> s.Node:
        """Parse an expression without comparisons and logic, of operators that bind closer than `minimum`."""

    def read_if(self, place: Place) -> s.Node:
        """Parse `if condition then yes else no`."""
        self.index += 1
        condition = self.expression()
        if not self.accept_name("then"):
            raise self.error(f"expected `then` instead of {self.show()}")
        yes = self.expression()
        if not self.accept_name("else"):
            raise self.error(f"expected `else` instead of {self.show()}")
        return s.If(condition, yes, self.expression(), place)

    def _iterators(self) -> tuple[tuple[str, s.Node], ...]:
        iterators: list[tuple[str, s.Node]] = []
        while True:
            start = self.index
            while self.tokens[self.index].kind != "end" and not self.at_name("in"):
                self.index += 1
            if start == self.index or self.tokens[self.index].kind == "end":
                self.index = start
                raise self.error("expected a variable and `in`")
            name = normal_name(self.text[self.tokens[start].start : self.tokens[self.index - 1].end])
            self.index += 1
            place = self.place()
            source = self.expression()
            if self.accept(".."):
                source = s.RangeOf(source, self.expression(), True, True, True, place)
            self.known.push(name)
            iterators.append((name, source))
            if not self.accept(","):
                return tuple(iterators)

    def read_for(self, place: Place) -> s.Node:
        """Parse `for a in x return body`."""
        self.index += 1
        mark = self.known.mark()
        iterators = self._iterators()
        if not self.accept_name("return"):
            raise self.error(f"expected `return` instead of {self.show()}")
        self.known.push("partial")
        body = self.expression()
        self.known.release(mark)
        return s.For(iterators, body, place)

    def read_quantified(self, kind: str, place: Place) -> s.Node:
        """Parse `some a in x satisfies condition`, and `every`."""
        self.index += 1
        mark = self.known.mark()
        iterators = self._iterators()
        if not self.accept_name("satisfies"):
            raise self.error(f"expected `satisfies` instead of {self.show()}")
        condition = self.expression()
        self.known.release(mark)
        return s.Quantified(kind, iterators, condition, place)

    def read_function(self, place: Place) -> s.Node:
        """Parse `function(a, b) body`."""
        self.index += 2
        mark = self.known.mark()
        parameters: list[tuple[str, s.TypeExpression | None]] = []
        while not self.at(")"):
            start = self.index
            while self.tokens[self.index].kind != "end" and self.tokens[self.index].text not in (
                ":",
                ",",
                ")",
            ):
                self.index += 1
            if start == self.index:
                raise self.error(f"expected a parameter instead of {self.show()}")
            name = normal_name(self.text[self.tokens[start].start : self.tokens[self.index - 1].end])
            kind = self.type_expression() if self.accept(":") else None
            parameters.append((name, kind))
            if not self.accept(","):
                break
        self.expect(")")
        for name, _ in parameters:
            self.known.push(name)
        external = self.accept_name("external")
        body = self.expression()
        self.known.release(mark)
        return s.FunctionDefinition(tuple(parameters), body, external, place)

    def read_parenthesis(self, place: Place) -> s.Node:
        """Parse what begins with a parenthesis: an expression, a range or a test."""
        self.index += 1
        token = self.tokens[self.index]
        if token.kind == "symbol" and token.text in COMPARISONS:
            self.index += 1
            test = s.UnaryTest(token.text, self.arithmetic(0), place)
            self.expect(")")
            return test
        node = self.expression()
        if self.at(".."):
            return self.read_range(node, False, place)
        self.expect(")")
        return node

    def read_range(self, low: s.Node, low_closed: bool, place: Place) -> s.Node:
        """Parse the rest of a range behind its lower end."""
        self.expect("..")
        high = self.expression()
        token = self.tokens[self.index]
        if token.kind != "symbol" or token.text not in ("]", ")", "["):
            raise self.error(f"expected the end of the range, `]`, `)` or `[`, instead of {self.show()}")
        self.index += 1
        return s.RangeOf(low, high, low_closed, token.text == "]", False, place)

    def read_list_item(self) -> s.Node:
        """Parse an item of a list or an argument, where a bare test such as `< 5` is a range."""
        token = self.tokens[self.index]
        if token.kind == "symbol" and token.text in COMPARISONS:
            place = self.place()
            self.index += 1
            return s.UnaryTest(token.text, self.arithmetic(0), place)
        return self.expression()

    def read_list_or_range(self, place: Place) -> s.Node:
        """Parse what begins with a bracket."""
        self.index += 1
        if self.accept("]"):
            return s.ListOf((), place)
        items = [self.read_list_item()]
        if self.at(".."):
            return self.read_range(items[0], True, place)
        while self.accept(","):
            items.append(self.read_list_item())
        self.expect("]")
        return s.ListOf(tuple(items), place)

    def read_context(self, place: Place) -> s.Node:
        """Parse `{a: 1}`."""
        self.index += 1
        mark = self.known.mark()
        entries: list[tuple[str, s.Node]] = []
        while not self.at("}"):
            start = self.place()
            key = self._key()
            if any(key == name for name, _ in entries):
                raise FeelSyntaxError(f"The key {key!r} stands twice in one context", start)
            value = self.expression()
            self.known.push(key)
            self.members.push(key)
            entries.append((key, value))
            if not self.accept(","):
                break
        self.expect("}")
        self.known.release(mark)
        return s.ContextOf(tuple(entries), place)

    def _key(self) -> str:
        token = self.tokens[self.index]
        if token.kind == "string":
            self.index += 1
            self.expect(":")
            return token.text
        start = self.index
        while self.tokens[self.index].kind not in ("end", "string", "at") and not self.at(":"):
            if self.tokens[self.index].text in ("{", "}", ",", "[", "]", "(", ")"):
                break
            self.index += 1
        if start == self.index or not self.at(":"):
            raise self.error(f"expected a key and `:` instead of {self.show()}")
        self.index += 1
        return normal_name(self.text[token.start : self.tokens[self.index - 2].end])
