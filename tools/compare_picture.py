"""The differences between two versions of a process as a picture: SVG, PNG or Mermaid."""

from typing import Literal, Protocol, TypeAlias

from anyio import to_thread

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.compare.changes import Compared
from flowmaster.engine.compare.picture import differences_mermaid, differences_svg, drawn
from flowmaster.engine.compare.words import summary, worded
from flowmaster.engine.model import Process
from flowmaster.tools.pages import page_of
from flowmaster.tools.pdf_book import Book, Line, Picture, Section, pdf_url
from flowmaster.tools.raster import png_url

PictureView: TypeAlias = Literal["svg", "png", "mermaid", "pdf"]


class Side(Protocol):
    """One state of a process: its model and its file."""

    @property
    def process(self) -> Process:
        """Return the model."""
        ...

    @property
    def bpmn(self) -> str:
        """Return the file."""
        ...


async def drawn_changes(
    old: Side, new: Side, compared: Compared, view: PictureView, cursor: str | None
) -> tuple[str, str | None]:
    """Return a page of a picture of what differs, and the cursor of the next page."""
    whole = await to_thread.run_sync(_drawn, old, new, compared, view)
    if view == "png":
        whole = await png_url(whole)
    elif view == "pdf":
        whole = await pdf_url(_book(old, new, compared, whole), "process_compare")
    part, following = page_of(whole, cursor)
    assert isinstance(part, str), "a page of a text is a text"
    return part, following


def _book(old: Side, new: Side, compared: Compared, svg: str) -> Book:
    """Return the picture with the changes in words behind it."""
    title = new.process.root.label
    changes = [Line(f"- {worded(one, old.process, new.process)}") for one in compared.changes]
    return Book(title, summary(compared), [Picture(title, svg)], [Section("What has changed", changes)])


def _drawn(old: Side, new: Side, compared: Compared, view: PictureView) -> str:
    was, now = parse_bpmn(old.bpmn), parse_bpmn(new.bpmn)
    seen = drawn(was, now, old.process, new.process, compared)
    if view == "mermaid":
        return differences_mermaid(seen, old.process, new.process)
    return differences_svg(was, old.process, now, seen)
