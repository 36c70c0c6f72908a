"""How much room text takes in a diagram, and where its lines break."""

from typing import NamedTuple

FONT_SIZE = 12
LINE_HEIGHT = 14
_NARROW = frozenset("iljtfrI.,:;!'|()[] ")
_WIDE = frozenset("mwMWQO@%GDHNU")


class Lines(NamedTuple):
    """A text broken into lines, with the room it takes."""

    lines: tuple[str, ...]
    width: int
    height: int


def text_width(text: str, size: int = FONT_SIZE) -> int:
    """Return about how wide a line of text is, rather too wide than too narrow."""
    tenths = sum(3 if c in _NARROW else 9 if c in _WIDE else 6 if ord(c) < 0x2000 else 10 for c in text)
    return (tenths * size + 9) // 10


def broken(text: str, width: int, lines_max: int = 0, size: int = FONT_SIZE) -> Lines:
    """Break `text` at spaces (a long word anywhere) into lines of at most `width`; 0 lines means any number."""
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


def _pieces(word: str, width: int, size: int) -> list[str]:
    pieces = [""]
    for letter in word:
        if pieces[-1] and text_width(pieces[-1] + letter, size) > width:
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
