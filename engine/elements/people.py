"""User tasks: how work for people begins (WS-HumanTask 1.1): who may do it, by when, how urgent it is."""

from collections.abc import Sequence

from flowmaster.engine.elements.plain import Plain
from flowmaster.engine.elements.task_actions import ask, escalate, kinds_of
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.events import TaskChanged
from flowmaster.engine.execution import Execution, Fault
from flowmaster.engine.feel.said import said
from flowmaster.engine.jobs import ASSIGNING, CREATING
from flowmaster.engine.lookup import open_task
from flowmaster.engine.model import Element, UserTask, Value
from flowmaster.engine.state import Asked, Node, TaskWait, TimerWait
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
        asks = CREATING in details.listeners or (assignee != "" and ASSIGNING in details.listeners)
        task = TaskWait(
            run.key(), node.key, element.id, run.at, "reserved" if assignee and not asks else "ready",
            "" if asks else assignee, roles, users, excluded, due, follow_up, priority, None,
            kinds_of(run, element.id, roles),
        )  # fmt: skip
        run.wait(task)
        for number, (deadline, fire) in enumerate(zip(details.deadlines, fires, strict=True)):
            purpose = f"{deadline.action}:{number}"
            run.wait(TimerWait(run.key(), node.key, element.id, run.at, fire, "", 0, purpose))
        if asks:
            action = "create" if CREATING in details.listeners else "assign"
            ask(run, task, Asked(action, run.by, task.state, (assignee,) if assignee else ()))

    def deadline(self, run: Execution, node: Node, purpose: str) -> None:
        """Remind of the task, or hand it to the role that escalation names."""
        task = open_task(run.state, node)
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
        if task.asked is None:
            ask(run, task, Asked("overdue", run.by, task.state, to))
        else:
            escalate(run, task, to)


def _person(run: Execution, node: Node, value: Value | None) -> str:
    if value is None:
        return ""
    found = run.value(node, value)
    if found is None or found == "":
        raise Fault("task.assignee_empty", f"The assignee `{value.text}` gave nobody.")
    if not isinstance(found, str):
        raise Fault(
            "task.assignee_no_name", f"The assignee `{value.text}` gave {said(found)} instead of a name."
        )
    return found


def _names(run: Execution, node: Node, value: Value | None) -> tuple[str, ...]:
    if value is None:
        return ()
    found = run.value(node, value)
    if isinstance(found, str):
        return tuple(word for word in (part.strip() for part in found.split(",")) if word)
    if isinstance(found, Sequence) and all(isinstance(name, str) for name in found):
        return tuple(str(name) for name in found)
    raise Fault("task.candidates_no_names", f"`{value.text}` gave {said(found)} instead of names.")


def _excluded(run: Execution, node: Node, details: UserTask) -> tuple[str, ...]:
    if not details.exclusions:
        return ()
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
    raise Fault("task.exclusion_no_name", f"An exclusion gave {said(found)} instead of a name.")


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
        raise Fault("task.priority_no_number", f"The priority `{value.text}` gave {said(found)}.") from None
    return min(100, max(0, number))


def due_text(moment: int | None) -> str | None:
    """Return an instant as ISO 8601, or None."""
    return None if moment is None else iso(moment)
