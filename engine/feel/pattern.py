"""Regular expressions of XPath 2.0 and XML Schema, which FEEL's `matches`, `replace` and `split` use: the parser.

A pattern becomes a program for the matcher in `pattern_match`. Python's own `re` has another grammar and cannot be
bounded, so that a hostile pattern would hang the engine.
"""

from dataclasses import dataclass
from functools import lru_cache

from flowmaster.engine.feel.pattern_classes import CharacterSet, escape_set, variants

PATTERN_MAX = 5_000
PROGRAM_MAX = 20_000
DEPTH_MAX = 60
REPEAT_MAX = 1_000
_SPECIAL = frozenset(".\\?*+{}()|[]^$")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", **{char: char for char in "\\|.?*+(){}-[]^$"}}
_BLANKS = " \t\n\r"

CHAR, SET, SPLIT, JUMP, SAVE, START, END, BACK, EMPTY, DONE = range(10)
"""The instructions of the matcher."""

Instruction = tuple[int, object, object]


class PatternError(ValueError):
    """The text is not a regular expression of XPath."""


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled pattern: instructions, the number of groups, and whether it looks back at them."""

    instructions: tuple[Instruction, ...]
    groups: int
    looks_back: bool
    multiline: bool
    blind: bool
    loops: int
    literal: str | None
    """The text itself when the pattern is nothing but plain characters."""


@lru_cache(maxsize=512)
def compile_pattern(pattern: str, flags: str = "") -> Program:
    """Compile a pattern with the flags s, m, i, x and q, or raise `PatternError`."""
    if len(pattern) > PATTERN_MAX:
        raise PatternError(f"the pattern is longer than {PATTERN_MAX:,} characters")
    if set(flags) - set("smixq"):
        raise PatternError("the flags are s, m, i, x and q")
    blind = "i" in flags
    if "q" in flags:
        literal = None if blind else pattern
        code = [_character(char, blind) for char in pattern]
        return Program((*code, (DONE, None, None)), 0, False, False, blind, 0, literal)
    if "x" in flags:
        pattern = _without_blanks(pattern)
    parser = _Parser(pattern, dot_all="s" in flags, blind=blind)
    code = parser.alternatives(0)
    if parser.index < len(pattern):
        raise PatternError(f"{pattern[parser.index]!r} is unexpected")
    plain = not blind and pattern != "" and not any(char in _SPECIAL for char in pattern)
    return Program(
        (*code, (DONE, None, None)),
        parser.groups,
        parser.looks_back,
        "m" in flags,
        blind,
        parser.loops,
        pattern if plain else None,
    )


def _without_blanks(pattern: str) -> str:
    """Drop blanks outside of character classes, as the flag x asks."""
    kept: list[str] = []
    level, escaped = 0, False
    for char in pattern:
        if char in _BLANKS and not level:
            continue
        if not escaped and char in "[]":
            level += 1 if char == "[" else -1
        escaped = char == "\\" and not escaped
        kept.append(char)
    return "".join(kept)


def _character(char: str, blind: bool) -> Instruction:
    if blind and len(variants(char)) > 1:
        others = variants(char)
        return SET, (lambda other: other in others), None
    return CHAR, char, None


class _Parser:
    """Parses one pattern into instructions whose jumps are relative."""

    def __init__(self, pattern: str, *, dot_all: bool, blind: bool) -> None:
        self.pattern = pattern
        self.dot_all = dot_all
        self.blind = blind
        self.index = 0
        self.groups = 0
        self.closed: set[int] = set()
        self.looks_back = False
        self.loops = 0

    def peek(self) -> str:
        """Return the present character, an empty text at the end."""
        return self.pattern[self.index : self.index + 1]

    def alternatives(self, depth: int) -> list[Instruction]:
        """Parse `a|b|c`."""
        if depth > DEPTH_MAX:
            raise PatternError(f"the pattern is nested deeper than {DEPTH_MAX} levels")
        branches = [self._branch(depth)]
        while self.peek() == "|":
            self.index += 1
            branches.append(self._branch(depth))
        code = branches[-1]
        for branch in reversed(branches[:-1]):
            code = [(SPLIT, 1, len(branch) + 2), *branch, (JUMP, len(code) + 1, None), *code]
            self._check(code)
        return code

    def _check(self, code: list[Instruction]) -> None:
        if len(code) > PROGRAM_MAX:
            raise PatternError("the pattern has too many repetitions")

    def _branch(self, depth: int) -> list[Instruction]:
        code: list[Instruction] = []
        while self.peek() not in ("", "|", ")"):
            atom = self._atom(depth)
            code.extend(self._repeat(atom))
            self._check(code)
        return code

    def _repeat(self, atom: list[Instruction]) -> list[Instruction]:
        """Parse a quantifier behind an atom and repeat the atom so."""
        char = self.peek()
        if char not in ("?", "*", "+", "{") or not char:
            return atom
        least, most = {"?": (0, 1), "*": (0, None), "+": (1, None)}.get(char) or self._counts()
        self.index += 1
        greedy = self.peek() != "?"
        if not greedy:
            self.index += 1
        if (most or least) * len(atom) > PROGRAM_MAX:
            raise PatternError("the pattern has too many repetitions")
        code: list[Instruction] = atom * least
        if most is None:
            return code + self._star(atom, greedy)
        rest: list[Instruction] = []
        for _ in range(most - least):
            rest = [_split(1, len(atom) + len(rest) + 1, greedy), *atom, *rest]
        return code + rest

    def _star(self, atom: list[Instruction], greedy: bool) -> list[Instruction]:
        loop = self.loops
        self.loops += 1
        size = len(atom)
        return [_split(1, size + 3, greedy), *atom, (EMPTY, loop, 2), (JUMP, -size - 2, None)]

    def _counts(self) -> tuple[int, int | None]:
        end = self.pattern.find("}", self.index)
        least, comma, most = self.pattern[self.index + 1 : max(end, self.index + 1)].partition(",")
        numbers = [text for text in (least, most) if text]
        if (
            end < 0
            or not least
            or not all(text.isascii() and text.isdecimal() and len(text) < 5 for text in numbers)
        ):
            raise PatternError("a quantifier in braces is {n}, {n,} or {n,m}")
        self.index = end
        first = int(least)
        last = int(most) if most else None if comma else first
        if max(first, last or 0) > REPEAT_MAX or (last is not None and last < first):
            raise PatternError(f"a repetition goes from less to more, up to {REPEAT_MAX:,}")
        return first, last

    def _atom(self, depth: int) -> list[Instruction]:
        char = self.peek()
        self.index += 1
        if char == "(":
            return self._group(depth)
        if char == "[":
            return [(SET, self._class(depth).test(self.blind), None)]
        if char == ".":
            return [
                (SET, (lambda other: True) if self.dot_all else (lambda other: other not in "\n\r"), None)
            ]
        if char == "^":
            return [(START, None, None)]
        if char == "$":
            return [(END, None, None)]
        if char == "\\":
            return self._escape()
        if char in _SPECIAL:
            raise PatternError(f"{char!r} needs a backslash here")
        return [_character(char, self.blind)]

    def _group(self, depth: int) -> list[Instruction]:
        if self.pattern.startswith("?:", self.index):
            self.index += 2
            code = self.alternatives(depth + 1)
            self._close()
            return code
        if self.peek() == "?":
            raise PatternError("only groups of the forms (...) and (?:...) exist")
        self.groups += 1
        group = self.groups
        code = self.alternatives(depth + 1)
        self._close()
        self.closed.add(group)
        return [(SAVE, 2 * group, None), *code, (SAVE, 2 * group + 1, None)]

    def _close(self) -> None:
        if self.peek() != ")":
            raise PatternError("a group is not closed")
        self.index += 1

    def _escape(self) -> list[Instruction]:
        char = self.peek()
        if char.isascii() and char.isdigit() and char != "0":
            number = int(char)
            self.index += 1
            while (
                self.peek().isascii()
                and self.peek().isdigit()
                and number * 10 + int(self.peek()) <= self.groups
            ):
                number = number * 10 + int(self.peek())
                self.index += 1
            if number not in self.closed:
                raise PatternError(f"there is no group {number} before its use")
            self.looks_back = True
            return [(BACK, number, None)]
        found = self._class_escape()
        if isinstance(found, str):
            return [_character(found, self.blind)]
        return [(SET, found.test(self.blind), None)]

    def _class_escape(self) -> "str | CharacterSet":
        """Read what follows a backslash: a character, or a set of them."""
        char = self.peek()
        self.index += 1
        if char in _ESCAPED and char:
            return _ESCAPED[char]
        if char in ("p", "P"):
            end = self.pattern.find("}", self.index)
            if self.peek() != "{" or end < 0:
                raise PatternError(f"a property is written \\{char}{{name}}")
            name = self.pattern[self.index + 1 : end]
            self.index = end + 1
            found = escape_set(f"{char}{name}")
        else:
            found = escape_set(char)
        if found is None:
            raise PatternError(f"there is no escape \\{char}")
        return found

    def _class(self, depth: int) -> CharacterSet:
        """Read a character class behind its opening bracket."""
        if depth > DEPTH_MAX:
            raise PatternError(f"the pattern is nested deeper than {DEPTH_MAX} levels")
        result = CharacterSet()
        if self.peek() == "^":
            result.negated = True
            self.index += 1
        first = True
        while True:
            char = self.peek()
            if char == "":
                raise PatternError("a character class is not closed")
            if char == "]" and not first:
                self.index += 1
                return result
            if char == "-" and self.pattern.startswith("-[", self.index) and not first:
                self.index += 2
                result.without = self._class(depth + 1)
                if self.peek() != "]":
                    raise PatternError("a subtraction must be the last part of a class")
                self.index += 1
                return result
            self._class_part(result)
            first = False

    def _class_part(self, result: CharacterSet) -> None:
        low = self._class_character()
        if isinstance(low, CharacterSet):
            result.sets.append(low)
            return
        following = self.pattern[self.index : self.index + 2]
        if following[:1] != "-" or following in ("-]", "-["):
            result.add(low, low)
            return
        self.index += 1
        high = self._class_character()
        if isinstance(high, CharacterSet) or high < low:
            raise PatternError("a range of characters goes from a lower to a higher one")
        result.add(low, high)

    def _class_character(self) -> "str | CharacterSet":
        char = self.peek()
        self.index += 1
        if char == "\\":
            return self._class_escape()
        if char in ("[", "]", ""):
            raise PatternError("a bracket in a character class needs a backslash")
        return char


def _split(first: int, second: int, greedy: bool) -> Instruction:
    return (SPLIT, first, second) if greedy else (SPLIT, second, first)
