"""Operations on people's tasks: find, read and act."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from flowmaster.engine import commands as cmd
from flowmaster.engine.elements.task_actions import TRANSITIONS
from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.events import TaskPerformed
from flowmaster.engine.feel.evaluation import FeelLimitExceeded
from flowmaster.engine.feel.said import said
from flowmaster.engine.model import Element, Process, UserTask, Value
from flowmaster.engine.scope import visible
from flowmaster.engine.state import State, TaskWait
from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.runtime.desk import Desk
from flowmaster.runtime.runtime import Outcome
from flowmaster.stores.identifiers import WaitId, parse_wait_id
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import TaskFilter, TaskRow
from flowmaster.tools.drafts import refuse_branch
from flowmaster.tools.forms import check_answer, form_of, names_of, required_of, schema_of
from flowmaster.tools.history import entries, task_of
from flowmaster.tools.instance_view import hints, load, resumed, waits_of
from flowmaster.tools.json_text import write_json
from flowmaster.tools.models import Arguments, Result, ResultList, Shape, Variables, WriteArguments, follow_up
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import check_person, request_of

HISTORY_LOOKED_AT = 5_000
"""How many history entries are looked through for who completed a task."""

SHORT_LENGTH = 120
"""Characters of a value that is shown beside a task."""

KEY_FIGURES = 12
"""How many values a briefing names, of all the innermost, such as the entry that this turn is about."""


class TaskFind(Arguments):
    """Which tasks."""

    instance: str = Field(default="", description="Of this instance.")
    process: str = Field(default="", description="Of this process.")
    assignee: str = Field(default="", description="Held by this person.")
    role: str = Field(default="", description="Offered to this role.")
    performer: Literal["internal", "affiliated", "third_party", "machine", "agent"] | None = Field(
        default=None, description="Of such roles."
    )
    state: Literal["ready", "reserved", "suspended"] | None = Field(
        default=None, description="In this state."
    )
    query: str = Field(default="", max_length=200, description="Words in name, instance or key.")
    limit: int = Field(default=20, ge=1, le=1000, description="Page size.")
    cursor: str | None = Field(default=None, description="Its next_cursor.")


class TaskItem(Shape):
    """A task in a list."""

    task: str = Field(description="Id for `task_read` and `task_act`.")
    name: str = Field(description="What is to be done.")
    instance: str = Field(description="Its instance.")
    business_key: str = Field(default="", description="The key that the business knows the instance by.")
    state: str = Field(description="ready, reserved or suspended.")
    assignee: str = Field(default="", description="Who holds it.")
    roles: list[str] = Field(default=[], description="Roles whose members may do it.")
    users: list[str] = Field(default=[], description="People who may do it.")
    performers: list[str] = Field(default=[], description="Kinds of its roles, if not internal.")
    since: str = Field(description="Since when it is open.")
    due: str | None = Field(default=None, description="By when.")
    priority: int = Field(description="0 to 100.")


@operation(right="task.read", core=True, read_only=True)
async def task_find(call: Call, arguments: TaskFind) -> ResultList[TaskItem]:
    """List open tasks of people, most urgent first."""
    refuse_branch(call.app.runtime.reader, call.caller.tenant, arguments.process)
    page = call.app.runtime.reader.find_tasks(
        call.caller.tenant,
        TaskFilter(
            instance=arguments.instance,
            process=arguments.process,
            assignee=arguments.assignee,
            roles=(arguments.role,) if arguments.role else (),
            kind=arguments.performer or "",
            states=(arguments.state,) if arguments.state else (),
            query=arguments.query,
            include_sandbox=bool(arguments.instance),
            limit=arguments.limit,
            cursor=arguments.cursor,
        ),
    )
    return ResultList[TaskItem](
        items=[_item(row) for row in page.items], total=page.total, next_cursor=page.next_cursor
    )


def _item(row: TaskRow) -> TaskItem:
    wait = row.wait
    return TaskItem(
        task=row.task,
        name=row.name,
        instance=row.instance,
        business_key=row.business_key,
        state=wait.state,
        assignee=wait.assignee,
        roles=list(wait.roles),
        users=list(wait.users),
        performers=list(wait.kinds),
        since=iso(wait.since),
        due=None if wait.due is None else iso(wait.due),
        priority=wait.priority,
    )


class TaskRead(Arguments):
    """Which task, and what of it."""

    task: str = Field(description="Task id.", examples=["invoice-approval:7/approve.4"])
    detail: list[Literal["form", "briefing", "history", "comments"]] = Field(
        default=[], description="More than the summary."
    )


class AnswerCheck(Shape):
    """A condition that the answer has to fulfil."""

    message: str = Field(description="What it says.")
    condition: str = Field(description="FEEL over the answer and what the task can see.")
    path: str = Field(default="", description="The field that it is about.")


class TaskView(Result):
    """A task with what is needed to do it."""

    task: str = Field(description="Id for `task_act`.")
    name: str = Field(description="What is to be done.")
    element: str = Field(description="BPMN id of the user task.")
    instance: str = Field(description="Its instance.")
    process: str = Field(description="Its process.")
    business_key: str = Field(default="", description="The key that the business knows the instance by.")
    state: str = Field(description="ready, reserved, suspended, completed, or what listeners decide on.")
    assignee: str = Field(default="", description="Who holds it.")
    roles: list[str] = Field(default=[], description="Roles whose members may do it.")
    users: list[str] = Field(default=[], description="People who may do it.")
    excluded: list[str] = Field(default=[], description="People who may not do it (four-eyes).")
    since: str = Field(description="Since when it is open.")
    due: str | None = Field(default=None, description="By when.")
    priority: int = Field(default=50, description="0 to 100.")
    form: dict[str, Any] | None = Field(default=None, description="JSON Schema of the answer.")
    values: Variables = Field(default={}, description="The form's fields, prefilled.")
    data: Variables = Field(default={}, description="Short values that the task can see.")
    briefing: list[str] | None = Field(default=None, description="What happened before, in sentences.")
    history: list[dict[str, Any]] | None = Field(default=None, description="The task's own history.")
    comments: list[dict[str, Any]] | None = Field(default=None, description="What people wrote.")
    checks: list[AnswerCheck] = Field(default=[], description="What the answer is checked for on completion.")
    waiting: list[dict[str, Any]] | None = Field(default=None, description="What the instance waits for now.")
    status: str = Field(default="", description="How the instance is after an action.")
    settling: bool = Field(default=False, description="True while consequences are still under way.")


@operation(right="task.read", core=True, read_only=True)
async def task_read(call: Call, arguments: TaskRead) -> TaskView:
    """Read one task: what to do, the form, prefilled values, who may do it."""
    reader, tenant = call.app.runtime.reader, call.caller.tenant
    row = reader.find_task(tenant, arguments.task)
    if row is None:
        raise _not_open(reader, tenant, arguments.task, _place(arguments.task))
    state = load(reader, tenant, row.instance)
    process = call.app.runtime.models.process(reader, tenant, row.process, row.version)
    shown = _view(process, state, row.wait)
    more: dict[str, object] = {}
    if {"history", "comments", "briefing"} & set(arguments.detail):
        told = entries(process, reader.history(tenant, row.instance, limit=1000))
        own = [entry for entry in told if entry.get("element") == row.wait.element]
        if "history" in arguments.detail:
            more["history"] = own
        if "comments" in arguments.detail:
            more["comments"] = [entry for entry in own if "comment" in _data(entry)]
        if "briefing" in arguments.detail:
            more["briefing"] = _briefing(shown, told)
    return shown.model_copy(update=more)


def _view(process: Process, state: State, wait: TaskWait) -> TaskView:
    element = process.elements[wait.element]
    seen = visible(state, wait.node)
    form = form_of(process, element)
    draft = wait.draft or {}
    values = {
        name: draft.get(name, seen.get(name)) for name in names_of(form) if name in draft or name in seen
    }
    short = {name: value for name, value in seen.items() if _is_short(value)}
    task = task_of(state.instance, wait)
    who = " as somebody who is not excluded" if wait.excluded and not wait.assignee else ""
    answer: dict[str, Json] = dict.fromkeys(required_of(form)) | values
    answer |= dict.fromkeys(_not_as_it_stands(element, seen, answer))
    fill = ", with a value for each null" if None in answer.values() else ""
    complete = Hint(
        "task_act", {"task": task, "action": "complete", "variables": answer}, f"Do it{who}{fill}."
    )
    if state.status == "paused":
        complete = resumed(state)
    return TaskView(
        task=task,
        name=element.label,
        element=wait.element,
        instance=state.instance,
        process=state.process,
        business_key=state.business_key,
        state=wait.state,
        assignee=wait.assignee,
        roles=list(wait.roles),
        users=list(wait.users),
        excluded=list(wait.excluded),
        since=iso(wait.since),
        due=None if wait.due is None else iso(wait.due),
        priority=wait.priority,
        form=schema_of(form),
        values=values,
        data=dict(list(short.items())[-KEY_FIGURES * 2 :]),
        checks=_checks(element),
        next=[follow_up(complete)] if wait.state in TRANSITIONS["complete"].allowed else [],
    )


def _not_as_it_stands(element: Element, seen: Mapping[str, Json], answer: Mapping[str, Json]) -> list[str]:
    """Return the fields whose prefilled values a check of the task forbids, so that they have to be given anew."""
    checks = element.details.checks if isinstance(element.details, UserTask) else ()
    given = {**seen, **answer}
    broken = [check.condition for check in checks if not _holds(check.condition, given)]
    return sorted({name for condition in broken for name in condition.names} & set(answer))


def _holds(condition: Value, given: Mapping[str, Json]) -> bool:
    try:
        return condition.value(given) is True
    except FeelLimitExceeded:
        return False


def _checks(element: Element) -> list[AnswerCheck]:
    details = element.details
    if not isinstance(details, UserTask):
        return []
    return [
        AnswerCheck(message=check.message, condition=check.condition.text, path=check.path)
        for check in details.checks
    ]


def _is_short(value: Json) -> bool:
    """Return whether a value is something to look at: not nothing, and not long."""
    if isinstance(value, str):
        return len(value) <= SHORT_LENGTH
    return value is not None and len(write_json(value)) <= SHORT_LENGTH


def _briefing(shown: TaskView, told: list[dict[str, Json]]) -> list[str]:
    began = told[0] if told else {}
    lines = [f"{shown.process} {shown.instance} began at {began.get('at')} by {began.get('by')}."]
    for entry in told:
        if entry["event"] == "performed":
            lines.append(f"{_data(entry).get('performer')} completed {entry.get('name')} at {entry['at']}.")
        elif entry["event"] == "decided":
            lines.append(f"The rule {_data(entry).get('decision')} gave {said(_data(entry).get('output'))}.")
        elif entry["event"] == "task_changed" and entry.get("element") == shown.element:
            lines.append(f"{_data(entry).get('action')} at {entry['at']} by {entry['by']}.")
    told_last = list(shown.data.items())[-KEY_FIGURES:]
    figures = [f"{name} = {_in_words(value)}" for name, value in told_last]
    if figures:
        lines.append("Known: " + ", ".join(figures) + ".")
    return lines


def _in_words(value: Json) -> str:
    return value if isinstance(value, str) else write_json(value).decode()


def _data(entry: Mapping[str, Json]) -> Mapping[str, Json]:
    found = entry.get("data")
    return found if isinstance(found, Mapping) else {}


class TaskAct(WriteArguments):
    """Which task, and what to do with it."""

    task: str = Field(description="Task id.")
    action: Literal[
        "claim", "release", "complete", "save_draft", "assign", "delegate", "reject", "comment", "suspend",
        "resume", "escalate",
    ] = Field(description="What to do.")  # fmt: skip
    variables: Variables = Field(
        default_factory=dict, description="The answer.", examples=[{"approved": True}]
    )
    to: str = Field(default="", max_length=200, description="Person, or role (escalate).")
    comment: str = Field(default="", max_length=10_000, description="A word to others.")
    as_user: str = Field(default="", max_length=200, description="The person acted for.", examples=["ann"])


async def _acted_again(call: Call, arguments: TaskAct, subject: str) -> TaskView:
    runtime, tenant = call.app.runtime, call.caller.tenant
    place = _place(arguments.task)
    state = load(runtime.reader, tenant, place.instance)
    return _acted(call, arguments, place, Outcome(None, True, {place.instance: state}, set()))


@operation(right="task.act", core=True, recover=_acted_again)
async def task_act(call: Call, arguments: TaskAct) -> TaskView:
    """Do a task or hand it on; completing it moves the instance on."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    place = _place(arguments.task)
    person = arguments.as_user or call.caller.person
    check_person(call, arguments.as_user)
    request = request_of(call, f"task_act.{arguments.action}", arguments.reason, by=person)

    def command(desk: Desk, state: State) -> cmd.Command:
        wait = state.waits.get(place.wait)
        if not isinstance(wait, TaskWait) or wait.element != place.element:
            raise _not_open(desk.transaction, tenant, arguments.task, place)
        if arguments.action == "complete":
            process = runtime.models.process(desk.transaction, tenant, state.process, state.version)
            answer = {**(wait.draft or {}), **arguments.variables}
            check_answer(form_of(process, process.elements[wait.element]), answer, arguments.task)
        return cmd.ActOnTask(
            desk.now,
            person,
            place.wait,
            arguments.action,
            arguments.variables,
            arguments.to,
            arguments.comment,
            named=bool(arguments.as_user),
        )

    def work(desk: Desk) -> None:
        try:
            desk.step(request, place.instance, lambda state, now: command(desk, state))
        except FlowMasterError as error:
            if error.code == "instance.unknown":
                raise _unknown(arguments.task) from None
            if error.code == "instance.ended":
                raise _not_open(desk.transaction, tenant, arguments.task, place) from None
            raise

    return await runtime.answer(
        work, lambda outcome: _acted(call, arguments, place, outcome), dry_run=arguments.dry_run, few=True
    )


