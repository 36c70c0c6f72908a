"""The course of an instance over time: what is done, what is active with since and due, and what may come next."""

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from flowmaster.engine import events as ev
from flowmaster.engine.bpmn.vocabulary import ACTIVITY_KINDS
from flowmaster.engine.model import Element, Process
from flowmaster.engine.state import State, TimerWait
from flowmaster.engine.timers import instant, iso
from flowmaster.engine.views.handoffs import after
from flowmaster.engine.views.lanes import hands_of
from flowmaster.engine.views.people import steps_of
from flowmaster.engine.views.spans import span_text
from flowmaster.engine.views.timeline import plain
from flowmaster.stores.rows import HistoryEntry
from flowmaster.tools.bounds import left_out
from flowmaster.tools.instance_view import WAITS_SHOWN, WaitView, load, waits_of
from flowmaster.tools.models import Arguments, Result, Shape
from flowmaster.tools.pages import offset_of
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.why import whole_history

POSSIBLE_SHOWN = 10
"""How many of the steps are told that may come next."""

_SECOND = 1_000
_WAITING = ("intermediateCatchEvent", "eventBasedGateway")
_AT_WORK = ("active", "paused")


class InstanceTimeline(Arguments):
    """Which instance, and how to show it."""

    instance: str = Field(description="Instance id.", examples=["invoice-approval:7"])
    view: Literal["table", "mermaid"] = Field(
        default="table", description="As lists, or as a Mermaid chart beside them."
    )
    limit: int = Field(default=10, ge=1, le=100, description="How many of the steps that are done.")
    cursor: str | None = Field(default=None, description="Its next_cursor.")


class DoneStep(Shape):
    """A step that is over."""

    element: str = Field(description="BPMN id.")
    name: str = Field(description="What people call it.")
    began: str = Field(description="When it began.")
    ended: str = Field(description="When it ended.")
    took: str = Field(description="How long it took, as an ISO 8601 duration.")
    by: str = Field(default="", description="Who did it.")
    state: str = Field(default="", description="cancelled, if it was left before it was done.")


class ActiveStep(Shape):
    """A step that is open."""

    element: str = Field(description="BPMN id.")
    name: str = Field(description="What people call it.")
    kind: str = Field(description="What is waited for.")
    since: str = Field(description="Since when.")
    open_for: str = Field(description="How long, as an ISO 8601 duration.")
    due: str | None = Field(default=None, description="When it is due.")
    overdue: bool = Field(default=False, description="True if that has passed.")
    reminders: list[str] = Field(default=[], description="When timers of it go off.")
    who: str = Field(default="", description="Who has it, or whose role it is.")
    task: str = Field(default="", description="Id for `task_act`.")


class PossibleStep(Shape):
    """A step that may come next."""

    element: str = Field(description="BPMN id.")
    name: str = Field(description="What people call it.")
    after: str = Field(description="BPMN id of the open step behind which it comes.")
    who: str = Field(default="", description="Whose it will be.")


class Course(Result):
    """What is done, what is open, and what may come."""

    instance: str = Field(description="Instance id.")
    process: str = Field(description="Its process.")
    version: int = Field(description="The version it runs on.")
    status: str = Field(description="How it is.")
    started: str = Field(description="When it began.")
    now: str = Field(description="The moment of this answer.")
    done: list[DoneStep] = Field(description="What is over, in the order in which it ended.")
    done_total: int = Field(description="How many steps are over.")
    active: list[ActiveStep] = Field(description="What is open.")
    possible: list[PossibleStep] = Field(description="What may come next.")
    chart: str = Field(default="", description="All of it as a Mermaid chart.")
    next_cursor: str | None = Field(default=None, description="Give it as `cursor` for more that is done.")


@operation(right="instance.read", read_only=True)
async def instance_timeline(call: Call, arguments: InstanceTimeline) -> Course:
    """Tell the course of an instance over time: what is done, open with since and due, and possible next."""
    runtime, reader, tenant = call.app.runtime, call.app.runtime.reader, call.caller.tenant
    state = load(reader, tenant, arguments.instance)
    process = runtime.models.process(reader, tenant, state.process, state.version)
    history = whole_history(reader, tenant, state.instance, until=state.seq)
    now = runtime.clock.now(reader)
    start = offset_of(arguments.cursor)
    over = list(_done(process, history))
    shown = over[start : start + arguments.limit]
    active = [_active(process, state, wait, now) for wait in waits_of(process, state)]
    possible = list(_possible(process, state)) if state.status in _AT_WORK else []
    rest = start + len(shown)
    course = Course(
        instance=state.instance,
        process=state.process,
        version=state.version,
        status=state.status,
        started=iso(state.started),
        now=iso(now),
        done=shown,
        done_total=len(over),
        active=active,
        possible=possible[:POSSIBLE_SHOWN],
        next_cursor=str(rest) if rest < len(over) else None,
        left_out=left_out(
            {
                "active": (_open_waits(state), min(len(active), WAITS_SHOWN)),
                "possible": (len(possible), min(len(possible), POSSIBLE_SHOWN)),
            }
        ),
    )
    return course.model_copy(update={"chart": chart(course, now)}) if arguments.view == "mermaid" else course


