"""Why an instance went the way it went: for every turn the expression, values, rule row, person or worker.

The history holds no explanations; they are worked out from it. Its events are folded again, and each flow that
was taken is judged over the variables as they stood just then.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from flowmaster.engine import events as ev
from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.evolve import blank, evolve
from flowmaster.engine.model import Element, Flow, Process
from flowmaster.engine.scope import scope_of
from flowmaster.engine.state import State
from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import HistoryEntry
from flowmaster.tools.instance_view import InstanceView
from flowmaster.tools.json_text import write_json
from flowmaster.tools.pictures import picture
from flowmaster.tools.raster import png_url
from flowmaster.tools.registry import Call
from flowmaster.tools.unnamed import place_of

_DRAWN = frozenset({"diagram", "picture", "heat"})
"""The details that need a picture: as SVG, as PNG, coloured by time."""

EVENTS_FOLDED_MAX = 20_000
"""How much history one explanation works through."""

SENTENCES_MAX = 100
"""How many turns one answer explains: the latest."""

VALUE_CHARACTERS = 120
"""How much of one value a sentence quotes."""


async def explain(
    call: Call, reader: Reader, state: State, shown: InstanceView, detail: Sequence[str]
) -> InstanceView:
    """Add the explanation and the picture to an instance, where they were asked for."""
    more: dict[str, object] = {}
    if not _DRAWN.union({"why"}).intersection(detail):
        return shown
    tenant = call.caller.tenant
    history = whole_history(reader, tenant, state.instance, until=state.seq)
    if "why" in detail:
        models = call.app.runtime.models
        at_version = partial(models.process, reader, tenant, state.process)
        more["why"] = reasons(at_version, history)[-SENTENCES_MAX:]
    if _DRAWN.intersection(detail):
        version = reader.version(tenant, "process", state.process, state.version)
        assert version is not None
        until = call.app.runtime.clock.now(reader) if "heat" in detail else None
        svg = picture(parse_bpmn(version.content), state, history, heat_until=until)
        more |= {"picture": await png_url(svg)} if "picture" in detail else {"diagram": svg}
    return shown.model_copy(update=more)


def whole_history(reader: Reader, tenant: str, instance: str, *, until: int) -> list[HistoryEntry]:
    """Return the history up to the event `until`, as far as an explanation works through it."""
    found: list[HistoryEntry] = []
    while len(found) < EVENTS_FOLDED_MAX:
        part = reader.history(tenant, instance, after=found[-1].seq if found else 0, limit=1000)
        found += part
        if len(part) < 1000:
            break
    return [entry for entry in found if entry.seq <= until]


def reasons(at_version: Callable[[int], Process], history: Sequence[HistoryEntry]) -> list[dict[str, Json]]:
    """Return one entry `{seq, at, element, sentence, ...}` for each turn that an instance took, by the version of then."""
    state, version = blank("", "", 0), 0
    told: list[dict[str, Json]] = []
    for entry in history:
        if state.version != version or not told:
            version = state.version or _first_version(entry)
            process = at_version(version)
            flows = {flow.id: flow for element in process.elements.values() for flow in element.outgoing}
        reason = _reason(process, flows, state, entry)
        if reason is not None:
            told.append({"seq": entry.seq, "at": iso(entry.at), **reason})
        evolve(state, entry.event)
    return told


def _first_version(entry: HistoryEntry) -> int:
    """Return the version by which an instance began."""
    event = entry.event
    assert isinstance(event, ev.InstanceStarted | ev.InstanceForked), "a history begins with its instance"
    return event.version


def _reason(
    process: Process, flows: Mapping[str, Flow], state: State, entry: HistoryEntry
) -> dict[str, Json] | None:
    match entry.event:
        case ev.InstanceStarted(business_key=key):
            about = f" for {key}" if key else ""
            return {
                "element": process.id,
                "sentence": f"{entry.by} started {process.name or process.id}{about}.",
            }
        case ev.InstanceForked(origin=origin):
            return {
                "element": process.id,
                "sentence": f"{entry.by} forked {origin.instance} as it stood after its event {origin.seq}.",
            }
        case ev.InstanceMigrated(version=version):
            return {"element": process.id, "sentence": f"{entry.by} let it go on by version {version}."}
        case ev.FlowTaken(flow=flow_id, scope=scope):
            flow = flows.get(flow_id)
            return None if flow is None else _turn(process, flow, state, scope, entry)
        case ev.DecisionMade():
            return _decision(process, entry.event)
        case ev.TaskPerformed(element=element, performer=performer):
            return {"element": element, "sentence": f"{performer} completed {_name(process, element)}."}
        case ev.TaskChanged(wait=wait, action="escalate" | "remind" as action, data=data):
            to = data.get("to")
            whom = ", ".join(map(str, to)) if isinstance(to, list | tuple) else str(to or "")
            verb = "was escalated to" if action == "escalate" else "is open too long; a reminder went to"
            return {"element": wait.element, "sentence": f"{_name(process, wait.element)} {verb} {whom}."}
        case ev.WaitClosed(element=element, how=how):
            return _waited(process, state, entry, element, how)
        case ev.ErrorThrown(element=element, code=code, caught_by=catcher):
            end = f"{_name(process, catcher)} caught it" if catcher else "nothing caught it here"
            return {
                "element": element,
                "sentence": f"{_name(process, element)} threw the error {code!r}; {end}.",
            }
        case ev.IncidentRaised(element=element, message=message):
            return {"element": element, "sentence": f"{_name(process, element)} stopped: {message}"}
        case ev.InstanceEnded(status=status, message=message):
            return {"element": process.id, "sentence": f"It ended {status}. {message}".rstrip()}
        case _:
            return None


def _turn(
    process: Process, flow: Flow, state: State, scope: int, entry: HistoryEntry
) -> dict[str, Json] | None:
    source = process.elements[flow.source]
    judged = [other for other in source.outgoing if other.condition is not None]
    if not judged or scope not in state.nodes:
        return None
    seen = scope_of(state, scope)
    where = f"At {_name(process, source.id)} it went to {_name(process, flow.target)}"
    if flow.condition is not None:
        values = values_of(flow, seen)
        return {
            "element": source.id,
            "flow": flow.id,
            "sentence": f"{where} because `{flow.condition.text}` held{_with(values)}.",
            "expression": flow.condition.text,
            "values": values,
        }
    if flow is not source.default and source.kind != "exclusiveGateway":
        return None
    return _by_default(source, flow, judged, seen, where)


def _by_default(
    source: Element, flow: Flow, judged: Sequence[Flow], seen: Mapping[str, object], where: str
) -> dict[str, Json]:
    values: dict[str, Json] = {}
    for other in judged:
        values |= values_of(other, seen)
    conditions = ", ".join(f"`{other.condition.text}`" for other in judged if other.condition is not None)
    verb = "did not hold" if len(judged) == 1 else "all did not hold"
    return {
        "element": source.id,
        "flow": flow.id,
        "sentence": f"{where} because {conditions} {verb}{_with(values)}.",
        "expression": conditions,
        "values": values,
    }


def values_of(flow: Flow, seen: Mapping[str, object]) -> dict[str, Json]:
    """Return the values that a condition looked at, by the paths as it writes them."""
    assert flow.condition is not None
    values: dict[str, Json] = {}
    for name in sorted(flow.condition.names):
        for path in sorted(set(re.findall(rf"\b{re.escape(name)}(?:\.\w+)*", flow.condition.text))):
            found: object = seen
            for part in path.split("."):
                found = found.get(part) if isinstance(found, Mapping) else None
            plain: Json = found  # type: ignore[assignment]  # variables hold JSON only
            values[path] = plain
    return values


def _decision(process: Process, event: ev.DecisionMade) -> dict[str, Json]:
    rows = ", ".join(_row(rule) for rule in event.matched) or "no rule"
    return {
        "element": event.element,
        "sentence": f"{_name(process, event.element)}: {event.decision} (version {event.version}) gave"
        f" {_short(event.output)} by {rows}{_with(event.inputs)}.",
        "decision": event.decision,
        "version": event.version,
        "values": dict(event.inputs),
        "matched": list(event.matched),
    }


def _row(rule: Json) -> str:
    if isinstance(rule, Mapping):
        return f"rule {rule.get('rule')}" + (f" of {rule['decision']}" if rule.get("decision") else "")
    return str(rule)


def _waited(
    process: Process, state: State, entry: HistoryEntry, element: str, how: str
) -> dict[str, Json] | None:
    name = _name(process, element)
    match how:
        case "fired":
            return {"element": element, "sentence": f"The time of {name} came."}
        case "received":
            return {"element": element, "sentence": f"{name} received its message."}
        case "completed" if entry.operation == "work_finish" or entry.by.startswith("connector"):
            return {"element": element, "sentence": f"{entry.by} did {name}."}
        case _:
            return None


def _name(process: Process, element: str) -> str:
    found = process.elements.get(element)
    return place_of(process, element) or repr(found.label if found else element)


def _with(values: Mapping[str, Json]) -> str:
    if not values:
        return ""
    return " with " + ", ".join(f"{name} = {_short(value)}" for name, value in values.items())


def _short(value: Json) -> str:
    text = write_json(value).decode()
    return text if len(text) <= VALUE_CHARACTERS else text[:VALUE_CHARACTERS] + "..."
