"""Text PDFs into pages of words and tables: the one file that knows pdfplumber.

A hostile PDF can make a parser fail in any way, so every failure of the library becomes `document.corrupt`.
What no exception can stop (a stream that unpacks to gigabytes) is bounded by `pdf_process.py`.
"""

import io
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from flowmaster.engine.errors import FlowMasterError
from flowmaster.knowledge.documents.extras import missing_extra
from flowmaster.knowledge.documents.layout import lines_of
from flowmaster.knowledge.documents.limits import Limits, corrupt, encrypted, too_large, unsupported
from flowmaster.knowledge.documents.model import Box, Cell, Grid, Page, Word

if TYPE_CHECKING:
    from pdfplumber.page import Page as PlumberPage

_WORD_GAP = 0.18
"""A gap of this share of the type size parts two words, where the file has no space character."""

_DOUBLED = 1
"""Points that two prints of one letter may lie apart."""

_UNKNOWN_WIDTH = 0.55
"""The share of its height that a sign takes whose width the font does not tell (the euro sign, often)."""


class PdfContent(NamedTuple):
    """The pages of a PDF, and what was left out."""

    pages: tuple[Page, ...]
    warnings: tuple[str, ...]


def read_pdf(data: bytes, filename: str, limits: Limits) -> PdfContent:
    """Read a PDF whose text is text; scans, passwords and broken files are refused."""
    try:
        import pdfplumber
        from pdfminer.pdfdocument import PDFEncryptionError
        from pdfminer.psexceptions import PSException
        from pdfplumber.utils.exceptions import MalformedPDFException, PdfminerException
    except ImportError as error:
        raise missing_extra("documents", error) from error
    broken = (*_BROKEN, PSException, MalformedPDFException, PdfminerException)
    try:
        with pdfplumber.open(io.BytesIO(data)) as document:
            return _content(document.pages, filename, limits)
    except FlowMasterError:
        raise
    except broken as error:
        if any(isinstance(cause, PDFEncryptionError) for cause in causes(error)):
            raise encrypted(filename, "a PDF") from error
        raise corrupt(filename, "a PDF", _why(error)) from error


_BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, the errors it wraps, and those that it came from."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        yield from (part for part in seen.args if isinstance(part, BaseException))
        seen = seen.__cause__ or seen.__context__


def _why(error: BaseException) -> str:
    text = str(error).strip().split("\n")[0][:200]
    return text.rstrip(".") or type(error).__name__


def _content(found: "list[PlumberPage]", filename: str, limits: Limits) -> PdfContent:
    if not found:
        raise corrupt(filename, "a PDF", "it has no pages")
    if len(found) > limits.pages_max:
        raise too_large(
            filename, limit="pages_max", allowed=limits.pages_max, found=f"it has {len(found):,} pages"
        )
    pages: list[Page] = []
    warnings: list[str] = []
    for page in found:
        pages.append(_page(page, filename, limits, warnings))
        page.close()
    without_text = [page.number for page in pages if not page.words]
    if len(without_text) == len(pages):
        raise unsupported(filename, "a PDF without text (a scan or a drawing)")
    if without_text:
        warnings.append(f"Pages without text (scans?) were left out: {', '.join(map(str, without_text))}.")
    return PdfContent(tuple(pages), tuple(warnings))


def _doubled(letters: Sequence[Mapping[str, Any]]) -> set[int]:
    """Return the letters, by `id`, that were printed once more on the same place, as some programs print bold.

    The library's own way compares every letter of a page with every other.
    """
    doubled: set[int] = set()
    seen: dict[tuple[Any, ...], list[tuple[float, float]]] = {}
    for letter in letters:
        x, y = letter["x0"], letter["doctop"]
        look = (letter["upright"], letter["text"], letter["fontname"], letter["size"])
        column, row = int(x), int(y)
        near = (seen.get((column + a, row + b, *look), ()) for a in (-1, 0, 1) for b in (-1, 0, 1))
        if any(
            abs(x - left) <= _DOUBLED and abs(y - top) <= _DOUBLED for places in near for left, top in places
        ):
            doubled.add(id(letter))
        else:
            seen.setdefault((column, row, *look), []).append((x, y))
    return doubled


def _page(page: "PlumberPage", filename: str, limits: Limits, warnings: list[str]) -> Page:
    doubled = _doubled(page.chars)
    once = page.filter(lambda part: id(part) not in doubled) if doubled else page
    found = once.extract_words(
        x_tolerance_ratio=_WORD_GAP, keep_blank_chars=False, use_text_flow=False, extra_attrs=["upright"]
    )
    if len(found) > limits.words_per_page_max:
        raise too_large(
            filename,
            limit="words_per_page_max",
            allowed=limits.words_per_page_max,
            found=f"page {page.page_number} has {len(found):,} words",
        )
    rotated = sum(1 for word in found if not word["upright"])
    if rotated:
        warnings.append(f"Page {page.page_number}: {rotated} rotated words were left out.")
    left, top = float(page.bbox[0]), float(page.bbox[1])
    words = tuple(_word(word, left, top) for word in found if word["upright"])
    return Page(
        number=page.page_number,
        width=float(page.width),
        height=float(page.height),
        unit="pt",
        words=words,
        lines=lines_of(words),
        tables=_tables(page, limits, warnings),
    )


def _word(word: dict[str, Any], left: float, top: float) -> Word:
    height = word["bottom"] - word["top"]
    width = word["x1"] - word["x0"] or _UNKNOWN_WIDTH * height
    box = Box(word["x0"] - left, word["top"] - top, word["x0"] - left + width, word["bottom"] - top)
    return Word(_clean(word["text"]), box, box.height)


def _clean(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable() and not "\ud800" <= letter <= "\udfff")


def _tables(page: "PlumberPage", limits: Limits, warnings: list[str]) -> tuple[Grid, ...]:
    rules = len(page.lines) + len(page.rects) + len(page.curves)
    if rules > limits.table_rules_max:
        warnings.append(f"Page {page.page_number}: {rules:,} drawn lines; ruled tables were not looked for.")
        return ()
    grids: list[Grid] = []
    for table in page.find_tables():
        texts = table.extract(x_tolerance_ratio=_WORD_GAP)
        rows = tuple(
            tuple(
                Cell(_clean_cell(text), Box(*cell) if cell else None)
                for text, cell in zip(texts_of_row, row.cells, strict=False)
            )
            for texts_of_row, row in zip(texts, table.rows, strict=False)
        )
        if len(rows) > 1 and any(len(row) > 1 for row in rows):
            grids.append(Grid(Box(*table.bbox), rows))
    return tuple(grids)


def _clean_cell(text: str | None) -> str:
    return " ".join(_clean(part) for part in (text or "").split())
