"""Notes in pictures: what there is to say of single elements, as colour, kind of line, sign and words, with a legend.

Each kind of note has its own sign and its own line, so that nobody needs to tell colours apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from flowmaster.engine.bpmn.geometry import Box
from flowmaster.engine.bpmn.lettering import LINE_HEIGHT, text_width
from flowmaster.engine.bpmn.svg_pen import INK, PAPER, Pen, Style

_MARGIN = 24
_ROW = 24
_SWATCH = 34
LINES_MAX = 8
"""Lines of text below the legend; what is more is counted."""

CHARACTERS_MAX = 150
"""How long one of them is; the words of an answer tell the whole."""


@dataclass(frozen=True, slots=True)
class Note:
    """What is to be seen of one element, and what is said of it to those who point at it or hear the picture read."""

    sign: str
    text: str
    style: Style | None = None


class Kind(NamedTuple):
    """A kind of note in the legend."""

    sign: str
    name: str
    style: Style


@dataclass(frozen=True, slots=True)
class Notes:
    """All notes of a picture by element id, the kinds that the legend explains, and lines of text below it."""

    title: str
    of: Mapping[str, Note] = field(default_factory=dict)
    kinds: Sequence[Kind] = ()
    lines: Sequence[str] = ()

    @property
    def told(self) -> str:
        """All of it as text, for those who do not see the picture."""
        return "\n".join([self.title, *self.lines, *(note.text for note in self.of.values() if note.text)])


def draw_notes(pen: Pen, notes: Notes, top: int) -> Box:
    """Draw the title, the legend and the lines below a picture, and return the room they take."""
    y = top
    pen.text([notes.title], _MARGIN, y, INK, anchor="start")
    width, y = _MARGIN + text_width(notes.title), y + _ROW
    x = _MARGIN
    for kind in notes.kinds:
        pen.rect(Box(x, y, _SWATCH, 16), kind.style, radius=4)
        pen.text([kind.sign], x + _SWATCH // 2, y + 1, kind.style.text)
        pen.text([kind.name], x + _SWATCH + 8, y + 1, INK, anchor="start")
        x += _SWATCH + 8 + text_width(kind.name) + 22
    y += _ROW * bool(notes.kinds)
    lines = _shown(notes.lines)
    pen.text(lines, _MARGIN, y, INK, anchor="start")
    width = max(width, x, *(_MARGIN + text_width(line) for line in lines), 0)
    return Box(0, top, width + _MARGIN, y + len(lines) * LINE_HEIGHT + _MARGIN // 2 - top)


def _shown(lines: Sequence[str]) -> list[str]:
    shown = [
        line if len(line) <= CHARACTERS_MAX else f"{line[: CHARACTERS_MAX - 3]}..."
        for line in lines[:LINES_MAX]
    ]
    rest = len(lines) - len(shown)
    return [*shown, f"... and {rest} more."] if rest > 0 else shown


def badge(note: Note) -> Style:
    """Return the colours of the badge of a note."""
    return note.style or Style(INK, PAPER)
