"""Text to tokens. Tokens keep their place and whether a blank stands before them, which names need."""

from bisect import bisect_right
from typing import NamedTuple

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel.evaluation import Place

TEXT_MAX = 200_000
"""The longest expression that is read, in characters."""

_SPACES = " \t\n\r\x0b\x0c\x85\xa0\u1680\u180e\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(
    map(chr, range(0x2000, 0x200C))
)
_TWO = ("..", "**", "->", "<=", ">=", "!=", "==")
_ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "r": "\r", "t": "\t", "'": "'"}


class FeelSyntaxError(FlowMasterError):
    """The text is not a FEEL expression; the message names line and column."""

    def __init__(self, message: str, place: Place, fix: str = "") -> None:
        super().__init__(
            "feel.syntax",
            f"{message} (line {place.line}, column {place.column})",
            path=f"line {place.line}, column {place.column}",
            fix=fix or "Correct the expression at that place.",
            status=422,
        )
        self.place = place


class Token(NamedTuple):
    """One token: `kind` is name, number, string, at, end or symbol; `text` is the raw or decoded text."""

    kind: str
    text: str
    start: int
    end: int
    spaced: bool


class Lines:
    """Turns offsets of one text into places."""

    def __init__(self, text: str) -> None:
        self._single = "\n" not in text
        self._starts = [0, *(index + 1 for index, char in enumerate(text) if char == "\n")]

    def place(self, offset: int) -> Place:
        """Return the line and column of an offset."""
        if self._single:
            return Place(offset, 1, offset + 1)
        line = bisect_right(self._starts, offset)
        return Place(offset, line, offset - self._starts[line - 1] + 1)


def is_name_start(char: str) -> bool:
    """Tell whether a name may begin with this character (DMN 1.5, 10.3.1.2, rule 28)."""
    if char < "\x80":
        return char.isalpha() or char in "_?"
    code = ord(char)
    return (
        0xC0 <= code <= 0x2FF
        and code not in (0xD7, 0xF7)
        or 0x370 <= code <= 0x1FFF
        and code not in (0x37E, 0x1680, 0x180E)
        or 0x200C <= code <= 0x200D
        or 0x2070 <= code <= 0x218F
        or 0x2C00 <= code <= 0x2FEF
        or 0x3001 <= code <= 0xD7FF
        or 0xF900 <= code <= 0xFDCF
        or 0xFDF0 <= code <= 0xFFFD
        or 0x10000 <= code <= 0xEFFFF
    )


def is_name_part(char: str) -> bool:
    """Tell whether a name may go on with this character."""
    if char < "\x80":
        return char.isalnum() or char in "_?"
    code = ord(char)
    return is_name_start(char) or code == 0xB7 or 0x300 <= code <= 0x36F or 0x203F <= code <= 0x2040


def tokenize(text: str, lines: Lines | None = None) -> list[Token]:
    """Split a text into tokens, the last of kind `end`; comments and blanks are dropped."""
    lines = lines or Lines(text)
    if len(text) > TEXT_MAX:
        raise FeelSyntaxError(f"The expression is longer than {TEXT_MAX:,} characters.", lines.place(0))
    tokens: list[Token] = []
    index, size = 0, len(text)
    while True:
        start = _skip(text, index, size, lines)
        spaced = start > index
        if start >= size:
            tokens.append(Token("end", "", size, size, spaced))
            return tokens
        token = _token(text, start, spaced, lines)
        tokens.append(token)
        index = token.end


def _skip(text: str, index: int, size: int, lines: Lines) -> int:
    while index < size:
        if text[index] in _SPACES:
            index += 1
        elif text.startswith("//", index):
            index = text.find("\n", index)
            index = size if index < 0 else index
        elif text.startswith("/*", index):
            end = text.find("*/", index + 2)
            if end < 0:
                raise FeelSyntaxError("The comment is not closed by `*/`.", lines.place(index))
            index = end + 2
        else:
            break
    return index


def _token(text: str, start: int, spaced: bool, lines: Lines) -> Token:
    char = text[start]
    if is_name_start(char):
        end = start + 1
        while end < len(text) and is_name_part(text[end]):
            end += 1
        return Token("name", text[start:end], start, end, spaced)
    if char in "0123456789" or (char == "." and text[start + 1 : start + 2] in tuple("0123456789")):
        end = _number_end(text, start)
        return Token("number", text[start:end], start, end, spaced)
    if char == '"':
        value, end = _string(text, start, lines)
        return Token("string", value, start, end, spaced)
    if char == "@":
        after = _skip(text, start + 1, len(text), lines)
        if text[after : after + 1] == '"':
            value, end = _string(text, after, lines)
            return Token("at", value, start, end, spaced)
        return Token("symbol", "@", start, start + 1, spaced)
    if text[start : start + 2] in _TWO:
        return Token("symbol", text[start : start + 2], start, start + 2, spaced)
    return Token("symbol", char, start, start + 1, spaced)


def _number_end(text: str, start: int) -> int:
    """Return the end of a number: digits, a fraction unless `..` follows, an exponent."""
    end, size = start, len(text)

    def digits(index: int) -> int:
        while index < size and text[index] in "0123456789":
            index += 1
        return index

    end = digits(end)
    if end + 1 < size and text[end] == "." and text[end + 1] in "0123456789":
        end = digits(end + 1)
    if end < size and text[end] in "eE":
        sign = end + 2 if end + 1 < size and text[end + 1] in "+-" else end + 1
        after = digits(sign)
        if after > sign:
            end = after
    return end


def _string(text: str, start: int, lines: Lines) -> tuple[str, int]:
    parts: list[str] = []
    index, size = start + 1, len(text)
    while index < size:
        char = text[index]
        if char == '"':
            return _join_surrogates("".join(parts)), index + 1
        if char == "\\" and index + 1 < size:
            piece, index = _escape(text, index)
            parts.append(piece)
        else:
            parts.append(char)
            index += 1
    raise FeelSyntaxError('The string is not closed by `"`.', lines.place(start))


def _escape(text: str, index: int) -> tuple[str, int]:
    r"""Read one escape; an unknown one such as `\s` stands for itself, since patterns are full of them."""
    char = text[index + 1]
    for letter, length in (("u", 4), ("U", 6)):
        digits = text[index + 2 : index + 2 + length]
        if char == letter and len(digits) == length and all(d in "0123456789abcdefABCDEF" for d in digits):
            code = int(digits, 16)
            if code <= 0x10FFFF:
                return chr(code), index + 2 + length
    if char in _ESCAPES:
        return _ESCAPES[char], index + 2
    return "\\" + char, index + 2


def _join_surrogates(value: str) -> str:
    """Make one character of each pair of surrogate escapes; a lone one becomes the replacement character."""
    if not any("\ud800" <= char <= "\udfff" for char in value):
        return value
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
