"""What a step changes in the lists of waits: one pure answer for every store."""

from typing import NamedTuple

from flowmaster.engine.bpmn.vocabulary import INTERNAL, ROLE_KINDS
from flowmaster.engine.state import ChildWait, EventWait, JobWait, State, TaskWait, TimerWait, Wait

TASK, JOB, TIMER, EVENT, CHILD = 1, 2, 3, 4, 5
"""The kinds of waits as stores write them down."""

PAUSED, SANDBOX, SPENT = 1, 2, 4
"""Why a wait is held: its instance is paused, or a sandbox, or the job has no retries left."""

ANYBODY = "*"
"""The candidate of a task that names none."""


_UNNAMED = frozenset({ANYBODY})


class WaitChanges(NamedTuple):
    """The waits to write; `cleared` says that some went and none is left, `held` sets or lifts the pause of all.

    Those that went, and how those that changed were before, stand in `state.changed.waits`.
    """

    put: dict[int, Wait]
    cleared: bool
    held: bool | None


_NO_CHANGES = WaitChanges({}, False, None)


class WaitKeys(NamedTuple):
    """What a wait is found by. `topic` is a job's type or `message:name`, `person` a task's assignee."""

    kind: int
    held: int
    state: str
    person: str
    priority: int
    topic: str
    key: str
    due: int | None


def wait_changes(state: State) -> WaitChanges:
    """Return what has happened to the waits of an instance since its state was stored last."""
    changed, waits = state.changed, state.waits
    if not (changed.opened or changed.waits or changed.held):
        return _NO_CHANGES
    put = {key: waits[key] for key in (*sorted(changed.opened), *changed.waits) if key in waits}
    held = state.status == "paused" if changed.held else None
    return WaitChanges(put, bool(changed.waits) and not waits, held)


def wait_keys(wait: Wait, *, paused: bool, sandbox: bool) -> WaitKeys:
    """Return what a wait is found by."""
    held = (PAUSED if paused else 0) | (SANDBOX if sandbox else 0)
    match wait:
        case TaskWait():
            return WaitKeys(TASK, held, wait.state, wait.assignee, wait.priority, "", "", None)
        case JobWait():
            return WaitKeys(
                JOB, held | (0 if wait.retries > 0 else SPENT), "", "", 0, wait.type, "", wait.due
            )
        case TimerWait():
            return WaitKeys(TIMER, held, "", "", 0, "", "", wait.due)
        case EventWait():
            return WaitKeys(EVENT, held, "", "", 0, topic(wait.kind, wait.name), wait.key, None)
        case ChildWait():
            return WaitKeys(CHILD, held, "", "", 0, "", "", None)


def topic(kind: str, name: str) -> str:
    """Return the name under which a message or signal is subscribed to."""
    return f"{kind}:{name}"


def candidates(wait: TaskWait) -> frozenset[str]:
    """Return what a task is found by.

    These are who it is offered to (`role:x`, `user:x`, else anybody), who it excludes (`not:x`), and what its roles
    stand for where they are not all of the house (`by:x`).
    """
    if not (wait.roles or wait.users or wait.excluded or wait.kinds):
        return _UNNAMED
    offered = {f"role:{role}" for role in wait.roles} | {f"user:{user}" for user in wait.users}
    excluded = {f"not:{user}" for user in wait.excluded}
    return frozenset((offered or {ANYBODY}) | excluded | {f"by:{kind}" for kind in wait.kinds})


def wanted_kinds(kind: str) -> tuple[str, tuple[str, ...]]:
    """Return the candidate that a task of a kind has, and those that a task without it must not have."""
    others = tuple(f"by:{other}" for other in ROLE_KINDS if other != INTERNAL)
    return f"by:{kind}", others if kind == INTERNAL else ()
