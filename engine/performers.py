"""What a step is done by: people of the house or of others, a machine, an AI agent, a decision, or steps of its own."""

from collections.abc import Iterable

from flowmaster.engine.bpmn.vocabulary import INTERNAL, ROLE_KINDS, SUB_PROCESS_KINDS
from flowmaster.engine.model import Call, Constant, Element, Process, Rule, UserTask

MACHINE = "machine"
DECISION = "decision"
SUB_PROCESS = "sub_process"
PERFORMER_KINDS = (*ROLE_KINDS, DECISION, SUB_PROCESS)
"""What steps can be found by."""

_BY_HAND = frozenset(("manualTask", "task"))


def kinds_of_roles(process: Process, roles: Iterable[str]) -> tuple[str, ...]:
    """Return the kinds of roles, which are named by their ids or names, each kind once."""
    if not process.role_kinds:
        return (INTERNAL,)
    by_name = {name: process.role_kinds.get(role, INTERNAL) for role, name in process.roles.items()}
    kinds = (process.role_kinds.get(role) or by_name.get(role, INTERNAL) for role in roles)
    return tuple(dict.fromkeys(kinds)) or (INTERNAL,)


def performers_of(process: Process, element: Element) -> tuple[str, ...]:
    """Return the kinds of who does a step; nothing for gateways, events, and roles that only a run will name."""
    details = element.details
    if isinstance(details, UserTask) and details.roles is not None:
        named = details.roles
        return kinds_of_roles(process, _texts(named.content)) if isinstance(named, Constant) else ()
    if isinstance(details, UserTask) or element.kind in _BY_HAND:
        return kinds_of_roles(process, [element.lane])
    if isinstance(details, Rule):
        return (DECISION,)
    if isinstance(details, Call) or element.kind in SUB_PROCESS_KINDS:
        return (SUB_PROCESS,)
    return (MACHINE,) if element.kind.endswith("Task") and element.kind != "receiveTask" else ()


def _texts(content: object) -> list[str]:
    listed = content if isinstance(content, list | tuple) else str(content).split(",")
    return [str(one).strip() for one in listed]
