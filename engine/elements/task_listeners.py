"""Listeners of people's tasks (zeebe:taskListeners): jobs that are done before something happens to a task.

A task stays in the state `creating`, `assigning`, `updating` or `completing` until all listeners of that event have
answered. An answer may deny what was asked for, or correct who does the task and by when.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.execution import Execution, Fault
from flowmaster.engine.feel.said import said
from flowmaster.engine.jobs import ASSIGNING, COMPLETING, CREATING, UPDATING, open_job
from flowmaster.engine.model import UserTask
from flowmaster.engine.state import Node, TaskWait
from flowmaster.engine.timers import instant
from flowmaster.engine.values import Json

HEARING = "hearing/"
"""The stage of an incident of a task whose next listener cannot be asked, before the purpose of its job."""

EVENT_OF: Mapping[str, str] = {
    "create": CREATING,
    "claim": ASSIGNING,
    "release": ASSIGNING,
    "assign": ASSIGNING,
    "delegate": ASSIGNING,
    "reject": ASSIGNING,
    "escalate": UPDATING,
    "overdue": UPDATING,
    "complete": COMPLETING,
}
"""What is asked for, and the listeners that decide on it."""

CORRECTED: Mapping[str, str] = {
    "assignee": "assignee",
    "dueDate": "due",
    "followUpDate": "follow_up",
    "candidateUsers": "users",
    "candidateGroups": "roles",
    "priority": "priority",
}
"""What listeners may correct, and the fields of a task that hold it."""


class Verdict(NamedTuple):
    """What a listener answers: whether it denies, why, and new values of fields of the task."""

    denied: bool
    reason: str
    corrections: Mapping[str, Json]


def hear(run: Execution, node: Node, purpose: str) -> None:
    """Ask a listener of a task: the one that `purpose` (`completing:0`) names."""
    element = run.element(node)
    details = element.details
    assert isinstance(details, UserTask)
    event, _, number = purpose.partition(":")
    try:
        open_job(run, node, element, details.listeners[event][int(number)], purpose)
    except (Fault, FlowMasterError) as fault:
        run.resolve_incidents(node, "replaced")
        run.raise_incident(node, HEARING + purpose, fault.code, fault.message)


def verdict_of(task: TaskWait, result: Mapping[str, Json]) -> Verdict:
    """Read what a listener answers, or refuse it with the place and what it may say."""
    for name in result:
        if name not in ("denied", "deniedReason", "corrections"):
            allowed: list[Json] = ["denied", "deniedReason", "corrections"]
            raise _wrong(
                task, name, f"knows no {name!r}.{did_you_mean(name, [str(one) for one in allowed])}", allowed
            )
    denied, reason, corrections = result.get("denied"), result.get("deniedReason"), result.get("corrections")
    if denied is not None and not isinstance(denied, bool):
        raise _wrong(task, "denied", f"has {said(denied)} as `denied`.", [True, False])
    if reason is not None and not isinstance(reason, str):
        raise _wrong(task, "deniedReason", f"has {said(reason)} as `deniedReason`.", ["a text"])
    if corrections is not None and not isinstance(corrections, Mapping):
        raise _wrong(task, "corrections", "has corrections that are no object.", list(CORRECTED))
    if denied and task.state == CREATING:
        raise _wrong(task, "denied", "cannot deny that the task is created.", ["corrections"])
    if denied and corrections:
        raise _wrong(task, "corrections", "denies and corrects at once.", ["denied", "corrections"])
    for name, value in (corrections or {}).items():
        _check_correction(task, name, value)
    return Verdict(bool(denied), reason or "", dict(corrections or {}))


def corrected(task: TaskWait, corrections: Mapping[str, Json]) -> TaskWait:
    """Return a task with the fields that listeners corrected."""
    values: dict[str, object] = {
        CORRECTED[name]: _value_of(name, value) for name, value in corrections.items()
    }
    if "assignee" in values and task.state in ("ready", "reserved"):
        values["state"] = "reserved" if values["assignee"] else "ready"
    return task.but(**values)


def _check_correction(task: TaskWait, name: str, value: Json) -> None:
    path = f"corrections.{name}"
    if name not in CORRECTED:
        told = f"cannot correct {name!r}.{did_you_mean(name, list(CORRECTED))}"
        raise _wrong(task, path, told, list(CORRECTED))
    if name == "priority":
        fits, expected = isinstance(value, int | Decimal) and 0 <= value <= 100, "a number from 0 to 100"
    elif name in ("candidateUsers", "candidateGroups"):
        named = value if isinstance(value, Sequence) and not isinstance(value, str) else (None,)
        fits = all(isinstance(one, str) and one for one in named)
        expected = "a list of names"
    elif name == "assignee":
        fits, expected = (
            isinstance(value, str) and value not in task.excluded,
            "the name of a person who may do it",
        )
    else:
        fits, expected = (
            _is_instant(value),
            "an instant such as 2030-01-31T12:00:00Z, or an empty text for none",
        )
    if isinstance(value, bool) or not fits:
        raise _wrong(task, path, f"corrects {name!r} to {said(value)}.", [expected])


def _is_instant(value: Json) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return not value or instant(value) > 0
    except FlowMasterError:
        return False


def _value_of(name: str, value: Json) -> object:
    if name in ("dueDate", "followUpDate"):
        return instant(str(value)) if value else None
    if name in ("candidateUsers", "candidateGroups"):
        assert isinstance(value, Sequence)
        return tuple(str(one) for one in value)
    return int(value) if isinstance(value, Decimal) else value


def _wrong(task: TaskWait, path: str, told: str, expected: Sequence[Json]) -> FlowMasterError:
    return FlowMasterError(
        "job.verdict_wrong",
        f"The answer of a listener of the task {task.element!r} {told}",
        path=f"variables.{path}",
        expected=list(expected),
        fix="Answer nothing to agree, `denied` with `deniedReason`, or `corrections` of the task.",
        status=422,
    )
