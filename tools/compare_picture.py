"""The differences between two versions of a process as a picture: SVG, PNG or Mermaid."""

from typing import Literal, Protocol, TypeAlias

from anyio import to_thread

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.compare.changes import Compared
from flowmaster.engine.compare.picture import differences_mermaid, differences_svg, drawn
from flowmaster.engine.model import Process
from flowmaster.tools.pages import page_of
from flowmaster.tools.raster import png_url

PictureView: TypeAlias = Literal["svg", "png", "mermaid"]


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
    part, following = page_of(await png_url(whole) if view == "png" else whole, cursor)
    assert isinstance(part, str), "a page of a text is a text"
    return part, following


def _drawn(old: Side, new: Side, compared: Compared, view: PictureView) -> str:
    was, now = parse_bpmn(old.bpmn), parse_bpmn(new.bpmn)
    seen = drawn(was, now, old.process, new.process, compared)
    if view == "mermaid":
        return differences_mermaid(seen, old.process, new.process)
    return differences_svg(was, old.process, now, seen)
