"""What a reader of procedures works on: the blocks of a document, its language, and the roles that are known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from flowmaster.knowledge.documents.docx import Part, read_docx
from flowmaster.knowledge.documents.model import Grid, Page, ReadDocument
from flowmaster.knowledge.documents.plain import column_letters
from flowmaster.knowledge.documents.read import shown, text_of
from flowmaster.knowledge.documents.work import Work
from flowmaster.knowledge.procedures.blocks import Block, Cell, Spot
from flowmaster.knowledge.procedures.html_blocks import blocks_of_html
from flowmaster.knowledge.procedures.lines import Written, blocks_of_lines, plain
from flowmaster.knowledge.procedures.marks import marked

_LARGE = 1.12
_POINTS_OF_INDENT = 8
_GAP = 0.75
_REPEATED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Blocks of a document named `document`, read in a language, with the roles that the caller knows."""

    document: str
    blocks: tuple[Block, ...]
    language: str
    roles: tuple[str, ...] = ()


def blocks_of(
    data: bytes, document: ReadDocument, headings: frozenset[str], work: Work, *, is_text: bool = False
) -> tuple[Block, ...]:
    """Return the blocks of a document that was read; `headings` are titles known as such.

    A text whose lines all hold a semicolon may be a table; where it is called no table, `is_text` takes it as text.
    """
    if not is_text and document.type in ("csv", "xlsx"):
        return tuple(_sheets(document, work))
    if document.type == "docx":
        return tuple(_of_docx(read_docx(data, document.filename, work), work))
    if document.type == "html":
        return tuple(blocks_of_html(text_of(data, document.filename), work))
    if document.type == "pdf":
        return tuple(_of_pdf(document.pages, headings, work))
    return tuple(_of_text(text_of(data, document.filename), headings, work))


def _of_text(text: str, headings: frozenset[str], work: Work) -> list[Block]:
    lines: list[Written] = []
    apart = True
    for number, line in enumerate(work.each(text.replace("\f", "\n").splitlines()), 1):
        if apart and not line.strip():
            continue
        wide = line.expandtabs(4)
        lines.append(Written(wide, f"line {number}", len(wide) - len(wide.lstrip()), apart=apart))
        apart = not line.strip()
    return blocks_of_lines(lines, headings)


def _of_pdf(pages: Sequence[Page], headings: frozenset[str], work: Work) -> Iterator[Block]:
    sizes = [line.box.height for page in pages for line in page.lines]
    usual = median(sizes) if sizes else 0.0
    repeated = _repeated(pages)
    held: list[Written] = []
    for page in work.each(pages):
        left = min((line.box.x0 for line in page.lines), default=0.0)
        below = None
        told: set[int] = set()
        for number, line in enumerate(work.each(page.lines), 1):
            inside = next(
                (
                    at
                    for at, grid in enumerate(page.tables)
                    if grid.box.top <= line.box.middle <= grid.box.bottom
                ),
                None,
            )
            if inside is not None:
                if inside not in told:
                    told.add(inside)
                    yield from blocks_of_lines(held, headings)
                    held = []
                    yield _grid(page.tables[inside], f"page {page.number}, table {inside + 1}")
                continue
            if _unnumbered(line.text) in repeated:
                continue
            apart = below is None or line.box.top - below > _GAP * line.box.height
            below = line.box.bottom
            indent = round((line.box.x0 - left) / _POINTS_OF_INDENT)
            large = line.box.height > usual * _LARGE
            held.append(Written(line.text, f"page {page.number}, line {number}", indent, large, apart))
    yield from blocks_of_lines(held, headings)


def _repeated(pages: Sequence[Page]) -> set[str]:
    """Return the heads and feet that stand on several pages."""
    counts: dict[str, int] = {}
    for page in pages:
        for text in {_unnumbered(line.text) for line in (*page.lines[:2], *page.lines[-2:])}:
            counts[text] = counts.get(text, 0) + 1
    return {text for text, count in counts.items() if count >= _REPEATED}


def _unnumbered(text: str) -> str:
    return "".join("#" if letter.isdigit() else letter for letter in text)


def _grid(grid: Grid, where: str) -> Block:
    rows = tuple(
        tuple(
            Cell(plain(cell.text), f"{where}, row {number}, cell {place}")
            for place, cell in enumerate(row, 1)
        )
        for number, row in enumerate(grid.rows, 1)
    )
    return Block(kind="table", rows=rows, spots=(Spot(0, where),))


def _sheets(document: ReadDocument, work: Work) -> Iterator[Block]:
    for sheet in document.sheets:
        before = f"{sheet.name}!" if sheet.name else ""
        rows = tuple(
            tuple(
                Cell(plain(shown(value)), f"{before}{column_letters(column)}{number}")
                for column, value in enumerate(row)
            )
            for number, row in enumerate(work.each(sheet.rows), 1)
            if any(value not in (None, "") for value in row)
        )
        if rows:
            yield Block(kind="table", rows=rows, spots=(Spot(0, sheet.name or "the table"),))


def _of_docx(parts: Sequence[Part], work: Work) -> Iterator[Block]:
    for part in work.each(parts):
        where = f"page {part.page}, paragraph {part.number}"
        spots = (Spot(0, where),)
        text = plain(part.text)
        if part.rows:
            yield Block(
                kind="table",
                rows=tuple(
                    tuple(
                        Cell(plain(cell), f"{where}, row {number}, cell {place}")
                        for place, cell in enumerate(row, 1)
                    )
                    for number, row in enumerate(part.rows, 1)
                ),
                spots=spots,
            )
            continue
        sign = marked(text)
        if part.heading:
            numbered = sign.kind in ("number", "step", "bare")
            mark = (f"step {sign.mark}" if sign.kind == "step" else sign.mark) if numbered else ""
            yield Block(
                kind="heading",
                text=sign.rest if numbered else text,
                level=part.heading,
                mark=mark,
                spots=spots,
            )
        elif part.depth >= 0:
            number = marked(f"{part.mark} x")
            yield Block(kind="item", text=text, level=part.depth, mark=number.mark or "-", spots=spots)
        elif sign.kind in ("number", "letter", "bullet", "step"):
            depth = sign.mark.count(".") if sign.kind == "number" else 0
            yield Block(kind="item", text=sign.rest, level=depth, mark=sign.mark, spots=spots)
        elif text:
            yield Block(kind="text", text=text, spots=spots)
