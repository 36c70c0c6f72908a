"""The boxes of groups: round what they name, beside everything else where they name nothing."""

from collections.abc import Sequence

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.geometry import Box, around
from flowmaster.engine.bpmn.layout_picture import Page, Picture
from flowmaster.engine.bpmn.lettering import LINE_HEIGHT, text_width
from flowmaster.engine.bpmn.naming import words_of

_GAP = 40
_MARGIN = 14
_EMPTY_WIDTH, _EMPTY_HEIGHT = 200, 120


def place_groups(document: BpmnDocument, page: Page, picture: Picture, drawn: Sequence[str]) -> None:
    """Place the groups of one page, whose elements are `drawn`: empty ones in a row below everything."""
    everything = around(picture.boxes[identifier] for identifier in drawn)
    x = everything.x
    for group in document.root.descendants("group"):
        if group.id in picture.boxes:
            continue
        named = _named(document, group)
        inside = [picture.boxes[one] for one in drawn if one in named]
        if inside:
            picture.boxes[group.id] = _around(document, group, inside)
        elif (
            group.parent is not None
            and _is_at_home(group.parent, page, drawn)
            and not _is_drawn(named, picture)
        ):
            picture.boxes[group.id] = Box(x, everything.bottom + _GAP, _EMPTY_WIDTH, _EMPTY_HEIGHT)
            x += _EMPTY_WIDTH + _GAP
        else:
            continue
        picture.groups.add(group.id)


def _named(document: BpmnDocument, group: Element) -> set[str]:
    """Return the elements that belong to the category of a group."""
    category = group.get("categoryValueRef").rpartition(":")[2]
    if not category:
        return set()
    return {
        up.id
        for reference in document.root.descendants("categoryValueRef")
        if reference.text.rpartition(":")[2] == category
        for up in [reference.parent]
        if up is not None
    }


def _around(document: BpmnDocument, group: Element, inside: Sequence[Box]) -> Box:
    """Return a box round others, with room for the name of the group at its top."""
    box = around(inside).grown(_MARGIN)
    name = words_of(document, group)
    if not name:
        return box
    width = max(box.width, text_width(name) + 20 if text_width(name) < 2 * box.width else 0)
    return Box(box.x, box.y - LINE_HEIGHT, width, box.height + LINE_HEIGHT)


def _is_drawn(named: set[str], picture: Picture) -> bool:
    return any(identifier in picture.boxes for identifier in named)


def _is_at_home(scope: Element, page: Page, drawn: Sequence[str]) -> bool:
    """Return whether a scope is shown on the page: as its owner, in a pool of it, or as an open group."""
    if scope == page.owner or scope.id in drawn:
        return True
    return any(pool.get("processRef").rpartition(":")[2] == scope.id for pool in page.participants)
