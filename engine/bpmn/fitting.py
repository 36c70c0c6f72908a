"""Where the name of a task goes inside its box: below its icon, above its markers and the events on its border."""

from typing import NamedTuple

from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.geometry import Box
from flowmaster.engine.bpmn.lettering import LINE_HEIGHT, Lines, broken, text_width

_SIDE = 7
_EDGE = 4
_ICON = 22
_FOOT = 19
_BARE_KINDS = frozenset({"task", "callActivity", "subProcess", "transaction", "adHocSubProcess"})
"""Activities without an icon in their upper left corner."""
_FOOT_KINDS = frozenset({"subProcess", "transaction", "adHocSubProcess"})
_LOOPS = ("standardLoopCharacteristics", "multiInstanceLoopCharacteristics")


class Fitted(NamedTuple):
    """A name in its box: its lines, and where the first one begins."""

    lines: Lines
    y: int


def fitted(element: Element, box: Box, *, has_events: bool) -> Fitted:
    """Return the name of an activity as it is written into its box, shortened where it does not fit."""
    bottom = box.bottom - (_FOOT if has_foot(element) or has_events else _EDGE)
    lines = broken(
        element.name, max(20, box.width - 2 * _SIDE), max(1, (bottom - box.y - _EDGE) // LINE_HEIGHT)
    )
    middle = (box.y + _EDGE + bottom) // 2 if lines.height > box.height // 2 else box.center.y
    y = middle - lines.height // 2
    first = text_width(lines.lines[0]) if lines.lines else 0
    if element.kind not in _BARE_KINDS and y < box.y + _ICON and first > box.width - 56:
        y = max(box.y + _EDGE, min(box.y + _ICON, bottom - lines.height))
    return Fitted(lines, y)


def fits_inside(element: Element, box: Box, *, has_events: bool) -> bool:
    """Return whether the whole name of an activity can be written into a box without touching anything in it."""
    whole = broken(element.name, max(20, box.width - 2 * _SIDE))
    placed = fitted(element, box, has_events=has_events)
    first = text_width(whole.lines[0]) if whole.lines else 0
    is_clear = element.kind in _BARE_KINDS or first <= box.width - 56 or placed.y >= box.y + _ICON
    return placed.lines == whole and is_clear


def has_foot(element: Element) -> bool:
    """Return whether an activity has markers at its lower side."""
    return (
        element.kind in _FOOT_KINDS
        or element.is_true("isForCompensation")
        or any(element.child(kind) is not None for kind in _LOOPS)
    )
