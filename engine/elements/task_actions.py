"""What people do with a task: its life cycle after WS-HumanTask 1.1 (clause 4.7).

A task is `ready` for its candidates, `reserved` by one person, or `suspended`; completing it completes the element.
Exclusions (four-eyes) hold for every way of getting hold of a task and for completing it. Where the task has listeners,
what is asked for is done when they have agreed (`task_listeners.py`).
"""

from collections.abc import Mapping
from typing import NamedTuple

from flowmaster.engine.bpmn.vocabulary import INTERNAL
from flowmaster.engine.commands import ActOnTask
from flowmaster.engine.elements.task_listeners import EVENT_OF, corrected, hear, verdict_of
from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.events import TaskChanged, TaskPerformed, WaitClosed
from flowmaster.engine.execution import Execution
from flowmaster.engine.feel.said import said
from flowmaster.engine.forms import fields_of
from flowmaster.engine.lookup import open_task
from flowmaster.engine.model import UserTask
from flowmaster.engine.performers import kinds_of_roles
from flowmaster.engine.scope import visible
from flowmaster.engine.state import NOTHING, Asked, JobWait, Node, TaskWait
from flowmaster.engine.values import Json


class Transition(NamedTuple):
    """From which states an action may be done, and the state after it (None keeps the state)."""

    allowed: tuple[str, ...]
    after: str | None


TRANSITIONS: Mapping[str, Transition] = {
    "claim": Transition(("ready",), "reserved"),
    "release": Transition(("reserved",), "ready"),
    "complete": Transition(("ready", "reserved"), None),
    "save_draft": Transition(("ready", "reserved"), None),
    "assign": Transition(("ready", "reserved"), "reserved"),
    "delegate": Transition(("ready", "reserved"), "reserved"),
    "reject": Transition(("reserved", "ready"), "ready"),
    "comment": Transition(("ready", "reserved", "suspended"), None),
    "suspend": Transition(("ready", "reserved"), "suspended"),
    "resume": Transition(("suspended",), "ready"),
    "escalate": Transition(("ready", "reserved"), None),
}
"""The actions of `task_act` and the states they are allowed in."""


def act(run: Execution, task: TaskWait, command: ActOnTask) -> None:
    """Do one action on an open task, or refuse it with what is allowed instead."""
    transition = TRANSITIONS.get(command.action)
    if transition is None:
        raise FlowMasterError(
            "task.action_unknown",
            f"A task knows no action {command.action!r}.",
            path="action",
            expected=list(TRANSITIONS),
            fix="Use one of the listed actions.",
        )
    if task.state not in transition.allowed:
        allowed: list[Json] = [name for name, move in TRANSITIONS.items() if task.state in move.allowed]
        raise FlowMasterError(
            "task.state_forbids",
            f"The task {task.element!r} is {task.state}; `{command.action}` is not possible now.",
            path="action",
            expected=allowed,
            fix="Use one of the listed actions, or `task_read` to see the task.",
            status=409,
        )
    if command.action not in ("comment", "suspend", "resume", "escalate", "assign"):
        check_performer(task, command.by, command.roles, named=command.named)
    to = (command.to,) if command.to else ()
    asked = Asked(command.action, command.by, task.state, to, command.comment, command.variables)
    if command.action == "complete":
        _check_answer(run, task, _answer(task, asked))
    else:
        _changed(run, task, asked)
    ask(run, task, asked)


def ask(run: Execution, task: TaskWait, asked: Asked) -> None:
    """Do something to a task, once its listeners have agreed if it has some for this."""
    event = EVENT_OF.get(asked.action, "")
    if event not in _details(run, task).listeners:
        _apply(run, task, asked)
        return
    told: dict[str, Json] = {"action": asked.action, "by": asked.by}
    if asked.to:
        told["to"] = list(asked.to)
    run.emit(TaskChanged(task.but(state=event, asked=asked), event, told))
    hear(run, run.state.nodes[task.node], f"{event}:0")


