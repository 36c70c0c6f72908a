"""How much room text takes in a diagram, and where its lines break."""

from typing import NamedTuple

FONT_SIZE = 12
LINE_HEIGHT = 14
_WIDTHS = {
    letter: width
    for letters, width in (
        ("iljI.,:;!'|", 26),
        ("tfr()[]{}/- ", 34),
        ("sckvxyzJ", 52),
        ("w", 76),
        ("mMW%@", 90),
    )
    for letter in letters
}


class Lines(NamedTuple):
    """A text broken into lines, with the room it takes."""

    lines: tuple[str, ...]
    width: int
    height: int


def text_width(text: str, size: int = FONT_SIZE) -> int:
    """Return about how wide a line of text is, rather too wide than too narrow."""
    hundredths = sum(_WIDTHS.get(c) or _width_of(c) for c in text)
    return (hundredths * size + 99) // 100


def _width_of(letter: str) -> int:
    if letter >= "\u2000":
        return 100
    return 72 if letter.isupper() else 59


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
