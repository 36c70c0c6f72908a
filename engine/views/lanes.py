"""A process in lanes by who does its steps, whatever lanes its file has, with its hand-offs marked and counted.

The lanes are put into a copy that is for looking only.
"""

from collections.abc import Mapping
from typing import Final

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element as Node
from flowmaster.engine.bpmn.layout import lay_out
from flowmaster.engine.bpmn.svg import Marks, draw_svg
from flowmaster.engine.bpmn.svg_notes import Kind, Note, Notes
from flowmaster.engine.bpmn.svg_pen import PAPER, Style
from flowmaster.engine.bpmn.vocabulary import SUB_PROCESS_KINDS
from flowmaster.engine.model import Process
from flowmaster.engine.views.handoffs import HandOff, hand_offs
from flowmaster.engine.views.people import AGENT, OUTSIDE, SYSTEM, doers, steps_of

LANES: Final = {AGENT: "AI agents", SYSTEM: "Systems", OUTSIDE: "Outside"}
NOBODY: Final = "Nobody named"
SEVERAL: Final = "Several"
"""The lane of sub-processes in which several have something to do; they have lanes of their own."""

HAND_OFF: Final = Kind("»", "hand-off", Style("#1a5fd0", PAPER, "3.5"))


def hands_of(process: Process) -> dict[str, str]:
    """Return in whose lane each step is: that of the first who does it; what is done by machine shares one."""
    found: dict[str, str] = {}
    for element in steps_of(process):
        first = next(iter(doers(process, element)), None)
        found[element.id] = NOBODY if first is None else LANES.get(first.kind, first.name)
    return found


def swimlanes(document: BpmnDocument, process: Process) -> str:
    """Return a picture of a process in lanes by who does its steps."""
    copy = document.copy()
    _alone(copy, process.id)
    hands = hands_of(process)
    for scope in _scopes(process):
        _put_lanes(copy, process, scope, hands)
    lay_out(copy)
    return draw_svg(copy, Marks(notes=_notes(process, hands)))


def _alone(document: BpmnDocument, process: str) -> None:
    """Take away all lanes, and whatever is not of the process."""
    others = [one for one in document.processes if one.id != process]
    document.remove(*others, *document.collaborations)
    for lanes in list(document.root.descendants("laneSet")):
        lanes.remove()


def _scopes(process: Process) -> list[str]:
    """Return the process and the sub-processes in it."""
    return [
        one.id for one in process.elements.values() if one.id == process.id or one.kind in SUB_PROCESS_KINDS
    ]


def _put_lanes(document: BpmnDocument, process: Process, scope: str, hands: Mapping[str, str]) -> None:
    """Give a scope a lane for each who does something directly in it, if they are several."""
    inside = {key: one for key, one in process.elements.items() if one.scope == scope}
    lane_of = {key: _lane_of(process, key, hands) for key in inside}
    known = {key: name for key, name in lane_of.items() if name}
    names = list(dict.fromkeys(known.values()))
    if len(names) < 2 and scope != process.id:
        return
    holder = document.element(scope)
    lanes = holder.add("laneSet", {"id": document.new_id(f"lanes {scope}")})
    made: dict[str, Node] = {}
    for name in names:
        made[name] = lanes.add("lane", {"id": document.new_id(f"lane {name}", "lane"), "name": name})
    for key, name in known.items():
        if document.find(key) is not None:
            made[name].add("flowNodeRef", text=key)


def _lane_of(process: Process, key: str, hands: Mapping[str, str]) -> str:
    """Return the lane of a step, or of a sub-process that of the steps in it; others go with their neighbours."""
    if key in hands:
        return hands[key]
    if process.elements[key].kind not in SUB_PROCESS_KINDS:
        return ""
    inside = {hands[one] for one in hands if _is_inside(process, one, key)}
    return inside.pop() if len(inside) == 1 else SEVERAL if inside else ""


def _is_inside(process: Process, key: str, scope: str) -> bool:
    element = process.elements.get(key)
    while element is not None and element.scope:
        if element.scope == scope:
            return True
        element = process.elements.get(element.scope)
    return False


def _notes(process: Process, hands: Mapping[str, str]) -> Notes:
    found = hand_offs(process, hands)
    pairs: dict[tuple[str, str], list[HandOff]] = {}
    for one in found:
        pairs.setdefault((one.by, one.to), []).append(one)
    of = {
        one.last: Note(
            "", f"Hand-off from {one.by} ({_label(process, one.source)}) to {one.to}.", HAND_OFF.style
        )
        for one in found
        if one.last
    }
    between = len({name for pair in pairs for name in pair})
    return Notes(
        title=f"{_counted(len(found), 'hand-off')} between {between} lanes." if found else "No hand-offs.",
        of=of,
        kinds=[HAND_OFF] if of else [],
        lines=[
            f"{by} to {to}: {len(several)} ({'; '.join(_way(process, one) for one in several)})"
            for (by, to), several in sorted(pairs.items(), key=lambda item: -len(item[1]))
        ],
    )


def _way(process: Process, one: HandOff) -> str:
    return f"{_label(process, one.source)}, then {_label(process, one.target)}"


def _label(process: Process, key: str) -> str:
    return process.elements[key].label


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