def heard(run: Execution, node: Node, wait: JobWait, result: Mapping[str, Json]) -> None:
    """Go on after a listener of a task: with the next one, with what was asked for, or as before where it denies."""
    task = open_task(run.state, node)
    assert task is not None, "the listeners of a task end with it"
    assert task.asked is not None, "listeners are asked while something is asked for"
    verdict, asked = verdict_of(task, result), task.asked
    before = task.but(state=asked.before, asked=None)
    if verdict.denied:
        told: dict[str, Json] = {"action": asked.action, "by": asked.by, "reason": verdict.reason}
        run.emit(TaskChanged(before, "denied", told))
        return
    event, _, number = wait.purpose.partition(":")
    asked = asked._replace(corrections={**asked.corrections, **verdict.corrections})
    if int(number) + 1 == len(_details(run, task).listeners[event]):
        _apply(run, before, asked)
        return
    if verdict.corrections:
        run.emit(TaskChanged(task.but(asked=asked), "correct", verdict.corrections))
    hear(run, node, f"{event}:{int(number) + 1}")


def _apply(run: Execution, task: TaskWait, asked: Asked) -> None:
    """Do what was asked for."""
    if asked.action == "complete":
        _complete(run, task, asked)
    elif asked.action == "overdue":
        escalate(run, task, asked.to, asked.corrections)
    elif asked.action == "create":
        _created(run, task, asked)
    else:
        changed = _changed(run, task, asked)
        data: dict[str, Json] = dict(asked.corrections)
        if asked.comment:
            data["comment"] = asked.comment
        if asked.to:
            data["to"] = asked.to[0]
        run.emit(TaskChanged(changed, asked.action, data))


def _created(run: Execution, task: TaskWait, asked: Asked) -> None:
    """Offer a task that its listeners agreed to, and give it to whom the model or a listener names."""
    corrections = dict(asked.corrections)
    found = corrections.pop("assignee", asked.to[0] if asked.to else "")
    ready = _corrected(run, task, corrections)
    run.emit(TaskChanged(ready, "create", asked.corrections))
    if found:
        ask(run, ready, Asked("assign", asked.by, ready.state, (str(found),)))


def _details(run: Execution, task: TaskWait) -> UserTask:
    details = run.elements[task.element].details
    assert isinstance(details, UserTask)
    return details


def check_performer(task: TaskWait, person: str, roles: frozenset[str] | None, *, named: bool) -> None:
    """Refuse a person who is excluded, not a candidate, or not the one who holds the task.

    `roles` None means that the person counts as holding every role (single-user mode).
    """
    _check_exclusion(task, person, "as_user", "Give the person who performs the task as `as_user`.")
    if task.state == "reserved" and task.assignee != person and (named or roles is not None):
        raise FlowMasterError(
            "task.held_by_other",
            f"The task {task.element!r} is held by {task.assignee!r}.",
            path="as_user",
            expected=task.assignee,
            fix="Let the holder release it, or assign it to this person first.",
            status=409,
        )
    if roles is None or person == task.assignee or person in task.users or roles.intersection(task.roles):
        return
    if not task.roles and not task.users:
        return
    raise FlowMasterError(
        "task.not_candidate",
        f"{person!r} is no candidate for the task {task.element!r}.",
        path="as_user",
        expected=[*task.roles, *task.users],
        fix="Let a person with one of these roles do it.",
        status=403,
    )


def _check_exclusion(task: TaskWait, person: str, path: str, fix: str) -> None:
    if person in task.excluded:
        raise FlowMasterError(
            "task.person_excluded",
            f"{person!r} may not perform the task {task.element!r}: this person is excluded (four-eyes).",
            path=path,
            expected=f"a person other than {', '.join(task.excluded)}",
            fix=fix,
            next=[Hint("task_find", {"query": task.element}, "See who may perform it.")],
            status=403,
        )


