"""A PDF of pictures and what is written about them: each picture on a page that it fits, texts and tables on A4.

The same content gives the same bytes. Fonts are our own and embedded; text can be searched and copied.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from xml.sax.saxutils import escape

import anyio.to_thread

from flowmaster.tools import pdf_pen
from flowmaster.tools.data_urls import PDF, url_of
from flowmaster.tools.extras import extra_missing, is_installed
from flowmaster.tools.raster import beyond_font, font_file, large_png

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.platypus import Flowable

FONT: Final = "FlowMaster"
MARGIN: Final = 40.0
FOOT: Final = 24.0
TITLE: Final = 34.0
"""Points above a picture for its title."""

A4: Final = (595.28, 841.89)
WIDEST: Final = 3370.0
READABLE: Final = 0.5
"""A picture is drawn on the smallest page, from A4 to A0, that shows it at least so large."""

INK: Final = "#22242a"
GREY: Final = "#5f6672"
SHADE: Final = "#eef1f5"
_LOCK: Final = Lock()
"""Fonts are shared by all books that are made at once."""


class Picture(NamedTuple):
    """A picture as SVG, and what it is called."""

    title: str
    svg: str


class Line(NamedTuple):
    """A line of text, how far it stands from the margin, and how it stands out: as text, head or remark."""

    text: str
    indent: int = 0
    style: str = "text"


class Table(NamedTuple):
    """Rows of texts below their heads, and how wide the columns are beside each other."""

    head: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    widths: tuple[float, ...]


class Section(NamedTuple):
    """A part of a book with a title of its own."""

    title: str
    content: Sequence[Line] | Table


@dataclass(frozen=True)
class Book:
    """What is to become a PDF; `about` stands below the title and at the foot of each page."""

    title: str
    about: str
    pictures: Sequence[Picture] = ()
    sections: Sequence[Section] = ()


async def pdf_url(book: Book, operation: str) -> str:
    """Return a book as PDF in a data URL; others are served while it is made.

    Raises:
        FlowMasterError: what makes PDFs is not installed.
    """
    if not is_installed("documents"):
        raise extra_missing(operation, "documents")
    return url_of(PDF, await anyio.to_thread.run_sync(pdf_of, book))


def pdf_of(book: Book) -> bytes:
    """Return a book as PDF."""
    with _LOCK:
        return _Maker(book).made()


@cache
def _letters() -> frozenset[int]:
    """Register our font, and return the letters that it has."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    font = TTFont(FONT, str(font_file()))
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)


@dataclass
class _Maker:
    """Makes one book."""

    book: Book
    lacking: dict[str, None] = field(default_factory=dict)
    """Letters that the font does not have, in the order in which they came."""

    def made(self) -> bytes:
        from reportlab.platypus import BaseDocTemplate, NextPageTemplate, PageBreak

        _letters()  # Registers the font.
        out = BytesIO()
        templates, story = [], []
        for number, picture in enumerate(self.book.pictures):
            template, flowable = _drawn(picture, f"picture{number}", self._foot)
            templates.append(template)
            story += [NextPageTemplate(template.id), PageBreak(), flowable]
        templates.append(_page("text", A4, self._foot))
        if self.book.sections:
            story += [NextPageTemplate("text"), PageBreak()]
            story += [each for section in self.book.sections for each in self._section(section)]
            if self.lacking:
                told = f"Letters that this font does not have are shown as ?: {len(self.lacking)} different ones."
                story.append(self._paragraph(Line(told, 0, "remark")))
        document = BaseDocTemplate(
            out,
            pageTemplates=templates,
            title=self.book.title,
            author="FlowMaster",
            subject=self.book.about,
            invariant=1,
        )
        # The first page break would leave an empty page: the document begins on the page of what comes first.
        document.build(story[2:], canvasmaker=partial(_numbered(), invariant=1))
        return out.getvalue()

    def _foot(self, canvas: "Canvas", page: tuple[float, float]) -> None:
        canvas.setFont(FONT, 8)
        canvas.setFillColor(GREY)
        told = self._fitting(f"{self.book.title}, {self.book.about}")
        canvas.drawString(MARGIN, FOOT, told[:140])

    def _section(self, section: Section) -> "Iterator[Flowable]":
        yield self._paragraph(Line(section.title, 0, "head"))
        if isinstance(section.content, Table):
            yield self._table(section.content)
        else:
            for line in section.content:
                yield self._paragraph(line)

    def _paragraph(self, line: Line) -> "Flowable":
        from reportlab.platypus import Paragraph

        return Paragraph(escape(self._fitting(line.text)), _style(line.style, line.indent))

    def _table(self, table: Table) -> "Flowable":
        from reportlab.platypus import LongTable, TableStyle

        def cells(row: Sequence[str], style: str) -> "list[Flowable]":
            return [self._paragraph(Line(cell, 0, style)) for cell in row]

        room = A4[0] - 2 * MARGIN
        widths = [room * width / sum(table.widths) for width in table.widths]
        rows = [cells(table.head, "column"), *(cells(row, "cell") for row in table.rows)]
        look: list[Any] = [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("BACKGROUND", (0, 0), (-1, 0), SHADE),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, "#c6ccd6"),
            ("LEFTPADDING", (0, 0), (-1, -1), 4),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ("TOPPADDING", (0, 0), (-1, -1), 3),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
        ]
        return LongTable(rows, colWidths=widths, repeatRows=1, style=TableStyle(look), splitInRow=1)

    def _fitting(self, text: str) -> str:
        """Return a text in letters that the font has; the others are noted."""
        fits, others = _in_font(text)
        self.lacking.update(dict.fromkeys(others))
        return fits


