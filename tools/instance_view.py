"""How an instance is shown: where it stands, what it waits for, what stopped it, and what one may do next."""

from collections.abc import Sequence
from itertools import islice
from typing import Any, Literal, TypeVar

from pydantic import Field

from flowmaster.engine.errors import Hint
from flowmaster.engine.events import InstanceStarted
from flowmaster.engine.model import Process
from flowmaster.engine.state import ChildWait, EventWait, Incident, JobWait, State, TaskWait, TimerWait, Wait
from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.runtime.desk import absent
from flowmaster.runtime.runtime import Outcome, Runtime
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import HISTORY_ENTRIES
from flowmaster.tools.bounds import left_out
from flowmaster.tools.forms import asked, form_of
from flowmaster.tools.history import entries, task_of
from flowmaster.tools.json_text import write_json
from flowmaster.tools.models import NextCall, Result, Shape, Variables, follow_up
from flowmaster.tools.registry import Call

T = TypeVar("T")

Detail = Literal["variables", "history", "why", "diagram", "picture", "heat", "incidents", "cost"]

VALUE_BYTES_SHOWN = 1_000
"""How long one variable may be in an answer that did not ask for `variables`."""

VARIABLES_BYTES_SHOWN = 3_000
"""How long all variables together may be there; those behind are shown by their beginnings."""

VARIABLES_SHOWN = 40
"""How many variables such an answer shows."""

BEGINNING_BYTES = 20
"""How much is shown of a variable for which there is no more room."""

WAITS_SHOWN = 20
"""How many waits an answer shows; `task_find` and `work_take` tell the others."""

INCIDENTS_SHOWN = 5
"""How many incidents an answer shows that did not ask for `incidents`."""


class WaitView(Shape):
    """Something that an instance waits for."""

    kind: str = Field(description="user_task, job, message, signal, timer, condition, child or join.")
    element: str = Field(description="BPMN id of the waiting element.")
    name: str = Field(description="What people call the element.")
    since: str = Field(description="Since when.")
    due: str | None = Field(default=None, description="When it is due.")
    task: str = Field(default="", description="Id for `task_act`.")
    assignee: str = Field(default="", description="Who holds the task.")
    roles: list[str] = Field(default=[], description="Roles whose members may do it.")
    asks: str = Field(default="", description="What the task asks for; `?`: may be left out.")
    type: str = Field(default="", description="Job type for `work_take`.")
    message: str = Field(default="", description="Message or signal name for `event_send`; the condition.")
    correlation_key: str = Field(default="", description="Key that the message must carry.")
    child: str = Field(default="", description="The called instance.")


class IncidentView(Shape):
    """Something that stopped a token."""

    incident: int = Field(description="Number for `instance_control` retry.")
    element: str = Field(description="BPMN id of the element.")
    code: str = Field(description="What kind of fault.")
    message: str = Field(description="What happened, with values.")
    since: str = Field(description="Since when.")
    attempts: int = Field(description="How often it was tried.")
    fixes: list[NextCall] = Field(default=[], description="Calls that may mend it.")


class OriginView(Shape):
    """Where a fork comes from."""

    instance: str = Field(description="The instance that was forked.")
    at: int = Field(description="The last of its events that the fork has behind it.")


class ErasedView(Shape):
    """That values of an instance were erased."""

    at: str = Field(description="When.")
    erasure: str = Field(description="By which erasure, as a scope of the audit log.")


class InstanceView(Result):
    """An instance as it stands."""

    instance: str = Field(description="Readable id.")
    process: str = Field(description="Its process.")
    version: int = Field(description="The version it runs on.")
    business_key: str = Field(description="The key that the business knows it by.")
    status: Literal["active", "completed", "cancelled", "failed", "paused"] = Field(description="How it is.")
    sandbox: bool = Field(default=False, description="True if nothing of it leaves the server.")
    forked_from: OriginView | None = Field(default=None, description="What it is a fork of.")
    erased: ErasedView | None = Field(default=None, description="That its values were erased.")
    waiting: list[WaitView] = Field(description="What it waits for.")
    incidents: list[IncidentView] = Field(description="What stopped it.")
    variables: Variables = Field(description="Its variables; long ones only with detail `variables`.")
    variables_shortened: list[str] = Field(default=[], description="Variables shown shortened.")
    history: list[dict[str, Any]] | None = Field(default=None, description="What happened, oldest first.")
    history_next_cursor: str | None = Field(default=None, description="Give it as `cursor` for more history.")
    why: list[dict[str, Any]] | None = Field(default=None, description="Why it went the way it went.")
    diagram: str | None = Field(default=None, description="SVG with the path taken.")
    picture: str | None = Field(default=None, description="PNG of it, as data URL.")
    cost: dict[str, Any] | None = Field(default=None, description="What it has cost so far.")
    settling: bool = Field(default=False, description="True while consequences are still under way.")