def _open_waits(state: State) -> int:
    return sum(not (isinstance(wait, TimerWait) and wait.purpose) for wait in state.waits.values())


def _done(process: Process, history: Sequence[HistoryEntry]) -> Iterator[DoneStep]:
    """Yield the steps that are over; gateways and events that wait for nothing take no time and are left out."""
    began: dict[int, int] = {}
    performed: dict[str, str] = {}
    for entry in history:
        match entry.event:
            case ev.ElementEntered(key=key):
                began[key] = entry.at
            case ev.TaskPerformed(element=element, performer=performer):
                performed[element] = performer
            case (
                ev.ElementCompleted(key=key, element=element) | ev.ElementCancelled(key=key, element=element)
            ):
                step, since = process.elements.get(element), began.pop(key, entry.at)
                if step is not None and _is_step(step):
                    yield DoneStep(
                        element=element,
                        name=step.label,
                        began=iso(since),
                        ended=iso(entry.at),
                        took=span_text(max(0, entry.at - since)),
                        by=performed.pop(element, ""),
                        state="cancelled" if isinstance(entry.event, ev.ElementCancelled) else "",
                    )
            case _:
                pass


def _is_step(element: Element) -> bool:
    return element.kind in ACTIVITY_KINDS or element.kind in _WAITING


def _active(process: Process, state: State, wait: WaitView, now: int) -> ActiveStep:
    element = process.elements.get(wait.element)
    border = [event.id for event in element.boundaries] if element is not None else []
    timers = [
        one.due
        for one in state.waits.values()
        if isinstance(one, TimerWait)
        and (one.element in border or (one.purpose and one.element == wait.element))
    ]
    return ActiveStep(
        element=wait.element,
        name=wait.name,
        kind=wait.kind,
        since=wait.since,
        open_for=span_text(max(0, now - instant(wait.since))),
        due=wait.due,
        overdue=wait.due is not None and instant(wait.due) < now,
        reminders=[iso(due) for due in sorted(timers)],
        who=wait.assignee or ", ".join(wait.roles),
        task=wait.task,
    )


def _possible(process: Process, state: State) -> Iterator[PossibleStep]:
    """Yield the steps that may come next behind the open ones, each once behind each."""
    hands = hands_of(process)
    known = {one.id for one in steps_of(process)}
    standing = dict.fromkeys(
        node.element for node in state.nodes.values() if node.element in process.elements
    )
    for key in standing:
        if key in known or process.elements[key].kind in _WAITING:
            for target, _ in after(process, key):
                yield PossibleStep(
                    element=target, name=process.elements[target].label, after=key, who=hands[target]
                )


def chart(course: Course, now: int) -> str:
    """Return a course as a Mermaid chart: what is done, what is open until it is due or now, what may come."""
    lines = [
        "gantt",
        f"  title {plain(course.instance)}",
        "  dateFormat X",
        "  axisFormat %Y-%m-%d %H:%M",
        "  section Done",
    ]
    for number, one in enumerate(course.done):
        tag = "done, crit" if one.state else "done"
        until = max(_at(one.ended), _at(one.began) + 1)
        lines.append(f"  {plain(one.name)} :{tag}, d{number}, {_at(one.began)}, {until}")
    if course.active:
        lines.append("  section Open")
    for number, step in enumerate(course.active):
        until = max(_at(step.due) if step.due else 0, now // _SECOND, _at(step.since) + 1)
        tag = "crit, active" if step.overdue else "active"
        lines.append(f"  {plain(step.name)} :{tag}, a{number}, {_at(step.since)}, {until}")
        if step.due:
            lines.append(f"  {plain(step.name)} due :milestone, u{number}, {_at(step.due)}, {_at(step.due)}")
    if course.possible:
        lines.append("  section Possible next")
    at = now // _SECOND
    for number, following in enumerate(course.possible):
        lines.append(f"  {plain(following.name)} :milestone, p{number}, {at}, {at}")
    return "\n".join(lines)


def _at(moment: str) -> int:
    return instant(moment) // _SECOND


OPERATIONS = (instance_timeline,)
