"""HTML as blocks: headings, entries of lists with their numbers, paragraphs and tables."""

from flowmaster.knowledge.documents.markup import parts_of
from flowmaster.knowledge.documents.work import Work
from flowmaster.knowledge.procedures.blocks import Block, Cell, Spot
from flowmaster.knowledge.procedures.lines import plain
from flowmaster.knowledge.procedures.marks import marked

_HIDDEN = frozenset({"script", "style", "template", "noscript", "head", "svg"})
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BREAKS = frozenset(
    [
        "p",
        "div",
        "br",
        "section",
        "article",
        "header",
        "footer",
        "address",
        "hr",
        "pre",
        "dl",
        "dt",
        "dd",
        "form",
        "main",
        "nav",
        "li",
        "ul",
        "ol",
    ]
)
_NESTED_MAX = 50


def blocks_of_html(markup: str, work: Work) -> list[Block]:
    """Return what a page shows, in its order."""
    maker = _Maker()
    for part in work.each(parts_of(markup)):
        if part.opens:
            maker.open_tag(part.text)
        if part.closes:
            maker.close_tag(part.text)
        if not (part.opens or part.closes):
            maker.add_text(part.text)
    maker.end()
    return maker.blocks


class _Maker:
    """Gathers the text of one block after the other."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._hidden: list[str] = []
        self._lists: list[int] = []
        self._text: list[str] = []
        self._entry: tuple[int, str] | None = None
        self._heading = 0
        self._count = 0
        self._tables = 0
        self._rows: list[tuple[Cell, ...]] | None = None
        self._row: list[Cell] | None = None

    def open_tag(self, tag: str) -> None:
        """Begin a block, a list or a table."""
        if tag in _HIDDEN:
            self._hidden.append(tag)
        elif self._rows is not None:
            self._open_cell(tag)
        elif tag == "table":
            self.end()
            self._tables += 1
            self._rows = []
        elif tag in ("ol", "ul"):
            self.end()
            if len(self._lists) < _NESTED_MAX:
                self._lists.append(0 if tag == "ol" else -1)
        elif tag == "li":
            self.end()
            self._open_entry()
        elif tag in _HEADINGS:
            self.end()
            self._heading = _HEADINGS[tag]
        elif tag in _BREAKS:
            self._text.append("\n") if self._entry is not None else self.end()

    def close_tag(self, tag: str) -> None:
        """End a block, a list or a table."""
        if self._hidden and tag == self._hidden[-1]:
            self._hidden.pop()
        elif self._rows is not None:
            self._close_cell(tag)
        elif tag in ("ol", "ul"):
            self.end()
            if self._lists:
                self._lists.pop()
        elif tag == "li" or tag in _HEADINGS or (tag in _BREAKS and self._entry is None):
            self.end()

    def add_text(self, text: str) -> None:
        """Keep text that is shown."""
        if not self._hidden:
            self._text.append(text)

    def end(self) -> None:
        """Close the block that is open."""
        text = "\n".join(filter(None, (plain(line) for line in "".join(self._text).split("\n"))))
        text = " ".join(text.split("\n")) if self._entry is None else text
        self._text = []
        entry, heading = self._entry, self._heading
        self._entry, self._heading = None, 0
        if not text:
            return
        self._count += 1
        spots = (Spot(0, f"paragraph {self._count}"),)
        sign = marked(text)
        if heading:
            mark = f"step {sign.mark}" if sign.kind == "step" else sign.mark
            numbered = sign.kind in ("number", "step", "bare")
            self.blocks.append(
                Block(
                    kind="heading",
                    text=sign.rest if numbered else text,
                    level=heading,
                    mark=mark if numbered else "",
                    spots=spots,
                )
            )
        elif entry is not None:
            self.blocks.append(Block(kind="item", text=text, level=entry[0], mark=entry[1], spots=spots))
        elif sign.kind in ("number", "letter", "bullet", "step"):
            self.blocks.append(Block(kind="item", text=sign.rest, level=0, mark=sign.mark, spots=spots))
        else:
            self.blocks.append(Block(kind="text", text=text, spots=spots))

    def _open_entry(self) -> None:
        if not self._lists:
            self._lists.append(-1)
        if self._lists[-1] >= 0:
            self._lists[-1] += 1
        mark = str(self._lists[-1]) if self._lists[-1] > 0 else "-"
        self._entry = (len(self._lists) - 1, mark)

    def _open_cell(self, tag: str) -> None:
        if tag == "tr":
            self._row = []
        elif tag in ("td", "th"):
            self._text = []
        elif tag in _BREAKS:
            self._text.append(" ")

    def _close_cell(self, tag: str) -> None:
        assert self._rows is not None
        if tag in ("td", "th") and self._row is not None:
            where = f"table {self._tables}, row {len(self._rows) + 1}, cell {len(self._row) + 1}"
            self._row.append(Cell(plain("".join(self._text)), where))
            self._text = []
        elif tag == "tr" and self._row is not None:
            if any(cell.text for cell in self._row):
                self._rows.append(tuple(self._row))
            self._row = None
        elif tag == "table":
            if self._rows:
                spots = (Spot(0, f"table {self._tables}"),)
                self.blocks.append(Block(kind="table", rows=tuple(self._rows), spots=spots))
            self._rows = self._row = None
            self._text = []
