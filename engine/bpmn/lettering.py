"""How much room text takes in a diagram, and where its lines break."""

from itertools import pairwise
from typing import NamedTuple

FONT_SIZE = 12
LINE_HEIGHT = 14
_SOFT = "_-./:,;)"
"""Behind these a word may be broken."""


class _Widths(dict[str, int]):
    """The widths of letters in hundredths of the size; those of unlisted letters are told by their kind."""

    def __missing__(self, letter: str) -> int:
        if letter >= "\u2000":
            return 100
        return 72 if letter.isupper() else 59


_WIDTHS = _Widths(
    (letter, width)
    for letters, width in (
        ("iljI.,:;!'|", 26),
        ("tfr()[]{}/- ", 34),
        ("sckvxyzJ", 52),
        ("w", 76),
        ("mMW%@", 90),
    )
    for letter in letters
)


class Lines(NamedTuple):
    """A text broken into lines, with the room it takes."""

    lines: tuple[str, ...]
    width: int
    height: int


def text_width(text: str, size: int = FONT_SIZE) -> int:
    """Return about how wide a line of text is, rather too wide than too narrow."""
    hundredths = sum(map(_WIDTHS.__getitem__, text))
    return (hundredths * size + 99) // 100


def broken(text: str, width: int, lines_max: int = 0, size: int = FONT_SIZE) -> Lines:
    """Break `text` at spaces (a long word inside) into lines of at most `width`; 0 lines means any number."""
    lines: list[str] = []
    for word in text.split():
        wanted = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(wanted, size) <= width:
            lines[-1] = wanted
            continue
        lines.extend(_pieces(word, width, size))
    if lines_max and len(lines) > lines_max:
        lines = [*lines[: lines_max - 1], _shortened(" ".join(lines[lines_max - 1 :]), width, size)]
    height = len(lines) * LINE_HEIGHT * size // FONT_SIZE
    return Lines(tuple(lines), max((text_width(line, size) for line in lines), default=0), height)


def label_lines(text: str, width: int, lines_max: int) -> Lines:
    """Break a name that stands outside of its shape, at most `width` wide unless its words or its length need more."""
    longest = max((text_width(word) for word in text.split()), default=0)
    begin = max(width, longest if longest <= width * 3 // 2 else 0)
    for wide in (begin, begin * 5 // 4, begin * 3 // 2, begin * 2):
        lines = broken(text, wide)
        if len(lines.lines) <= lines_max:
            return lines
    return broken(text, begin * 3)


def _pieces(word: str, width: int, size: int) -> list[str]:
    """Break a word that is too long: behind punctuation and before capitals where it has them, else anywhere."""
    if text_width(word, size) <= width:
        return [word]
    pieces = [""]
    for part in _parts(word):
        if text_width(pieces[-1] + part, size) <= width:
            pieces[-1] += part
        else:
            pieces.extend(_cut(part, width, size))
    return [piece for piece in pieces if piece]


def _parts(word: str) -> list[str]:
    ends = [
        place
        for place, (before, letter) in enumerate(pairwise(word), 1)
        if before in _SOFT or (before.islower() and letter.isupper())
    ]
    return [word[begin:end] for begin, end in pairwise([0, *ends, len(word)])]


def _cut(word: str, width: int, size: int) -> list[str]:
    """Cut letters into pieces of about the same width, so that no single letter is left over."""
    whole = text_width(word, size)
    count = -(-whole // width)
    wanted = min(width, -(-whole // count) + size * 9 // 10)
    pieces = [""]
    for letter in word:
        if pieces[-1] and text_width(pieces[-1] + letter, size) > wanted:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def _shortened(text: str, width: int, size: int) -> str:
    if text_width(text, size) <= width:
        return text
    kept = text[: max(1, width // 3)]
    while len(kept) > 1 and text_width(f"{kept}…", size) > width:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"
