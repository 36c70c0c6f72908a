"""Whether every run can end well: what the token game of `engine/soundness` finds, as problems of the model."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from flowmaster.engine.bpmn.findings import Findings, named
from flowmaster.engine.bpmn.problem import ERROR, WARNING, Problem
from flowmaster.engine.model import Process
from flowmaster.engine.soundness.analysis import Fault, judge
from flowmaster.engine.soundness.search import MOVES_MAX
from flowmaster.engine.soundness.telling import listed, told
from flowmaster.engine.values import Json

SHOWN_MAX = 5
"""How many problems of one kind are told for a process."""

_BENDING = frozenset(
    {
        "element",
        "flow",
        "process",
        "start",
        "end",
        "boundary",
        "link",
        "subprocess",
        "event_subprocess",
        "event",
    }
)
_CODES = {
    "deadlock": "soundness.deadlock",
    "doubled": "soundness.doubled",
    "dead": "soundness.dead_step",
    "endless": "soundness.no_end",
    "cut_off": "soundness.cut_off",
    "undecided": "soundness.undecided",
}


def check_soundness(process: Process, findings: Findings, problems: Iterable[Problem]) -> None:
    """Check the control flow, unless other problems say that it is not drawn to its end."""
    if any(one.severity == ERROR and _bends(one.code) for one in problems):
        return
    faults = judge(process).faults
    for kind, code in _CODES.items():
        found = [fault for fault in faults if fault.kind == kind and not fault.follows]
        for number, fault in enumerate(found[:SHOWN_MAX], 1):
            more = len(found) - SHOWN_MAX if number == SHOWN_MAX else 0
            rest = f" There are {more} more of this kind." if more > 0 else ""
            element = process.elements[fault.element]
            findings.add(
                code,
                element.id,
                _message(process, fault) + rest,
                line=element.line,
                fix_edit=_edit(process, faults, fault) if number == 1 else None,
                at_most=WARNING if fault.rescued or not fault.free else ERROR,
            )


def _bends(code: str) -> bool:
    """Return whether a problem says that flows or events are not where they should be."""
    noun, _, what = code.partition(".")
    if noun == "flow":
        return "condition" not in what
    return noun in _BENDING or code.startswith("gateway.event_target")


def _message(process: Process, fault: Fault) -> str:
    element = process.elements[fault.element]
    run = told(process, fault.acts)
    run = f" A run that leads there: {run}." if run else " Every run comes to that."
    match fault.kind:
        case "deadlock":
            return f"The join {named(element)} waits in vain{_lacking(process, fault)}.{run}{_doubts(process, fault)}"
        case "doubled":
            at_join = element.kind in ("parallelGateway", "inclusiveGateway")
            what = (
                "can get a second token over a flow" if at_join else "can be under way twice at the same time"
            )
            return f"{named(element)} {what}.{run}"
        case "dead":
            return f"No run ever comes to {named(element)}, although a path leads there."
        case "endless":
            others = listed(process, fault.others)
            among = f" What goes on for ever: {listed(process, [element.id])}, {others}." if others else ""
            return f"From {named(element)} on no end can be reached.{run}{among}{_doubts(process, fault)}"
        case "cut_off":
            return f"The end {named(element)} can cut off {listed(process, fault.others)}.{run}"
        case _:
            return f"Not every order of steps in {named(element)} was tried: there are more than {MOVES_MAX:,} moves."


def _lacking(process: Process, fault: Fault) -> str:
    flows = {flow.id: flow for flow in process.elements[fault.element].incoming}
    sources = [flows[one].source for one in fault.lacking if one in flows]
    return f": nothing can come from {listed(process, sources)} any more" if sources else ""


def _doubts(process: Process, fault: Fault) -> str:
    """Return why the run may not be possible, or may not be the end."""
    said = ""
    if not fault.free:
        said = " Conditions on this way read the same data: if they exclude each other, it cannot happen."
    if fault.rescued:
        said += " Only an event from outside can still end it."
    return said


def _edit(process: Process, faults: Sequence[Fault], fault: Fault) -> Mapping[str, Json] | None:
    """Return the edit that lets an end terminate, where a run comes to it while a join waits, and that mends it."""
    last = next((act for act in reversed(fault.acts) if act.kind == "choice"), None)
    if fault.kind != "deadlock" or last is None or len(last.flows) != 1:
        return None
    taken = next(flow for flow in process.elements[last.element].outgoing if flow.id == last.flows[0])
    end = process.elements[taken.target]
    if end.family != "endEvent" or len(end.incoming) != 1:
        return None
    ending = replace(end, family="endEvent/terminate")
    after = judge(replace(process, elements={**process.elements, end.id: ending})).faults
    left = {(one.kind, one.element) for one in after if one.kind != "cut_off"}
    before = {(one.kind, one.element) for one in faults} - {(fault.kind, fault.element)}
    return {"set": end.id, "end": {"terminate": True}} if left <= before else None
