"""How conditions over data are watched (BPMN 2.0.2, 10.5.5.4): each reaches what waits for it when it becomes true."""

from typing import TYPE_CHECKING, TypeGuard

from flowmaster.engine import events as ev
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.limits import ENDLESS
from flowmaster.engine.lookup import condition_of
from flowmaster.engine.state import EventWait, Node, Wait

if TYPE_CHECKING:
    from flowmaster.engine.execution import Execution

CONDITION = "condition"
"""The kind of wait for data to make a condition true; its key says whether the condition held when last seen."""


def look_at_conditions(run: "Execution") -> None:
    """Let every condition that has become true reach what waits for it; while the instance is paused, none does."""
    if run.state.status == "paused":
        return
    for wait in list(run.state.waits.values()):
        if _is_condition(wait) and wait.id in run.state.waits:
            _look_at(run, wait)


def remember_conditions(run: "Execution", node: Node, event: str) -> None:
    """Take the conditions of an event that hold already as seen: each must become false before it counts again."""
    for wait in [run.state.waits[key] for key in node.waits]:
        if _is_condition(wait) and wait.element == event and _holds(run, wait):
            run.emit(ev.ConditionSeen(wait.but(key="true")))


def _look_at(run: "Execution", wait: EventWait) -> None:
    node = run.state.nodes[wait.node]
    try:
        holds = _holds(run, wait)
    except FlowMasterError as fault:
        run.raise_beside(node, "beside", fault.code, fault.message)
        return
    if holds == bool(wait.key):
        return
    if holds and not run.step():
        run.raise_beside(node, "beside", "engine.too_many_steps", ENDLESS)
        return
    seen = wait.but(key="true" if holds else "")
    run.emit(ev.ConditionSeen(seen))
    if holds:
        run.receive(run, seen, {})


def _is_condition(wait: Wait) -> TypeGuard[EventWait]:
    return isinstance(wait, EventWait) and wait.kind == CONDITION


def _holds(run: "Execution", wait: EventWait) -> bool:
    node, element = run.state.nodes[wait.node], run.elements[wait.element]
    return condition_of(element, wait.name).value(run.see(node), run.at) is True
