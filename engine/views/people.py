"""Who does a step, as its model says: a role, a person, an agent, a service, a rule, another process, or nobody named."""

from typing import Final, NamedTuple

from flowmaster.engine.bpmn.vocabulary import ACTIVITY_KINDS, SUB_PROCESS_KINDS
from flowmaster.engine.model import (
    Call,
    Constant,
    Element,
    Job,
    Message,
    Process,
    Rule,
    Script,
    UserTask,
    Value,
)

ROLE: Final = "role"
PERSON: Final = "person"
AGENT: Final = "agent"
SYSTEM: Final = "system"
OUTSIDE: Final = "outside"


class Doer(NamedTuple):
    """One who does a step: what kind of one, what people call them, and what in the model says so."""

    kind: str
    name: str
    why: str


def steps_of(process: Process) -> list[Element]:
    """Return what is done in a process: its activities, without the sub-processes around them."""
    return [
        one
        for one in process.elements.values()
        if one.kind in ACTIVITY_KINDS and one.kind not in SUB_PROCESS_KINDS
    ]


def doers(process: Process, element: Element) -> tuple[Doer, ...]:
    """Return who does a step, none where the model names nobody."""
    match element.details:
        case UserTask() as task:
            return _people(process, element, task)
        case Job(agent=agent) as job if agent is not None:
            return (Doer(AGENT, "AI agent", f"the agent's job `{job.type.text}`"),)
        case Job() as job:
            return (Doer(SYSTEM, f"service {job.type.text}", "the job of the step"),)
        case Rule() as rule:
            return (Doer(SYSTEM, f"rule {rule.decision.text}", "the decision of the step"),)
        case Script():
            return (Doer(SYSTEM, "FlowMaster", "it is computed"),)
        case Call() as call:
            return (Doer(SYSTEM, f"process {call.process.text}", "the process that it calls"),)
        case Message() as message if element.kind == "receiveTask":
            return (Doer(OUTSIDE, f"sender of {message.name.text}", "the message it waits for"),)
    if element.kind in ("manualTask", "task") and element.lane:
        return (Doer(ROLE, element.lane, "its lane"),)
    return ()


def _people(process: Process, element: Element, task: UserTask) -> tuple[Doer, ...]:
    found = [Doer(ROLE, role, "the role of the task") for role in roles_in(process, task.roles)]
    for value, why in (
        (task.assignee, "who the task is assigned to"),
        (task.users, "who the task is offered to"),
    ):
        found += [Doer(PERSON, name, why) for name in named(value)]
    if not found and element.lane:
        found.append(Doer(ROLE, element.lane, "its lane"))
    return tuple(dict.fromkeys(found))


def roles_in(process: Process, value: Value | None) -> list[str]:
    """Return the names of the roles that a value names."""
    return [process.roles.get(role) or role for role in named(value)]


def named(value: Value | None) -> list[str]:
    """Return the names that a value lists; what only a run will name keeps its expression."""
    if value is None:
        return []
    if not isinstance(value, Constant):
        return [f"={value.text.removeprefix('=').strip()}"]
    content = value.content
    listed = content if isinstance(content, list | tuple) else str(content).split(",")
    return [name for one in listed if (name := str(one).strip())]