def _acted(call: Call, arguments: TaskAct, place: WaitId, outcome: Outcome[None]) -> TaskView:
    """Show the task after an action, with what the instance waits for now."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    state = outcome.states.get(place.instance) or load(runtime.reader, tenant, place.instance)
    process = runtime.models.process(runtime.reader, tenant, state.process, state.version)
    waiting = [wait.model_dump(exclude_defaults=True) for wait in waits_of(process, state)]
    following = [follow_up(hint) for hint in hints(state)]
    wait = state.waits.get(place.wait)
    if isinstance(wait, TaskWait):
        told = {
            "waiting": waiting,
            "status": state.status,
            "settling": not outcome.settled,
            "next": following,
        }
        return _view(process, state, wait).model_copy(update=told)
    # What stands at its default is given all the same: pydantic would copy it deeply.
    return TaskView(
        task=arguments.task,
        name=process.elements[place.element].label,
        element=place.element,
        instance=state.instance,
        process=state.process,
        business_key=state.business_key,
        state="completed",
        assignee=arguments.as_user or call.caller.person,
        roles=[],
        users=[],
        excluded=[],
        since=iso(state.started),
        values={},
        data={},
        checks=[],
        waiting=waiting,
        status=state.status,
        settling=not outcome.settled,
        next=following,
        left_out={},
    )


def _place(task: str) -> WaitId:
    place = parse_wait_id(task)
    if place is None or place.nonce:
        raise _unknown(task)
    return place


def _not_open(reader: Reader, tenant: str, task: str, place: WaitId) -> FlowMasterError:
    """Return why a task is not open: done already, withdrawn, or never there."""
    stored = reader.load(tenant, place.instance)
    if stored is None:
        return _unknown(task)
    for entry in reader.history(tenant, place.instance, limit=HISTORY_LOOKED_AT):
        if isinstance(entry.event, TaskPerformed) and entry.event.wait == place.wait:
            return FlowMasterError(
                "task.already_completed",
                f"The task {task!r} was completed by {entry.event.performer!r} at {iso(entry.at)}.",
                path="task",
                fix="Read the instance to see what it waits for now.",
                next=[Hint("instance_read", {"instance": place.instance}, "See where it stands.")],
                status=409,
            )
    open_now = [task_of(place.instance, w) for w in stored.state.waits.values() if isinstance(w, TaskWait)]
    return FlowMasterError(
        "task.not_open",
        f"The task {task!r} is not open; {place.instance!r} is {stored.row.status}.",
        path="task",
        expected=list(open_now),
        fix="Take an open task of the instance." if open_now else "Read how the instance went on.",
        next=[Hint("instance_read", {"instance": place.instance}, "See where it stands.")],
        status=409,
    )


def _unknown(task: str) -> FlowMasterError:
    return FlowMasterError(
        "task.unknown",
        f"There is no task {task[:120]!r}.",
        path="task",
        fix="Call `task_find` to see the open tasks.",
        next=[Hint("task_find", {}, "List the open tasks.")],
        status=404,
    )


OPERATIONS = (task_find, task_read, task_act)
