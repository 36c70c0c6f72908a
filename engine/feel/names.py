"""Known names: FEEL names may hold blanks, operators and keywords, so the parser must know them beforehand."""

from collections.abc import Iterable, Sequence

from flowmaster.engine.feel.lexer import FeelSyntaxError, Token, tokenize

Parts = tuple[tuple[str, bool], ...]
"""The tokens of a name: text, and whether a blank stands before it."""


def parts_of(name: str) -> Parts | None:
    """Split a name into its tokens; None for a name that only a string key can write."""
    try:
        tokens = tokenize(name)
    except FeelSyntaxError:
        return None
    if len(tokens) < 2 or tokens[0].kind != "name" or any(token.kind in ("string", "at") for token in tokens):
        return None
    return tuple((token.text, token.spaced and index > 0) for index, token in enumerate(tokens[:-1]))


def normal_name(text: str) -> str:
    """Return a name with single blanks, as FEEL compares names."""
    return " ".join(text.split())


class NameSet:
    """Names prepared for the parser once, for many expressions; the long ones by their first word."""

    __slots__ = ("given", "long")

    def __init__(self, names: Iterable[str], base: "NameSet | None" = None, *, builtin: bool = False) -> None:
        given: set[str] = set()
        self.long: dict[str, list[tuple[Parts, str]]] = (
            {head: list(options) for head, options in base.long.items()} if base else {}
        )
        for name in map(normal_name, names):
            parts = parts_of(name)
            if parts is not None and len(parts) > 1:
                self.long.setdefault(parts[0][0], []).append((parts, name))
            given.add(name)
        own = frozenset() if builtin else frozenset(given)
        self.given: frozenset[str] = (base.given if base else frozenset()) | own
        """The names of variables among them."""


class KnownNames:
    """The names given from outside, and on top of them those that the expression introduces."""

    def __init__(self, names: NameSet) -> None:
        self._names = names
        self._long: dict[str, list[tuple[Parts, str]]] = {}
        self._bound: dict[str, int] = {}
        self._stack: list[tuple[str, str | None]] = []

    def push(self, name: str) -> None:
        """Introduce a name of the expression itself."""
        parts = parts_of(name)
        head = None
        if parts is not None and len(parts) > 1:
            head = parts[0][0]
            self._long.setdefault(head, []).append((parts, name))
        self._bound[name] = self._bound.get(name, 0) + 1
        self._stack.append((name, head))

    def mark(self) -> int:
        """Return the present height of the stack, for `release`."""
        return len(self._stack)

    def release(self, mark: int) -> None:
        """Forget the names introduced since `mark`."""
        while len(self._stack) > mark:
            name, head = self._stack.pop()
            self._bound[name] -= 1
            if head is not None:
                self._long[head].pop()

    def is_bound(self, name: str) -> bool:
        """Tell whether the expression itself introduced the name here."""
        return self._bound.get(name, 0) > 0

    def longest(self, tokens: Sequence[Token], index: int) -> tuple[str, int] | None:
        """Return the longest known name of several tokens that begins here, and how many tokens it has."""
        best: tuple[str, int] | None = None
        head = tokens[index].text
        for source in (self._names.long, self._long):
            for parts, name in source.get(head, ()):
                size = len(parts)
                if (best is None or size > best[1]) and _stands(parts, tokens, index):
                    best = name, size
        return best


def _stands(parts: Parts, tokens: Sequence[Token], index: int) -> bool:
    if index + len(parts) > len(tokens):
        return False
    for offset, (text, spaced) in enumerate(parts):
        token = tokens[index + offset]
        if token.text != text or token.kind in ("string", "at", "end") or (offset and token.spaced != spaced):
            return False
    return True
