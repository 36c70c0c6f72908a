"""Derives the links of a process or decision from its model."""

from collections.abc import Iterable, Iterator

from flowmaster.engine.bpmn.vocabulary import SENDING_KINDS, WAITING_KINDS
from flowmaster.engine.dmn import model as m
from flowmaster.engine.elements.scopes import may_start
from flowmaster.engine.links.model import DATA, DECISION, FORM, MESSAGE, PROCESS, ROLE, SIGNAL, Link, Node
from flowmaster.engine.model import (
    Call,
    Constant,
    Element,
    EventGateway,
    Message,
    MultiInstance,
    Process,
    Rule,
    Signal,
    Timer,
    Triggers,
    UserTask,
    Value,
)


def process_links(process: Process) -> tuple[Link, ...]:
    """Return the links of a process, each once, in the order of its elements."""
    own = Node(PROCESS, process.id)
    free = _reached_freely(process)
    found: list[Link] = [Link("shares_data", own, Node(DATA, item.name), process.id) for item in process.data]
    for element in process.elements.values():
        found += (Link("shares_data", own, Node(DATA, name), element.id) for name in element.data)
        found += _work_links(process, own, element, element.id in free)
        for details in _events_of(element):
            if isinstance(details, Message | Signal):
                found.append(_event_link(process, own, element, details))
        for details in _thrown_by_loop(element):
            if isinstance(details, Message | Signal):
                found.append(Link("sends", own, _heard(details), element.id))
    return tuple(dict.fromkeys(found))


def decision_links(definitions: m.Definitions, decision: str) -> tuple[Link, ...]:
    """Return the links of a decision of a file: the decisions that it requires, directly or through its knowledge."""
    own = Node(DECISION, decision)
    decisions = {one.id for one in definitions.decisions}
    knowledge = {one.id: one.knows for one in definitions.knowledge}
    knowledge |= {one.id: (*one.outputs, *one.encapsulated) for one in definitions.services}
    asked = next((one for one in definitions.decisions if one.id == decision), None)
    waiting = [*asked.requires, *asked.knows] if asked is not None else []
    found: dict[Link, None] = {}
    seen: set[str] = set()
    while waiting:
        key = waiting.pop(0).rpartition("#")[2]
        if key in seen:
            continue
        seen.add(key)
        if key in decisions and key != decision:
            found[Link("requires", own, Node(DECISION, key))] = None
        waiting += knowledge.get(key, ())
    return tuple(found)


def _work_links(process: Process, own: Node, element: Element, free: bool) -> Iterator[Link]:
    match element.details:
        case Call() as call:
            yield Link("calls", own, _named(PROCESS, call.process), element.id, call.version, free)
        case Rule() as rule:
            yield Link("decides_by", own, _named(DECISION, rule.decision), element.id, rule.version)
        case UserTask() as task:
            if task.form:
                key = f"{process.id}/{task.form}" if task.form in process.forms else task.form
                yield Link("uses_form", own, Node(FORM, key), element.id)
            for role in _roles(process, element, task):
                yield Link("done_by", own, Node(ROLE, role), element.id)


def _roles(process: Process, element: Element, task: UserTask) -> Iterable[str]:
    """Return the names of the roles that a task is for, and of those that it goes to when it is late."""
    values = [task.roles, *(deadline.to for deadline in task.deadlines)]
    found = [text for value in values if value is not None for text in _texts(value)]
    if task.roles is None and element.lane:
        found.append(element.lane)
    return dict.fromkeys(process.roles.get(role) or role for role in found if role)


def _texts(value: Value) -> list[str]:
    if not isinstance(value, Constant):
        return [f"={value.text}"]
    content = value.content
    listed = content if isinstance(content, list | tuple) else str(content).split(",")
    return [str(one).strip() for one in listed]


def _event_link(process: Process, own: Node, element: Element, details: Message | Signal) -> Link:
    heard = _heard(details)
    if element.kind in SENDING_KINDS:
        return Link("sends", own, heard, element.id)
    return Link("starts" if may_start(process, element) else "receives", heard, own, element.id)


def _events_of(element: Element) -> list[object]:
    details = element.details
    return [one.details for one in details.all] if isinstance(details, Triggers) else [details]


def _thrown_by_loop(element: Element) -> list[object]:
    loop = element.loop
    if not isinstance(loop, MultiInstance):
        return []
    thrown = [one.event for one in loop.complex] + ([loop.event] if loop.event is not None else [])
    return [one.details for one in thrown]


def _heard(details: Message | Signal) -> Node:
    return _named(MESSAGE if isinstance(details, Message) else SIGNAL, details.name)


def _named(kind: str, name: Value) -> Node:
    """Return the node of a name; what only a run will name keeps its expression."""
    return Node(kind, str(name.content) if isinstance(name, Constant) else f"={name.text.removeprefix('=')}")


def _reached_freely(process: Process) -> frozenset[str]:
    """Return the elements that a new instance can reach without waiting for a person, a timer or an event."""
    waiting = [
        one.id
        for one in process.elements.values()
        if may_start(process, one) or one.id in process.root.starts
    ]
    seen: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key in seen:
            continue
        seen.add(key)
        element = process.elements[key]
        if _waits(element):
            continue
        waiting += [flow.target for flow in element.outgoing]
        waiting += element.starts
        waiting += [boundary.id for boundary in element.boundaries if not isinstance(boundary.details, Timer)]
    return frozenset(seen)


def _waits(element: Element) -> bool:
    return element.kind in WAITING_KINDS or isinstance(element.details, EventGateway | UserTask)
