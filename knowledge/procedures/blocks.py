"""A document as blocks: headings, entries of lists, paragraphs and tables, each with its place."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

BlockKind = Literal["heading", "item", "text", "table"]


class Cell(NamedTuple):
    """A cell of a table and its place."""

    text: str
    where: str


class Spot(NamedTuple):
    """From which character of a block on the text stands at which place."""

    offset: int
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One part of a document: `level` of a heading (from 1) or depth of an entry (from 0), `mark` its number or sign."""

    kind: BlockKind
    text: str = ""
    level: int = 0
    mark: str = ""
    spots: tuple[Spot, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()

    @property
    def where(self) -> str:
        """Return where the block begins."""
        return self.spots[0].where if self.spots else ""

    def where_at(self, offset: int) -> str:
        """Return the place of a character of the text."""
        return next((spot.where for spot in reversed(self.spots) if spot.offset <= offset), self.where)
