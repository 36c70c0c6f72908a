"""User tasks: work for people, with a life cycle after WS-HumanTask 1.1 (clause 4.7).

A task is `ready` for its candidates, `reserved` by one person, or `suspended`; completing it completes the
element. Exclusions (four-eyes) hold for every way of getting hold of a task and for completing it.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flowmaster.engine.bpmn.vocabulary import INTERNAL
from flowmaster.engine.commands import ActOnTask
from flowmaster.engine.elements.plain import Plain
from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.events import TaskChanged, TaskPerformed, WaitClosed
from flowmaster.engine.execution import Execution, Fault
from flowmaster.engine.model import Element, UserTask, Value
from flowmaster.engine.performers import kinds_of_roles
from flowmaster.engine.scope import visible
from flowmaster.engine.state import Node, TaskWait, TimerWait
from flowmaster.engine.timers import instant, iso, later
from flowmaster.engine.values import Json

DEADLINE = "deadline/"
"""The stage of an incident at a deadline of an open task, before the deadline's purpose."""

PRIORITY = 50
"""The priority of a task that names none, between 0 and 100 as in zeebe:priorityDefinition."""


class HumanTask(Plain):
    """Opens a task and waits until a person completes it."""

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Work out who may do it and by when, and open the task with its deadlines."""
        details = element.details
        assert isinstance(details, UserTask)
        assignee = _person(run, node, details.assignee)
        roles, users = _names(run, node, details.roles), _names(run, node, details.users)
        excluded = _excluded(run, node, details)
        if assignee in excluded:
            assignee = ""
        due = _moment(run, node, details.due)
        follow_up = _moment(run, node, details.follow_up)
        priority = _priority(run, node, details.priority)
        deadlines = [run.text(node, deadline.after, "The deadline") for deadline in details.deadlines]
        fires = [later(run.at, after, run.model.process.calendars) for after in deadlines]
        state = "reserved" if assignee else "ready"
        run.wait(
            TaskWait(
                run.key(), node.key, element.id, run.at, state, assignee, roles, users, excluded, due, follow_up,
                priority, None, _kinds(run, element.id, roles),
            )
        )  # fmt: skip
        for number, (deadline, fire) in enumerate(zip(details.deadlines, fires, strict=True)):
            purpose = f"{deadline.action}:{number}"
            run.wait(TimerWait(run.key(), node.key, element.id, run.at, fire, "", 0, purpose))

    def deadline(self, run: Execution, node: Node, purpose: str) -> None:
        """Remind of the task, or hand it to the role that escalation names."""
        task = open_task(run, node)
        element = run.element(node)
        details = element.details
        action, _, number = purpose.partition(":")
        if task is None:
            return
        assert isinstance(details, UserTask)
        if action == "remind":
            run.emit(TaskChanged(task, "remind", {"to": task.assignee or ", ".join(task.roles + task.users)}))
            return
        try:
            to = _names(run, node, details.deadlines[int(number)].to)
        except (Fault, FlowMasterError) as fault:
            run.resolve_incidents(node, "replaced")
            run.raise_incident(node, DEADLINE + purpose, fault.code, fault.message)
            return
        escalate(run, task, to)


def escalate(run: Execution, task: TaskWait, to: tuple[str, ...]) -> None:
    """Hand a task to other roles and raise its priority; without a role it only becomes more urgent."""
    raised = task._replace(
        state="ready" if to else task.state,
        assignee="" if to else task.assignee,
        roles=to or task.roles,
        users=() if to else task.users,
        priority=min(100, task.priority + 25),
        kinds=_kinds(run, task.element, to) if to else task.kinds,
    )
    run.emit(TaskChanged(raised, "escalate", {"from": list(task.roles), "to": list(to)}))


def open_task(run: Execution, node: Node) -> TaskWait | None:
    """Return the open task of a node."""
    for key in node.waits:
        wait = run.state.waits[key]
        if isinstance(wait, TaskWait):
            return wait
    return None


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
    if command.action == "complete":
        _complete(run, task, command)
        return
    changed = _changed(task, command, transition)
    if changed.roles != task.roles:
        changed = changed._replace(kinds=_kinds(run, task.element, changed.roles))
    data: dict[str, Json] = {}
    if command.comment:
        data["comment"] = command.comment
    if command.to:
        data["to"] = command.to
    run.emit(TaskChanged(changed, command.action, data))


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


def _complete(run: Execution, task: TaskWait, command: ActOnTask) -> None:
    node = run.state.nodes[task.node]
    variables = {**(task.draft or {}), **command.variables}
    _check_answer(run, task, variables)
    run.emit(TaskPerformed(task.id, task.element, command.by))
    run.resolve_incidents(node, "went on")
    run.emit(WaitClosed(task.id, task.element, "completed", {"by": command.by, "comment": command.comment}))
    run.finish(node, variables)


def _check_answer(run: Execution, task: TaskWait, answer: Mapping[str, Json]) -> None:
    """Refuse an answer that a check of the task forbids."""
    details = run.model.process.elements[task.element].details
    assert isinstance(details, UserTask)
    for check in details.checks:
        found = check.condition.value({**visible(run.state, task.node), **answer}, run.at)
        if found is not True:
            raise FlowMasterError(
                "task.answer_forbidden",
                f"{check.message} (`{check.condition.text}` gave {found!r}.)",
                path=f"variables.{check.path}" if check.path else "variables",
                expected=check.condition.text,
                fix="Give an answer for which the condition holds.",
                status=422,
            )


def _changed(task: TaskWait, command: ActOnTask, transition: Transition) -> TaskWait:
    state = transition.after or task.state
    match command.action:
        case "claim":
            return task._replace(state=state, assignee=command.by)
        case "release" | "reject":
            return task._replace(state=state, assignee="")
        case "assign" | "delegate":
            if not command.to:
                raise FlowMasterError(
                    "task.to_missing",
                    f"`{command.action}` needs the person who gets the task.",
                    path="to",
                    fix="Give the person as `to`.",
                )
            _check_exclusion(task, command.to, "to", "Give another person as `to`.")
            return task._replace(state=state, assignee=command.to)
        case "save_draft":
            return task._replace(draft={**(task.draft or {}), **command.variables})
        case "resume":
            return task._replace(state="reserved" if task.assignee else "ready")
        case "escalate":
            if command.to:
                return task._replace(
                    state="ready",
                    assignee="",
                    roles=(command.to,),
                    users=(),
                    priority=min(100, task.priority + 25),
                )
            return task._replace(priority=min(100, task.priority + 25))
        case _:
            return task._replace(state=state)


def _person(run: Execution, node: Node, value: Value | None) -> str:
    if value is None:
        return ""
    found = run.value(node, value)
    if found is None or found == "":
        raise Fault("task.assignee_empty", f"The assignee `{value.text}` gave nobody.")
    if not isinstance(found, str):
        raise Fault("task.assignee_no_name", f"The assignee `{value.text}` gave {found!r} instead of a name.")
    return found


def _names(run: Execution, node: Node, value: Value | None) -> tuple[str, ...]:
    if value is None:
        return ()
    found = run.value(node, value)
    if isinstance(found, str):
        return tuple(word for word in (part.strip() for part in found.split(",")) if word)
    if isinstance(found, Sequence) and all(isinstance(name, str) for name in found):
        return tuple(str(name) for name in found)
    raise Fault("task.candidates_no_names", f"`{value.text}` gave {found!r} instead of names.")


def _kinds(run: Execution, element: str, roles: tuple[str, ...]) -> tuple[str, ...]:
    """Return what the roles stand for, or the lane where none is named; nothing where all are of the house."""
    process = run.model.process
    if not process.role_kinds:
        return ()
    kinds = kinds_of_roles(process, roles or (process.elements[element].lane,))
    return () if kinds == (INTERNAL,) else kinds


def _excluded(run: Execution, node: Node, details: UserTask) -> tuple[str, ...]:
    people: list[str] = []
    for exclusion in details.exclusions:
        if exclusion.step:
            people.extend(run.state.performers.get(exclusion.step, ()))
        else:
            assert exclusion.person is not None
            found = run.value(node, exclusion.person)
            if found is None:
                raise Fault("task.exclusion_empty", f"The exclusion `{exclusion.person.text}` gave nobody.")
            people.extend([found] if isinstance(found, str) else _texts(found))
    return tuple(dict.fromkeys(people))


def _texts(found: Json) -> list[str]:
    if isinstance(found, Sequence) and all(isinstance(name, str) for name in found):
        return [str(name) for name in found]
    raise Fault("task.exclusion_no_name", f"An exclusion gave {found!r} instead of a name.")


def _moment(run: Execution, node: Node, value: Value | None) -> int | None:
    if value is None:
        return None
    found = run.value(node, value)
    if found is None:
        return None
    text = str(found)
    return later(run.at, text, run.model.process.calendars) if text.startswith("P") else instant(text)


def _priority(run: Execution, node: Node, value: Value | None) -> int:
    if value is None:
        return PRIORITY
    found = run.value(node, value)
    try:
        number = int(found) if isinstance(found, str | int) else int(str(found))
    except ValueError:
        raise Fault("task.priority_no_number", f"The priority `{value.text}` gave {found!r}.") from None
    return min(100, max(0, number))


def due_text(moment: int | None) -> str | None:
    """Return an instant as ISO 8601, or None."""
    return None if moment is None else iso(moment)
