"""What operators do to a running instance: retry an incident, skip an element, move a token."""

from collections.abc import Callable, Mapping, Sequence

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.elements.compensation import leave
from flowmaster.engine.elements.complex_gateway import start_by_hand
from flowmaster.engine.elements.people import DEADLINE
from flowmaster.engine.elements.scopes import begin_as
from flowmaster.engine.elements.table import HUMAN
from flowmaster.engine.elements.task_listeners import HEARING, hear
from flowmaster.engine.errors import FlowMasterError, Hint, did_you_mean
from flowmaster.engine.execution import Execution
from flowmaster.engine.lookup import carries_token
from flowmaster.engine.model import Element
from flowmaster.engine.state import ROOT, Incident, JobWait, Node
from flowmaster.engine.stops import ARMING, ARRIVING, GOING_ON, INSIDE, STARTING, TRIGGERED
from flowmaster.engine.triggers import arm_again

NEAR_MAX = 3
"""Elements that may be meant by a wrong id."""


def retry(run: Execution, command: cmd.Retry) -> None:
    """Try again what the chosen incidents stopped, each at the stage it stopped at."""
    chosen = [
        incident
        for incident in run.state.incidents.values()
        if command.incident in (0, incident.id) and command.element in ("", incident.element)
    ]
    if not chosen:
        raise FlowMasterError(
            "incident.unknown",
            f"The instance {run.state.instance!r} has no such incident.",
            path="incident" if command.incident else "element",
            expected=[incident.element for incident in run.state.incidents.values()],
            fix="Name an element that has an incident, or none to retry all.",
            next=[
                Hint("instance_read", {"instance": run.state.instance, "detail": ["incidents"]}, "List them.")
            ],
            status=409,
        )
    for incident in chosen:
        if incident.id in run.state.incidents:
            _retry_one(run, incident)


def _retry_one(run: Execution, incident: Incident) -> None:
    node = run.state.nodes.get(incident.node)
    run.emit(ev.IncidentResolved(incident.id, incident.element, "retried"))
    if node is None:
        return
    run.attempts[node.key] = incident.attempts + 1
    word, slash, rest = incident.stage.partition("/")
    again = _STAGES.get(word + slash)
    if again is not None:
        again(run, node, rest)
    else:
        # A called process that failed leaves the boundary events of its call armed.
        run.begin(node, run.element(node), armed=word == "calling" or bool(node.waits))


_STAGES: Mapping[str, Callable[[Execution, Node, str], None]] = {
    "working": lambda run, node, rest: _offer_again(run, node),
    "completing": lambda run, node, rest: run.finish(node),
    "leaving": lambda run, node, rest: run.finish(node, mapped=True),
    "beside": lambda run, node, rest: None,
    INSIDE: lambda run, node, rest: run.look_inside(node),
    GOING_ON: lambda run, node, rest: run.later(node),
    HEARING: hear,
    DEADLINE: lambda run, node, rest: HUMAN.deadline(run, node, rest),
    ARRIVING: lambda run, node, rest: run.arrive_again(node, rest),
    ARMING: lambda run, node, rest: arm_again(run, node, run.elements[rest]),
    STARTING: lambda run, node, rest: begin_as(run, node, STARTING + rest),
    TRIGGERED: lambda run, node, rest: begin_as(run, node, TRIGGERED + rest),
}
"""How what stopped at each stage of an element's life is tried again."""


def _offer_again(run: Execution, node: Node) -> None:
    for key in node.waits:
        wait = run.state.waits[key]
        if isinstance(wait, JobWait):
            run.emit(ev.JobRetried(wait.but(retries=max(1, wait.retries), due=None)))


