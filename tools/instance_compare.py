"""The operation that tells two states apart: of one instance at two events, or of two instances."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, NamedTuple

from pydantic import Field

from flowmaster.engine import events as ev
from flowmaster.engine.dmn.cases import same
from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.model import Process
from flowmaster.engine.state import ROOT, State
from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.runtime.past import PART, state_at
from flowmaster.stores.protocol import Reader
from flowmaster.tools.bounds import leading, left_out
from flowmaster.tools.instance_view import load, waits_of
from flowmaster.tools.json_text import write_json
from flowmaster.tools.models import Arguments, Result, Shape, follow_up
from flowmaster.tools.registry import Call, operation

VARIABLES_BYTES: Final = 2_600
PLACES_BYTES: Final = 1_200
STEPS_BYTES: Final = 1_200
"""How long the lists of an answer may be."""

VALUE_BYTES: Final = 400
"""How long one value may be; of a longer one the beginning is shown."""

EVENTS_MAX: Final = 20_000
"""How many events between two states are looked at."""


class InstanceCompare(Arguments):
    """Which two states."""

    instance: str = Field(description="Instance id.", examples=["order-1"])
    at: int | None = Field(
        default=None, ge=1, description="The first state: after this event; default: as it stands."
    )
    other: str = Field(
        default="", description="The instance of the second state, as a fork; default: the same one."
    )
    other_at: int | None = Field(
        default=None, ge=1, description="The second state: after this event; default: as it stands."
    )


class ValueChange(Shape):
    """A variable that differs."""

    name: str = Field(description="Its name; those of a step's own follow the step: `step.name`.")
    what: Literal["added", "removed", "changed"] = Field(description="What differs.")
    was: Any = Field(default=None, description="In the first state.")
    now: Any = Field(default=None, description="In the second one.")


class PlaceChange(Shape):
    """A step at which one state waits or stands and the other one does not."""

    element: str = Field(description="BPMN id.")
    name: str = Field(description="What people call it.")
    what: Literal["waits no more", "waits", "incident", "incident gone"] = Field(description="What differs.")
    kind: str = Field(default="", description="What is waited for.")


class StateSide(Shape):
    """One of the two states."""

    instance: str = Field(description="The instance.")
    event: int = Field(description="Its last event then.")
    status: str = Field(description="How it was.")
    version: int = Field(description="The version it ran on.")


class StatesCompared(Result):
    """What differs between two states."""

    first: StateSide = Field(description="The first state.")
    second: StateSide = Field(description="The second state.")
    summary: str = Field(description="The difference in a sentence.")
    same: bool = Field(description="True if nothing differs but numbers of events and times.")
    variables: list[ValueChange] = Field(description="Variables that differ.")
    places: list[PlaceChange] = Field(description="Where tokens wait in one state alone.")
    steps: list[str] = Field(
        default=[],
        description="Of one instance: the steps completed in between, with the time, oldest first.",
    )
    parted: str = Field(
        default="", description="Of two instances: the first step at which their ways differ."
    )


@operation(right="instance.read", read_only=True)
async def instance_compare(call: Call, arguments: InstanceCompare) -> StatesCompared:
    """Tell what differs between two states: of one instance at two events, or of two instances as a case and its fork."""
    reader, tenant = call.app.runtime.reader, call.caller.tenant
    sides = [
        _side(call, arguments.instance, arguments.at, "instance", "at"),
        _side(call, arguments.other or arguments.instance, arguments.other_at, "other", "other_at"),
    ]
    first, second = sides
    if (first.state.instance, first.state.seq) == (second.state.instance, second.state.seq):
        raise FlowMasterError(
            "arguments.invalid",
            "Both states are the same one.",
            path="at",
            expected="two events of an instance, or two instances",
            fix="Give `at` with an earlier event, or `other` with another instance.",
            next=[
                Hint(
                    "instance_read",
                    {"instance": arguments.instance, "detail": ["history"]},
                    "See its events.",
                )
            ],
        )
    variables, places = _variables(first, second), _places(first, second)
    steps, parted = list[str](), ""
    if first.state.instance == second.state.instance:
        low, high = sorted((first, second), key=lambda side: side.state.seq)
        steps = _steps(reader, tenant, low, high)
    else:
        parted = _parted(reader, tenant, first, second)
    alike = not variables and not places and first.state.status == second.state.status and not parted
    shown = leading(variables, VARIABLES_BYTES), leading(places, PLACES_BYTES), leading(steps, STEPS_BYTES)
    return StatesCompared(
        first=_told(first),
        second=_told(second),
        summary=_summary(first, second, variables, places),
        same=alike,
        variables=shown[0],
        places=shown[1],
        steps=shown[2],
        parted=parted,
        left_out=left_out(
            {
                "variables": (len(variables), len(shown[0])),
                "places": (len(places), len(shown[1])),
                "steps": (len(steps), len(shown[2])),
            }
        ),
        next=[
            follow_up(
                Hint("instance_read", {"instance": second.state.instance, "detail": ["why"]}, "Read why.")
            )
        ],
    )


class Side(NamedTuple):
    """A state with the process that it ran on."""

    state: State
    process: Process


def _side(call: Call, instance: str, at: int | None, field: str, at_field: str) -> Side:
    runtime, tenant = call.app.runtime, call.caller.tenant
    try:
        state = load(runtime.reader, tenant, instance)
        if at is not None:
            state = state_at(runtime.reader, tenant, state, at)
    except FlowMasterError as error:
        error.path = at_field if error.code == "history.no_event" else field
        raise
    return Side(state, runtime.models.process(runtime.reader, tenant, state.process, state.version))


def _told(side: Side) -> StateSide:
    state = side.state
    return StateSide(instance=state.instance, event=state.seq, status=state.status, version=state.version)


def _summary(first: Side, second: Side, variables: list[ValueChange], places: list[PlaceChange]) -> str:
    parts = []
    if first.state.status != second.state.status:
        parts.append(f"{first.state.status} became {second.state.status}")
    if first.state.version != second.state.version:
        parts.append(f"version {first.state.version} became {second.state.version}")
    counts = Counter(one.what for one in variables)
    parts += [f"{count} variable{'s' if count > 1 else ''} {what}" for what, count in sorted(counts.items())]
    ends = Counter(one.what for one in places)
    parts += [f"{count} place{'s' if count > 1 else ''}: {what}" for what, count in sorted(ends.items())]
    return f"{'; '.join(parts)}."[:1].upper() + f"{'; '.join(parts)}."[1:] if parts else "Nothing differs."


def _variables(first: Side, second: Side) -> list[ValueChange]:
    was, now = _named(first), _named(second)
    changes = []
    for name in dict.fromkeys((*was, *now)):
        if name not in was:
            changes.append(ValueChange(name=name, what="added", now=_short(now[name])))
        elif name not in now:
            changes.append(ValueChange(name=name, what="removed", was=_short(was[name])))
        elif not same(was[name], now[name]):
            changes.append(
                ValueChange(name=name, what="changed", was=_short(was[name]), now=_short(now[name]))
            )
    return changes


def _named(side: Side) -> dict[str, Json]:
    """Return the variables of a state; of several visits of a step that are open at once, the later one's count."""
    found: dict[str, Json] = {}
    for key, node in side.state.nodes.items():
        before = "" if key == ROOT else f"{node.element}."
        found |= {f"{before}{name}": value for name, value in (node.variables or {}).items()}
    return found


