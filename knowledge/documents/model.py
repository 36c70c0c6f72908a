"""What a document is once it is read: pages of words with boxes, lines and tables.

Coordinates have their origin at the top left. On PDF pages they are points; where a format has no geometry
(text, CSV, spreadsheets) words stand on a grid of characters or cells, so that one extractor reads them all.
Geometry is measured in floats; values that leave for processes are exact (`Box.as_json`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Literal, NamedTuple

from flowmaster.engine.values import Json

Unit = Literal["pt", "char", "cell"]
DocumentType = Literal["pdf", "docx", "csv", "xlsx", "html", "text"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page: left, top, right, bottom."""

    x0: float
    top: float
    x1: float
    bottom: float

    @property
    def width(self) -> float:
        """Return how wide the box is."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Return how high the box is."""
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        """Return the vertical middle."""
        return (self.top + self.bottom) / 2

    def overlap_x(self, other: "Box") -> float:
        """Return the length that both boxes share horizontally, or a negative gap."""
        return min(self.x1, other.x1) - max(self.x0, other.x0)

    def overlap_y(self, other: "Box") -> float:
        """Return the length that both boxes share vertically, or a negative gap."""
        return min(self.bottom, other.bottom) - max(self.top, other.top)

    def as_json(self) -> list[Decimal]:
        """Return `[x0, top, x1, bottom]` as exact numbers with one digit after the point."""
        return [Decimal(f"{edge:.1f}") for edge in (self.x0, self.top, self.x1, self.bottom)]


def box_around(boxes: Iterable[Box]) -> Box:
    """Return the smallest box that holds all the given ones (at least one)."""
    held = list(boxes)
    if len(held) == 1:
        return held[0]
    return Box(
        min(box.x0 for box in held),
        min(box.top for box in held),
        max(box.x1 for box in held),
        max(box.bottom for box in held),
    )


@dataclass(frozen=True, slots=True)
class Word:
    """One word where it stands; `size` is the height of its type, `ref` its cell (`Sheet1!B4`) if it has one."""

    text: str
    box: Box
    size: float
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """Words that stand on one visual line, from left to right."""

    words: tuple[Word, ...]
    box: Box

    @property
    def text(self) -> str:
        """Return the words of the line, parted by spaces."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table: its text, and its box where it has one."""

    text: str
    box: Box | None


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as it stands on the page: rows of cells, not yet understood."""

    box: Box
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page, sheet or text: its words, the lines they form, and its tables. `number` counts from 1."""

    number: int
    width: float
    height: float
    unit: Unit
    words: tuple[Word, ...]
    lines: tuple[Line, ...]
    tables: tuple[Grid, ...] = ()
    name: str = ""

    @property
    def text(self) -> str:
        """Return the lines of the page from top to bottom."""
        return "\n".join(line.text for line in self.lines)


class Sheet(NamedTuple):
    """One sheet: its name and its rows of JSON values (dates as ISO strings, empty cells as None)."""

    name: str
    rows: list[list[Json]]


@dataclass(frozen=True)
class ReadDocument:
    """A document that was read: what it is, its pages, and what the reader had to leave out (`warnings`).

    Of CSV and XLSX the `sheets` are kept; their pages are laid out when they are first asked for.
    """

    filename: str
    type: DocumentType
    media_type: str
    sha256: str
    size_bytes: int
    lay_out: Callable[[], tuple[Page, ...]] = field(repr=False)
    sheets: tuple[Sheet, ...] = ()
    delimiter: str = ""
    warnings: tuple[str, ...] = ()

    @cached_property
    def pages(self) -> tuple[Page, ...]:
        """Return the pages, each sheet as one."""
        return self.lay_out()

    @property
    def pages_total(self) -> int:
        """Return how many pages or sheets there are."""
        return len(self.sheets) or len(self.pages)

    @property
    def text(self) -> str:
        """Return the text of all pages, parted by form feeds."""
        return "\f".join(page.text for page in self.pages)

    def as_json(self) -> dict[str, Json]:
        """Return what the document is, without its content."""
        return {
            "filename": self.filename,
            "type": self.type,
            "media_type": self.media_type,
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
            "pages": self.pages_total,
            "warnings": list(self.warnings),
        }
