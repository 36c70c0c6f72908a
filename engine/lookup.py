"""What an execution looks up in its model and state: mapped values, conditions, what a turn gives."""

from collections.abc import Iterator, Mapping

from flowmaster.engine.bpmn.vocabulary import THROW_EVENT_KINDS
from flowmaster.engine.feel.expression import to_json
from flowmaster.engine.jobs import START
from flowmaster.engine.model import (
    AdHoc,
    Compensation,
    Conditional,
    Element,
    IoMapping,
    Job,
    MultiInstance,
    Process,
    Triggers,
    UserTask,
    Value,
)
from flowmaster.engine.scope import Scope, scope_of, visible
from flowmaster.engine.state import EventWait, JobWait, Node, State, TaskWait
from flowmaster.engine.timers import later
from flowmaster.engine.values import Json


def as_json(found: object) -> Json:
    """Return a FEEL value as JSON; the most frequent ones are JSON already."""
    return found if found is None or isinstance(found, (int, str)) else to_json(found)


def mapped(
    state: State, key: int, mappings: tuple[IoMapping, ...], at: int, *, merge: bool
) -> dict[str, Json]:
    """Return the values that mappings give where a node stands; later ones see what earlier ones gave.

    With `merge`, entries of an existing context that a path leads into stay.
    """
    outer = scope_of(state, key)
    values: dict[str, Json] = {}
    seen = Scope((values, outer))
    for mapping in mappings:
        found = as_json(mapping.source.value(seen, at))
        _put(values, mapping.target, found, outer if merge else {})
    return values


def seen_by_job(state: State, wait: JobWait) -> dict[str, Json]:
    """Return the variables that a job sees: those of its place and, for a listener of a task, the answer it judges."""
    seen = visible(state, wait.node)
    task = open_task(state, state.nodes[wait.node]) if wait.purpose else None
    return seen if task is None or task.asked is None else {**seen, **task.asked.variables}


def tokens_in(state: State, elements: Mapping[str, Element], scope: Node) -> Iterator[str]:
    """Return the elements at which tokens of a scope stand: inside nodes, and at joins."""
    for node in state.nodes.values():
        if node.scope == scope.key and carries_token(node, elements[node.element]):
            yield node.element
    yield from scope.arrivals or ()


def job_of(element: Element, purpose: str = "") -> Job | None:
    """Return the work that an element hands out: its own, that of a listener, or the choice among a box of tools."""
    details = element.details
    if purpose:
        when, number = purpose.split(":")[:2]
        if isinstance(details, UserTask) and when in details.listeners:
            return details.listeners[when][int(number)]
        return (element.at_start if when == START else element.at_end)[int(number)]
    if isinstance(details, AdHoc):
        return details.job
    return details if isinstance(details, Job) else None


def tried_again(process: Process, state: State, wait: JobWait, now: int) -> int | None:
    """Return when a model wants a job tried again that fails now."""
    job = job_of(process.elements[wait.element], wait.purpose)
    if job is None or job.backoff is None:
        return None
    return later(now, str(job.backoff.value(scope_of(state, wait.node), now)))


def open_task(state: State, node: Node) -> TaskWait | None:
    """Return the open task of a node."""
    for key in node.waits:
        wait = state.waits[key]
        if isinstance(wait, TaskWait):
            return wait
    return None


def by_scope(state: State) -> Mapping[int, list[Node]]:
    """Return all nodes by the scope they stand in, so that a tree of scopes is walked in one pass."""
    found: dict[int, list[Node]] = {}
    for node in state.nodes.values():
        found.setdefault(node.scope, []).append(node)
    return found


MUTEX = "mutex"
"""The kind of wait for a mutex that another activity of the instance has."""


def mutex_wait(state: State, node: Node) -> EventWait | None:
    """Return a node's wait for a mutex."""
    for key in node.waits:
        wait = state.waits[key]
        if isinstance(wait, EventWait) and wait.kind == MUTEX:
            return wait
    return None


def holder_of(state: State, elements: Mapping[str, Element], mutex: str, besides: int) -> Node | None:
    """Return the node that has a mutex: it stands at one of its activities and neither waits for it nor is undone."""
    for node in state.nodes.values():
        has = elements[node.element].mutex == mutex and node.undo is None
        if has and node.key != besides and mutex_wait(state, node) is None:
            return node
    return None


def carries_token(node: Node, element: Element) -> bool:
    """Return whether a token goes on from a node: not from what undoes beside an event that does not wait for it."""
    if node.undo is None:
        return True
    apart = isinstance(element.details, Compensation) and not element.details.wait
    return element.kind in THROW_EVENT_KINDS and not apart


def condition_of(element: Element, text: str) -> Value:
    """Return the condition of an event; one with several definitions finds it by its text."""
    details = element.details
    found = [one.details for one in details.all] if isinstance(details, Triggers) else [details]
    return next(one.condition for one in found if isinstance(one, Conditional) and one.condition.text == text)


def output_name(element: Element) -> str:
    """Return the variable of each turn that its output element reads, empty if it is not one variable."""
    loop = element.loop
    if not isinstance(loop, MultiInstance) or loop.output_element is None or not loop.output_collection:
        return ""
    names = loop.output_element.names
    name = next(iter(names)) if len(names) == 1 else ""
    return name if loop.output_element.text.removeprefix("=").strip().partition(".")[0] == name else ""


def _put(values: dict[str, Json], path: tuple[str, ...], value: Json, existing: Mapping[str, object]) -> None:
    """Set the value at a path such as `order.total`; other entries of an existing context stay."""
    if len(path) == 1:
        values[path[0]] = value
        return
    name = path[0]
    inner = values.get(name, existing.get(name))
    context = dict(inner) if isinstance(inner, Mapping) else {}
    _put(context, path[1:], value, {})
    values[name] = context