def skip(run: Execution, command: cmd.Skip) -> None:
    """Leave an element as if it had completed with the given outputs."""
    node = standing_at(run, command.element, "element")
    element = run.element(node)
    if element.kind == "eventBasedGateway":
        raise FlowMasterError(
            "instance.skip_impossible",
            f"{command.element!r} waits for the first of several events; skipping does not say which.",
            path="element",
            expected=[flow.target for flow in element.outgoing],
            fix="Move the token to the event that shall count, and skip that.",
            next=[_move(run, command.element, flow.target) for flow in element.outgoing[:3]],
            status=409,
        )
    if node.open:
        run.empty(node)
    run.behaviour(node, element).withdraw(run, node, element)
    run.resolve_incidents(node, "skipped")
    if node.undo is None:
        run.finish(node, command.variables)
    else:
        run.close_waits(node)
        leave(run, node, element, command.variables)


def move(run: Execution, command: cmd.Move) -> None:
    """Withdraw the oldest token at one element and put one before another of the same scope."""
    target = run.elements.get(command.target)
    if target is None or command.target == run.model.process.id:
        known = [one for one in run.elements.values() if _may_move(one) and one.id != run.model.process.id]
        raise FlowMasterError(
            "element.unknown",
            f"{run.model.process.id!r} has no element {command.target!r}.{_meant(command.target, known)}",
            path="to",
            expected=[one.id for one in known],
            fix="Name an element of the process.",
        )
    node = standing_at(run, command.source, "from")
    around = run.state.nodes[node.scope].element if carries_token(node, run.element(node)) else ""
    if not _may_move(target) or target.scope != around:
        raise FlowMasterError(
            "instance.move_impossible",
            f"A token cannot be moved from {command.source!r} to {command.target!r}: they are not in one scope.",
            path="to",
            expected=[
                element.id
                for element in run.elements.values()
                if element.scope == around and _may_move(element)
            ],
            fix="Choose an element of the same scope.",
        )
    scope = run.state.nodes[node.scope]
    fresh = run.key()
    run.emit(ev.ElementEntered(fresh, target.id, scope.key, ()))
    run.withdraw(node)
    start_by_hand(run, scope, target)
    run.begin(run.state.nodes[fresh], target)


def _meant(wrong: str, known: Sequence[Element]) -> str:
    """Return ` Did you mean 'x'?` for a wrong id: what has that name, what begins so, what is of that kind, or is near."""
    word = wrong.casefold()
    found = (
        [one.id for one in known if one.name.casefold() == word],
        [one.id for one in known if one.id.casefold().startswith(word)],
        [one.id for one in known if one.kind.casefold().removesuffix("event") == word],
    )
    near = next(filter(None, found), [])[:NEAR_MAX]
    if near:
        return f" Did you mean {' or '.join(map(repr, near))}?"
    return did_you_mean(wrong, [one.id for one in known])


def _may_move(target: Element) -> bool:
    """Return whether a token may be put before an element: not what belongs to another element or an event."""
    return target.kind != "boundaryEvent" and not target.triggered_by_event


def _move(run: Execution, source: str, target: str) -> Hint:
    arguments = {"instance": run.state.instance, "action": "move", "from": source, "to": target}
    return Hint("instance_control", arguments, f"Go on at {target!r}.")


def standing_at(run: Execution, element: str, path: str) -> Node:
    """Return the oldest token at an element or at its join, or refuse with the elements where tokens stand."""
    for node in run.state.nodes.values():
        if node.element == element and node.key != ROOT:
            return node
    for scope in run.state.nodes.values():
        if scope.arrivals and element in scope.arrivals:
            return run.leave_join(scope, element)
    inside = {n.element for n in run.state.nodes.values() if n.key != ROOT}
    standing: Sequence[str] = sorted(inside.union(*(n.arrivals or () for n in run.state.nodes.values())))
    raise FlowMasterError(
        "instance.not_there",
        f"No token of {run.state.instance!r} is at {element!r}." + did_you_mean(element, standing),
        path=path,
        expected=list(standing),
        fix="Use one of the listed elements.",
        status=409,
    )
