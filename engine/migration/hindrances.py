"""Why an instance cannot move over to another version as it stands: each cause at its place, with what would help."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from flowmaster.engine.compare.plan import Plan
from flowmaster.engine.jobs import TASK_EVENTS
from flowmaster.engine.model import AdHoc, Element, MultiInstance, StandardLoop, UserTask
from flowmaster.engine.state import ROOT, Done, JobWait, Node, State
from flowmaster.engine.stops import ARMING, ARRIVING, STARTING, TRIGGERED


class Hindrance(NamedTuple):
    """One cause: the element where the instance stands, by its old id, what is in the way, and what would help."""

    element: str
    code: str
    text: str
    options: tuple[str, ...] = ()


_FINISH = "let it finish on its version"
_MAP = "name the element it becomes (`mapping`)"
_MOVE = "move its token to another element first (`instance_control` `move`)"


def hindrances(plan: Plan, state: State) -> list[Hindrance]:
    """Return everything that keeps an instance from moving over, each cause once."""
    found: list[Hindrance] = []
    for node in state.nodes.values():
        found += _of_node(plan, state, node)
    for wait in state.waits.values():
        if isinstance(wait, JobWait) and wait.purpose:
            found += _of_listener(plan, wait)
    for incident in state.incidents.values():
        found += _of_stage(plan, incident.element, incident.stage)
    return list({(one.element, one.code): one for one in found}.values())


def _of_node(plan: Plan, state: State, node: Node) -> Iterator[Hindrance]:
    old, new = plan.old.elements[node.element], plan.after(node.element)
    name = repr(old.label)
    if new is None:
        guess = plan.guesses.get(old.id)
        told = (
            f"name {guess!r} as what it becomes (`mapping`): it stands at the same place" if guess else _MAP
        )
        text = f"A token stands at {name}, which the new version lacks."
        yield Hindrance(old.id, "gone", text, (told, _MOVE, _FINISH))
        return
    if new.unsupported:
        yield Hindrance(old.id, "cannot_run", f"{new.label!r} cannot run: {new.unsupported}", (_MAP, _FINISH))
    if node.key != ROOT:
        yield from _of_kind(plan, old, new)
    yield from _of_repetition(plan, state, node, old, new)
    yield from _of_joins(plan, state, node)
    yield from _of_undoing(plan, old, (*node.done, *(node.undo or ())))


def _of_kind(plan: Plan, old: Element, new: Element) -> Iterator[Hindrance]:
    if old.family != new.family or type(old.details) is not type(new.details):
        text = f"{old.label!r} is a {_words(old)}, and becomes a {_words(new)}."
        yield Hindrance(old.id, "other_kind", text, (_MAP, _MOVE, _FINISH))
    around = plan.after(old.scope)
    if around is None or new.scope != around.id:
        text = f"{old.label!r} stands in another sub-process in the new version."
        yield Hindrance(old.id, "other_scope", text, (_MAP, _FINISH))


def _words(element: Element) -> str:
    return element.family + ("" if element.details is None else f" ({type(element.details).__name__})")


def _of_repetition(plan: Plan, state: State, node: Node, old: Element, new: Element) -> Iterator[Hindrance]:
    """Yield what is other about turns that are under way; what decides on further ones may change."""
    if _shape(old) != _shape(new):
        text = f"{old.label!r} repeats in another way in the new version: turns under way would not fit."
        yield Hindrance(old.id, "other_loop", text, (_FINISH,))
    if node.turns is not None and node.turns.total == -1 and isinstance(new.details, AdHoc):
        for item in node.turns.items:
            to_come = plan.after(str(item))
            if to_come is None or to_come.scope != new.id:
                text = f"{item!r}, which is still to be done in {old.label!r}, is not in the new version."
                yield Hindrance(old.id, "choice_gone", text, (_MAP, _FINISH))


def _shape(element: Element) -> object:
    loop, details = element.loop, element.details
    repeats: object = None
    if isinstance(loop, MultiInstance):
        repeats = (loop.sequential, bool(loop.output_collection), loop.item)
    elif isinstance(loop, StandardLoop):
        repeats = "loop"
    chooses = None
    if isinstance(details, AdHoc):
        chooses = (details.sequential, bool(details.output_collection), details.job is None)
    return repeats, chooses


def _of_joins(plan: Plan, state: State, scope: Node) -> Iterator[Hindrance]:
    """Yield the joins at which tokens of a scope wait that would not know any more over which ways they came."""
    waiting = {**{join: tuple(flows) for join, flows in (scope.arrivals or {}).items()}}
    for join, flows in (scope.started or {}).items():
        waiting[join] = (*waiting.get(join, ()), *flows)
    around = plan.after(scope.element)
    for join, came in waiting.items():
        old, new = plan.old.elements[join], plan.after(join)
        if new is None or around is None or new.scope != around.id:
            text = f"A token waits for others at {old.label!r}, which the new version lacks there."
            yield Hindrance(join, "join_gone", text, (_MAP, _MOVE, _FINISH))
            continue
        if old.family != new.family and len(new.incoming) > 1:
            text = f"A token waits at {old.label!r}, a {old.kind}, which becomes a {new.kind}."
            yield Hindrance(join, "other_kind", text, (_MAP, _MOVE, _FINISH))
        ways = {flow: flows_of(plan, join).get(flow) for flow in came}
        if None in ways.values() or len(set(ways.values())) < len(ways):
            text = f"A token waits at {old.label!r} that came over a way which the new version lacks."
            yield Hindrance(join, "way_gone", text, (_MOVE, _FINISH))
        elif state.status == "paused" and len(new.incoming) != len(old.incoming):
            text = f"A token waits at {old.label!r}, which may go on at once, and the instance is paused."
            yield Hindrance(join, "paused", text, ("resume it first",))


def flows_of(plan: Plan, join: str) -> Mapping[str, str]:
    """Return the new ids of the flows into an old element, of those that are still known."""
    found = {one.id: plan.flow(one) for one in plan.old.elements[join].incoming}
    return {key: flow.id for key, flow in found.items() if flow is not None}


def _of_undoing(plan: Plan, scope: Element, done: Iterable[Done]) -> Iterator[Hindrance]:
    """Yield what is done and could be undone, and cannot any more."""
    for one in done:
        old, new = plan.old.elements[one.element], plan.after(one.element)
        if new is None or not can_be_undone(plan, new) and not one.inside:
            text = (
                f"{old.label!r} is done in {scope.label!r}, and the new version does not know how to undo it."
            )
            yield Hindrance(scope.id, "undoing_lost", text, (_MAP, _FINISH))
            return
        yield from _of_undoing(plan, scope, one.inside)


def can_be_undone(plan: Plan, element: Element) -> bool:
    """Return whether the new version compensates an element: by a handler on its border, or one inside it."""
    starts = plan.new.handlers.get(element.id, ())
    return bool(element.compensated_by) or any(
        plan.new.elements[one].family == "startEvent/compensate" for one in starts
    )


def _of_listener(plan: Plan, wait: JobWait) -> Iterator[Hindrance]:
    """Yield a listener under way where the new version has other listeners at its place."""
    old, new = plan.old.elements[wait.element], plan.after(wait.element)
    event, _, rest = wait.purpose.partition(":")
    begins = rest.rpartition("/")[2] if "/" in rest else ""
    if begins and plan.after(begins) is None:
        text = f"The start event {begins!r} has begun the instance, and the new version lacks it."
        yield Hindrance(old.id, "start_gone", text, (_MAP, "let the listener finish first"))
    if new is not None and _listeners(old, event) != _listeners(new, event):
        text = f"A listener of {old.label!r} is at work, and the new version has others there."
        yield Hindrance(old.id, "listener", text, ("let the listener finish first", _FINISH))


def _listeners(element: Element, event: str) -> int:
    details = element.details
    if event in TASK_EVENTS:
        return len(details.listeners.get(event, ())) if isinstance(details, UserTask) else 0
    return len(element.at_start if event == "start" else element.at_end)


def _of_stage(plan: Plan, element: str, stage: str) -> Iterator[Hindrance]:
    """Yield an incident that would not know any more where to try again."""
    old = plan.old.elements[element]
    gone = False
    if stage.startswith(ARRIVING):
        gone = stage.removeprefix(ARRIVING) not in flows_of(plan, element)
    elif stage.startswith((ARMING, STARTING, TRIGGERED)):
        gone = plan.after(stage.rpartition("/")[2]) is None
    if gone:
        text = f"An incident at {old.label!r} is to be tried again at a place which the new version lacks."
        yield Hindrance(element, "incident", text, ("mend the incident first (`retry`, `skip`)", _FINISH))