def _complete(run: Execution, task: TaskWait, asked: Asked) -> None:
    node = run.state.nodes[task.node]
    run.emit(TaskPerformed(task.id, task.element, asked.by))
    run.resolve_incidents(node, "went on")
    run.emit(WaitClosed(task.id, task.element, "completed", {"by": asked.by, "comment": asked.comment}))
    run.finish(node, _answer(task, asked))


def _answer(task: TaskWait, asked: Asked) -> Mapping[str, Json]:
    return {**task.draft, **asked.variables} if task.draft else asked.variables


def _check_answer(run: Execution, task: TaskWait, answer: Mapping[str, Json]) -> None:
    """Refuse an answer that a check of the task forbids; a field of its form that is left out is null, whatever it was before."""
    details = _details(run, task)
    left_out = dict.fromkeys(fields_of(run.model.process.forms.get(details.form)))
    for check in details.checks:
        found = check.condition.value({**visible(run.state, task.node), **left_out, **answer}, run.at)
        if found is not True:
            raise FlowMasterError(
                "task.answer_forbidden",
                f"{check.message} (`{check.condition.text}` gave {said(found)}.)",
                path=f"variables.{check.path}" if check.path else "variables",
                expected=check.condition.text,
                fix="Give an answer for which the condition holds.",
                status=422,
            )


def _changed(run: Execution, task: TaskWait, asked: Asked) -> TaskWait:
    """Return a task after an action and what listeners corrected, or refuse whom it may not be given to."""
    return _corrected(run, _moved(task, asked), asked.corrections)


def _corrected(run: Execution, task: TaskWait, corrections: Mapping[str, Json]) -> TaskWait:
    changed = corrected(task, corrections)
    return changed.but(kinds=kinds_of(run, task.element, changed.roles))


def _moved(task: TaskWait, asked: Asked) -> TaskWait:
    state = TRANSITIONS[asked.action].after or task.state
    match asked.action:
        case "claim":
            return task.but(state=state, assignee=asked.by)
        case "release" | "reject":
            return task.but(state=state, assignee="")
        case "assign" | "delegate":
            if not asked.to:
                raise FlowMasterError(
                    "task.to_missing",
                    f"`{asked.action}` needs the person who gets the task.",
                    path="to",
                    fix="Give the person as `to`.",
                )
            _check_exclusion(task, asked.to[0], "to", "Give another person as `to`.")
            return task.but(state=state, assignee=asked.to[0])
        case "save_draft":
            return task.but(draft={**(task.draft or {}), **asked.variables})
        case "resume":
            return task.but(state="reserved" if task.assignee else "ready")
        case "escalate":
            return _raised(task, asked.to)
        case _:
            return task.but(state=state)


def escalate(
    run: Execution, task: TaskWait, to: tuple[str, ...], corrections: Mapping[str, Json] = NOTHING
) -> None:
    """Hand a task to other roles and raise its priority; what somebody has asked for stays asked for."""
    raised = _raised(task, to)
    if task.asked is not None:
        raised = raised.but(state=task.state, asked=task.asked._replace(before=raised.state))
    raised = _corrected(run, raised, corrections)
    run.emit(TaskChanged(raised, "escalate", {"from": list(task.roles), "to": list(to), **corrections}))


def _raised(task: TaskWait, to: tuple[str, ...]) -> TaskWait:
    """Return a task that is more urgent and, where roles are given, theirs."""
    urgent = task.but(priority=min(100, task.priority + 25))
    return urgent.but(state="ready", assignee="", roles=to, users=()) if to else urgent


def kinds_of(run: Execution, element: str, roles: tuple[str, ...]) -> tuple[str, ...]:
    """Return what the roles stand for, or the lane where none is named; nothing where all are of the house."""
    process = run.model.process
    if not process.role_kinds:
        return ()
    kinds = kinds_of_roles(process, roles or (process.elements[element].lane,))
    return () if kinds == (INTERNAL,) else kinds