def _short(value: Json) -> Json:
    text = write_json(value)
    return value if len(text) <= VALUE_BYTES else text[:VALUE_BYTES].decode(errors="ignore") + "..."


def _places(first: Side, second: Side) -> list[PlaceChange]:
    """Return the waits and incidents that one of the states has alone."""
    was, now = _waiting(first), _waiting(second)
    changes = [
        PlaceChange(element=element, name=_label(first.process, element), what="waits no more", kind=kind)
        for element, kind in (was - now).elements()
    ]
    changes += [
        PlaceChange(element=element, name=_label(second.process, element), what="waits", kind=kind)
        for element, kind in (now - was).elements()
    ]
    before, after = _stopped(first), _stopped(second)
    changes += [
        PlaceChange(element=element, name=_label(first.process, element), what="incident gone")
        for element in (before - after).elements()
    ]
    return changes + [
        PlaceChange(element=element, name=_label(second.process, element), what="incident")
        for element in (after - before).elements()
    ]


def _waiting(side: Side) -> Counter[tuple[str, str]]:
    return Counter((wait.element, wait.kind) for wait in waits_of(side.process, side.state))


def _stopped(side: Side) -> Counter[str]:
    return Counter(one.element for one in side.state.incidents.values())


def _label(process: Process, element: str) -> str:
    found = process.elements.get(element)
    return found.label if found else element


def _steps(reader: Reader, tenant: str, low: Side, high: Side) -> list[str]:
    """Return what an instance completed between two of its events."""
    return [
        f"{iso(at)} {_label(high.process, element)}"
        for at, element in _completed(reader, tenant, low.state.instance, low.state.seq, high.state.seq)
        if element != high.process.id
    ]


def _completed(
    reader: Reader, tenant: str, instance: str, after: int, until: int
) -> Iterable[tuple[int, str]]:
    last = after
    while last < min(until, after + EVENTS_MAX):
        part = reader.history(tenant, instance, after=last, limit=min(PART, until - last))
        for entry in part:
            if isinstance(entry.event, ev.ElementCompleted):
                yield entry.at, entry.event.element
        if not part:
            return
        last = part[-1].seq


def _parted(reader: Reader, tenant: str, first: Side, second: Side) -> str:
    """Return the first step that one instance completed where the other one completed another, or none."""
    origins: Mapping[str, State] = {first.state.instance: first.state, second.state.instance: second.state}
    ways = []
    for one, other in ((first, second), (second, first)):
        origin, after = one.state.origin, 0
        before: list[str] = []
        if origin is not None and origin.instance in origins:
            # A fork goes on where what it is a copy of stood.
            source = other.state.instance
            before = [element for _, element in _completed(reader, tenant, source, 0, origin.seq)]
        own = [element for _, element in _completed(reader, tenant, one.state.instance, after, one.state.seq)]
        ways.append([*before, *own])
    way, another = ways
    for number, (element, theirs) in enumerate(zip(way, another, strict=False), 1):
        if element != theirs:
            return (
                f"Step {number}: {first.state.instance} completed {_label(first.process, element)!r},"
                f" {second.state.instance} completed {_label(second.process, theirs)!r}."
            )
    if len(way) == len(another):
        return ""
    longer, steps = (first, way) if len(way) > len(another) else (second, another)
    number = min(len(way), len(another))
    return f"Behind step {number} only {longer.state.instance} went on, to {_label(longer.process, steps[number])!r}."


OPERATIONS = (instance_compare,)