def load(reader: Reader, tenant: str, instance: str) -> State:
    """Return the state of an instance, or refuse an unknown one."""
    stored = reader.load(tenant, instance)
    if stored is None:
        raise absent(reader, tenant, instance)
    return stored.state


def after(call: Call, outcome: Outcome[T], instance: str) -> InstanceView:
    """Show an instance as work left it, a dry run's included."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    moved = outcome.states.get(instance)
    state = moved or load(runtime.reader, tenant, instance)
    return view(runtime, runtime.reader, tenant, state, settled=outcome.settled, just_moved=moved is not None)


def view(
    runtime: Runtime,
    reader: Reader,
    tenant: str,
    state: State,
    *,
    detail: Sequence[str] = (),
    after_seq: int = 0,
    limit: int = HISTORY_ENTRIES,
    settled: bool = True,
    just_moved: bool = False,
) -> InstanceView:
    """Show an instance with the details asked for; of one that has `just_moved` nothing was erased yet."""
    process = runtime.models.process(reader, tenant, state.process, state.version)
    variables, shortened = _variables(state, whole="variables" in detail)
    history = cursor = None
    if "history" in detail:
        found = reader.history(tenant, state.instance, after=after_seq, limit=limit)
        found = [entry for entry in found if entry.seq <= state.seq]
        history = entries(process, found, _begun_by(runtime, reader, tenant, state))
        cursor = str(found[-1].seq) if found and found[-1].seq < state.seq else None
    waiting = waits_of(process, state)
    most = None if "incidents" in detail else INCIDENTS_SHOWN
    incidents = [incident_view(state, one) for one in islice(state.incidents.values(), most)]
    over = state.status not in ("active", "paused") and not just_moved
    gone = reader.erased(tenant, state.instance) if over else None
    return InstanceView(
        instance=state.instance,
        process=state.process,
        version=state.version,
        business_key=state.business_key,
        status=state.status,  # type: ignore[arg-type]  # the engine writes no other status
        sandbox=state.sandbox,
        forked_from=OriginView(instance=state.origin.instance, at=state.origin.seq) if state.origin else None,
        erased=ErasedView(at=iso(gone.at), erasure=gone.erasure) if gone else None,
        waiting=waiting,
        incidents=incidents,
        variables=variables,
        variables_shortened=shortened,
        history=history,
        history_next_cursor=cursor,
        settling=not settled,
        next=[follow_up(hint) for hint in hints(state)],
        left_out=_left_out(state, len(waiting), len(incidents), len(variables)),
    )


def _begun_by(runtime: Runtime, reader: Reader, tenant: str, state: State) -> Process | None:
    """Return the version by which an instance began, if it has moved on from that."""
    for entry in reader.history(tenant, state.instance, limit=1):
        if isinstance(entry.event, InstanceStarted) and entry.event.version != state.version:
            return runtime.models.process(reader, tenant, state.process, entry.event.version)
    return None


def hints(state: State) -> list[Hint]:
    """Return up to three calls that make sense where the instance stands."""
    if state.status == "paused":
        return [resumed(state)]
    found: list[Hint] = []
    if state.incidents:
        incident = next(iter(state.incidents.values()))
        found.append(
            Hint(
                "instance_control",
                {"instance": state.instance, "action": "retry", "element": incident.element},
                "Try again once the cause is mended.",
            )
        )
    for wait in state.waits.values():
        if len(found) == 2:
            break
        if isinstance(wait, TaskWait):
            found.append(
                Hint("task_read", {"task": task_of(state.instance, wait)}, "See what the task needs.")
            )
        elif state.sandbox:
            found += _stand_in(state, wait)
        elif isinstance(wait, JobWait) and wait.retries > 0:
            found.append(Hint("work_take", {"types": [wait.type], "instance": state.instance}, "Do the job."))
    if state.status not in ("active", "paused"):
        found.append(
            Hint("instance_read", {"instance": state.instance, "detail": ["why"]}, "Read why it ended so.")
        )
    return found[:3]


def resumed(state: State) -> Hint:
    """Return the call that comes before all others where an instance is paused."""
    return Hint("instance_control", {"instance": state.instance, "action": "resume"}, "Let it go on.")


def _stand_in(state: State, wait: Wait) -> list[Hint]:
    """Return the call that stands in for the worker or sender whom a sandbox does not reach."""
    if isinstance(wait, JobWait) and wait.retries > 0:
        skipped: dict[str, Json] = {"instance": state.instance, "action": "skip", "element": wait.element}
        return [Hint("instance_control", skipped | {"variables": {}}, "Give the result that a worker would.")]
    if isinstance(wait, EventWait) and wait.kind == "message":
        sent: dict[str, Json] = {"kind": "message", "name": wait.name, "correlation_key": state.instance}
        return [Hint("event_send", sent, "Send it the message, by its id.")]
    return []


def _variables(state: State, *, whole: bool) -> tuple[dict[str, Json], list[str]]:
    if whole:
        return dict(state.variables), []
    shown: dict[str, Json] = {}
    shortened: list[str] = []
    room = VARIABLES_BYTES_SHOWN
    for name, value in islice(state.variables.items(), VARIABLES_SHOWN):
        text = b"" if isinstance(value, bool | int | None) else write_json(value)
        room -= len(text)
        if len(text) > VALUE_BYTES_SHOWN or (room < 0 and len(text) > BEGINNING_BYTES):
            shortened.append(name)
            beginning = BEGINNING_BYTES if room < 0 else 200
            shown[name] = text[:beginning].decode(errors="ignore") + "..."
        else:
            shown[name] = value
    return shown, shortened


def waits_of(process: Process, state: State) -> list[WaitView]:
    """Show what an instance waits for, joins with tokens included."""
    shown: list[WaitView] = []
    for wait in state.waits.values():
        if isinstance(wait, TimerWait) and wait.purpose:
            continue
        element = process.elements.get(wait.element)
        name = element.label if element else wait.element
        place: dict[str, Any] = {"element": wait.element, "name": name, "since": iso(wait.since)}
        match wait:
            case TaskWait():
                place |= {
                    "kind": "user_task",
                    "task": task_of(state.instance, wait),
                    "assignee": wait.assignee,
                    "roles": list(wait.roles),
                    "asks": asked(form_of(process, element)) if element else "",
                    "due": None if wait.due is None else iso(wait.due),
                }
            case JobWait():
                place |= {
                    "kind": "job",
                    "type": wait.type,
                    "due": None if wait.due is None else iso(wait.due),
                }
            case TimerWait():
                place |= {"kind": "timer", "due": iso(wait.due)}
            case EventWait(kind="condition", name=condition):
                place |= {"kind": "condition", "message": condition}
            case EventWait():
                place |= {"kind": wait.kind, "message": wait.name, "correlation_key": wait.key}
            case ChildWait():
                place |= {"kind": "child", "child": wait.child}
        shown.append(WaitView(**place))
        if len(shown) == WAITS_SHOWN:
            return shown
    return (shown + _joins(process, state))[:WAITS_SHOWN]


def _joins(process: Process, state: State) -> list[WaitView]:
    """Return the joins where tokens wait for others; where nothing else is waited for, they wait in vain."""
    return [
        WaitView(kind="join", element=join, name=process.elements[join].label, since=iso(state.started))
        for node in state.nodes.values()
        for join in node.arrivals or ()
        if join in process.elements
    ]


def _left_out(state: State, waiting: int, incidents: int, variables: int) -> dict[str, int]:
    """Return how many waits, incidents and variables an answer with so many of them leaves out."""
    if (waiting, incidents, variables) == (len(state.waits), len(state.incidents), len(state.variables)):
        return {}
    deadlines = sum(1 for wait in state.waits.values() if isinstance(wait, TimerWait) and wait.purpose)
    totals = {
        "waiting": (len(state.waits) - deadlines, waiting),
        "incidents": (len(state.incidents), incidents),
        "variables": (len(state.variables), variables),
    }
    return left_out(totals)


def incident_view(state: State, incident: Incident) -> IncidentView:
    """Show an incident with calls that may mend it."""
    at: dict[str, Json] = {"instance": state.instance, "element": incident.element}
    fixes = [
        Hint("instance_control", {**at, "action": "retry"}, "Try again."),
        Hint(
            "instance_control",
            {**at, "action": "skip", "variables": {}},
            "Leave the element as if it were done.",
        ),
    ]
    return IncidentView(
        incident=incident.id,
        element=incident.element,
        code=incident.code,
        message=incident.message,
        since=iso(incident.since),
        attempts=incident.attempts,
        fixes=[follow_up(hint) for hint in ([resumed(state)] if state.status == "paused" else fixes)],
    )
