r"""Sets of characters for patterns: ranges, escapes such as `\d`, Unicode categories and blocks, subtraction."""

import unicodedata
from collections.abc import Callable
from functools import lru_cache

from flowmaster.engine.feel.unicode_blocks import BLOCKS

Member = Callable[[str], bool]

_CATEGORIES = frozenset(
    [
        "L",
        "Lu",
        "Ll",
        "Lt",
        "Lm",
        "Lo",
        "M",
        "Mn",
        "Mc",
        "Me",
        "N",
        "Nd",
        "Nl",
        "No",
        "P",
        "Pc",
        "Pd",
        "Ps",
        "Pe",
        "Pi",
        "Pf",
        "Po",
        "Z",
        "Zs",
        "Zl",
        "Zp",
        "S",
        "Sm",
        "Sc",
        "Sk",
        "So",
        "C",
        "Cc",
        "Cf",
        "Co",
        "Cn",
    ]
)
_FOLDS = {"k": "\u212a", "s": "\u017f", "\u00e5": "\u212b", "\u03c9": "\u2126", "\u03b8": "\u03f4"}


@lru_cache(maxsize=4096)
def variants(char: str) -> frozenset[str]:
    """Return a character in all its cases."""
    lower = char.lower()
    found = {char, lower, char.upper(), lower.upper(), char.upper().lower(), char.title()}
    for base in tuple(found):
        if base in _FOLDS:
            found.add(_FOLDS[base])
    return frozenset(item for item in found if len(item) == 1)


class CharacterSet:
    """A set of characters: ranges and other sets, perhaps negated, perhaps without another set."""

    def __init__(self, *sets: "CharacterSet | Member") -> None:
        self.singles: set[str] = set()
        self.ranges: list[tuple[str, str]] = []
        self.sets: list[CharacterSet | Member] = list(sets)
        self.negated = False
        self.without: CharacterSet | None = None

    def add(self, low: str, high: str) -> None:
        """Add a range of characters."""
        if low == high:
            self.singles.add(low)
        else:
            self.ranges.append((low, high))

    def test(self, blind: bool) -> Member:
        """Return the membership test, blind to cases or not."""
        singles, ranges = frozenset(self.singles), tuple(self.ranges)
        members = tuple(part.test(False) if isinstance(part, CharacterSet) else part for part in self.sets)
        negated = self.negated
        without = self.without.test(blind) if self.without is not None else None

        def has(char: str) -> bool:
            return (
                char in singles
                or any(low <= char <= high for low, high in ranges)
                or any(member(char) for member in members)
            )

        def test(char: str) -> bool:
            found = any(map(has, variants(char))) if blind else has(char)
            return found is not negated and not (without is not None and without(char))

        return test


def escape_set(escape: str) -> CharacterSet | None:
    """Return the set of an escape: `d`, `W`, `pLu`, `PIsGreek`; None when there is none."""
    letter = escape[:1]
    negated = letter.isupper()
    member = _property(escape[1:]) if letter in ("p", "P") else _ESCAPES.get(letter.lower())
    if member is None or (len(escape) > 1 and letter not in ("p", "P")):
        return None
    result = CharacterSet(member)
    result.negated = negated
    return result


def _property(name: str) -> Member | None:
    if name in _CATEGORIES:
        return lambda char: unicodedata.category(char).startswith(name)
    if name.startswith("Is"):
        block = BLOCKS.get(name[2:])
        if block is not None:
            low, high = block
            return lambda char: low <= ord(char) <= high
    return None


def _is_initial(char: str) -> bool:
    return char in "_:" or unicodedata.category(char) in ("Lu", "Ll", "Lt", "Lo", "Nl")


def _is_name(char: str) -> bool:
    return (
        _is_initial(char)
        or char in "-.\u00b7"
        or unicodedata.category(char) in ("Mc", "Me", "Mn", "Lm", "Nd")
    )


_ESCAPES: dict[str, Member] = {
    "s": lambda char: char in " \t\n\r",
    "d": lambda char: unicodedata.category(char) == "Nd",
    "w": lambda char: unicodedata.category(char)[0] not in "PZC",
    "i": _is_initial,
    "c": _is_name,
}
