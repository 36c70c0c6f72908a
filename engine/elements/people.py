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
from flowmaster.engine.model import Deadline, Element, UserTask, Value
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
        fires = [_fires(run, node, one) for one in details.deadlines]
        asks = CREATING in details.listeners or (assignee != "" and ASSIGNING in details.listeners)
        task = TaskWait(
            run.key(), node.key, element.id, run.at, "reserved" if assignee and not asks else "ready",
            "" if asks else assignee, roles, users, excluded, due, follow_up, priority, None,
            kinds_of(run, element.id, roles),
        )  # fmt: skip
        run.wait(task)
        for number, fire in enumerate(fires):
            run.wait(_deadline_wait(run, node, element, number, fire))
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


def revised_task(run: Execution, node: Node, before: UserTask, element: Element, task: TaskWait) -> TaskWait:
    """Return an open task as another version of its element has it, where that says something else than `before`.

    What people have done stays: their drafts, and who holds it, unless that was whom the model named. Times count from
    when the task was opened.
    """
    now, changed = element.details, dict[str, object]()
    assert isinstance(now, UserTask)
    if _text(before.roles) != _text(now.roles):
        changed["roles"] = _names(run, node, now.roles)
    if _text(before.users) != _text(now.users):
        changed["users"] = _names(run, node, now.users)
    if before.exclusions != now.exclusions:
        changed["excluded"] = _excluded(run, node, now)
    if _text(before.priority) != _text(now.priority):
        changed["priority"] = _priority(run, node, now.priority)
    if _text(before.assignee) != _text(now.assignee) and task.assignee in (
        "",
        _person(run, node, before.assignee),
    ):
        assignee = _person(run, node, now.assignee)
        changed["assignee"] = assignee
        if task.state in ("ready", "reserved"):
            changed["state"] = "reserved" if assignee else "ready"
    at, run.at = run.at, task.since
    try:
        if _text(before.due) != _text(now.due):
            changed["due"] = _moment(run, node, now.due)
        if _text(before.follow_up) != _text(now.follow_up):
            changed["follow_up"] = _moment(run, node, now.follow_up)
    finally:
        run.at = at
    revised = task.but(**changed)
    if revised.assignee in revised.excluded:
        revised = revised.but(assignee="", state="ready" if revised.state == "reserved" else revised.state)
    return revised.but(kinds=kinds_of(run, element.id, revised.roles))


def deadline_of(run: Execution, node: Node, element: Element, number: int, since: int) -> TimerWait:
    """Return the wait for a deadline of a task that was opened at an instant."""
    assert isinstance(element.details, UserTask)
    at, run.at = run.at, since
    try:
        fire = _fires(run, node, element.details.deadlines[number])
    finally:
        run.at = at
    return _deadline_wait(run, node, element, number, fire)


def _fires(run: Execution, node: Node, deadline: Deadline) -> int:
    return later(run.at, run.text(node, deadline.after, "The deadline"), run.model.process.calendars)


def _deadline_wait(run: Execution, node: Node, element: Element, number: int, fire: int) -> TimerWait:
    assert isinstance(element.details, UserTask)
    purpose = f"{element.details.deadlines[number].action}:{number}"
    return TimerWait(run.key(), node.key, element.id, run.at, fire, "", 0, purpose)


def _text(value: Value | None) -> str:
    return "" if value is None else value.text


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