def _in_font(text: str) -> tuple[str, list[str]]:
    """Return a text with ? for the letters that the font does not have, and these."""
    others = [letter for letter in text if ord(letter) not in _letters() and letter not in "\n\t"]
    for letter in set(others):
        text = text.replace(letter, "?")
    return text, others


@cache
def _style(style: str, indent: int) -> Any:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.enums import TA_LEFT
    from reportlab.lib.styles import ParagraphStyle

    size, before, after, colour = {
        "head": (15, 16, 6, INK),
        "part": (11, 8, 3, INK),
        "text": (9.5, 0, 3, INK),
        "remark": (8, 8, 2, GREY),
        "column": (8, 0, 0, GREY),
        "cell": (8, 0, 0, INK),
    }[style]
    return ParagraphStyle(
        f"{style}{indent}",
        fontName=FONT,
        fontSize=size,
        leading=size * 1.3,
        spaceBefore=before,
        spaceAfter=after,
        leftIndent=indent * 5,
        textColor=HexColor(colour),
        alignment=TA_LEFT,
        splitLongWords=1,
        keepWithNext=int(style in ("head", "part")),
    )


def _page(name: str, size: tuple[float, float], foot: "Callable[[Canvas, tuple[float, float]], None]") -> Any:
    from reportlab.platypus import Frame, PageTemplate

    frame = Frame(
        MARGIN,
        MARGIN,
        size[0] - 2 * MARGIN,
        size[1] - 2 * MARGIN,
        leftPadding=0,
        rightPadding=0,
        topPadding=0,
        bottomPadding=0,
    )
    return PageTemplate(id=name, frames=[frame], pagesize=size, onPage=lambda canvas, _: foot(canvas, size))


def _drawn(
    picture: Picture, name: str, foot: "Callable[[Canvas, tuple[float, float]], None]"
) -> "tuple[Any, Flowable]":
    """Return the page of a picture, which lies across it and fills it, and the picture."""
    from reportlab.platypus import Flowable

    tree = pdf_pen.parsed(picture.svg)
    size = pdf_pen.size_of(tree)
    page, scale = _page_for(size)
    raster = large_png(picture.svg) if beyond_font(picture.svg) else None

    class Drawing(Flowable):
        """The picture, below its title."""

        def wrap(self, *_: float) -> tuple[float, float]:
            return size.width * scale, size.height * scale + TITLE

        def draw(self) -> None:
            canvas: Canvas = self.canv
            canvas.setFont(FONT, 15)
            canvas.setFillColor(INK)
            canvas.drawString(0, size.height * scale + TITLE - 15, _in_font(picture.title)[0])
            if raster is None:
                pdf_pen.draw(canvas, tree, FONT, scale)
            else:
                from reportlab.lib.utils import ImageReader

                image = ImageReader(BytesIO(raster))
                canvas.drawImage(image, 0, 0, size.width * scale, size.height * scale)

    return _page(name, page, foot), Drawing()


def _page_for(size: pdf_pen.Size) -> tuple[tuple[float, float], float]:
    """Return the smallest width, from A4 to A0, at which a picture can be read, the height it needs, and its scale."""
    page = A4 if size.height > size.width else (A4[1], A4[0])
    while True:
        room = (page[0] - 2 * MARGIN - 1, page[1] - 2 * MARGIN - TITLE - 1)
        scale = min(1.0, room[0] / size.width, room[1] / size.height)
        if scale >= READABLE or max(page) * 1.42 > WIDEST:
            needed = size.height * scale + 2 * MARGIN + TITLE + 1
            return (page[0], min(page[1], max(needed, A4[0]))), scale
        page = (page[0] * 2**0.5, page[1] * 2**0.5)


@cache
def _numbered() -> Any:
    """Return a canvas that tells at the foot of each page which of how many it is."""
    from reportlab.pdfgen.canvas import Canvas

    class Numbered(Canvas):
        """Keeps its pages until their number is known."""

        def __init__(self, *given: Any, **more: Any) -> None:
            super().__init__(*given, **more)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # the name is the library's
            self._pages.append(dict(self.__dict__))
            self._startPage()  # type: ignore[attr-defined]  # the stubs leave it out

        def save(self) -> None:
            for number, page in enumerate(self._pages, 1):
                self.__dict__.update(page)
                self.setFont(FONT, 8)
                self.setFillColor(GREY)
                width, _ = self._pagesize  # type: ignore[attr-defined]  # the stubs leave it out
                self.drawRightString(width - MARGIN, FOOT, f"{number} / {len(self._pages)}")
                super().showPage()
            super().save()

    return Numbered
