"""What is to be seen of a played case: how it ended, and step by step what happened, in terms that two versions share."""

from collections.abc import Iterator, Mapping
from copy import copy
from decimal import Decimal
from functools import cached_property
from typing import Final, NamedTuple

from flowmaster.engine import events as ev
from flowmaster.engine.bpmn.vocabulary import GATEWAY_KINDS, SUB_PROCESS_KINDS
from flowmaster.engine.compare.ways import behind, ways
from flowmaster.engine.dmn.cases import same
from flowmaster.engine.feel.said import named, quoted, said
from flowmaster.engine.model import Flow, Process
from flowmaster.engine.outline.scenarios import START
from flowmaster.engine.state import ChildWait, EventWait, JobWait, TaskWait, TimerWait, Wait
from flowmaster.engine.values import Json
from flowmaster.stores.rows import HistoryEntry
from flowmaster.tools.cases_search import lasting
from flowmaster.tools.json_text import write_json
from flowmaster.tools.scenario_play import Played
from flowmaster.tools.scenario_verdict import Facts, visits
from flowmaster.tools.unnamed import place_of
from flowmaster.tools.why import reasons

UNSEEN: Final = frozenset({"process", "startEvent", *GATEWAY_KINDS, *SUB_PROCESS_KINDS})
"""Elements whose visits nobody outside sees: what stands in them or behind them is."""

_HOW: Final = ("completed", "fired", "received")
"""How a wait comes to its end by something that happens."""

ASPECTS: Final[Mapping[str, str]] = {
    "came": "path",
    "cancelled": "path",
    "ended": "end",
    "task": "tasks",
    "moved on": "tasks",
    "answer refused": "tasks",
    "timer": "timers",
    "job": "work",
    "failed": "work",
    "called": "work",
    "waiting": "messages",
    "sent": "messages",
    "decided": "decisions",
    "set": "variables",
    "repeated": "path",
    "error": "path",
    "incident": "end",
    "over": "path",
    "start refused": "end",
}
"""What of a case each kind of thing to be seen tells of."""


class Seen(NamedTuple):
    """One thing to be seen: its kind, the element by the id that both versions use, its facts, where it stands in the history."""

    kind: str
    element: str
    facts: Mapping[str, Json]
    place: int
    own: str

    @property
    def key(self) -> bytes:
        """Return what is equal for two things that look the same."""
        return write_json([self.kind, self.element, _even(dict(self.facts))])


class Taken(NamedTuple):
    """A way that was taken where there are several: at which element, and where it leads, by the ids that both use."""

    element: str
    target: str
    flow: Flow
    place: int
    seq: int


class Side:
    """One version of a process and the ids that both versions use for its elements."""

    def __init__(self, process: Process, names: Mapping[str, str], *, mark: str) -> None:
        self.process = process
        self.names = {process.id: "", **names}
        """The shared id of each element that the other version has too."""
        self._mark = mark
        self._ways = ways(process)
        self.flows = {flow.id: flow for element in process.elements.values() for flow in element.outgoing}

    def shared(self, key: str) -> str:
        """Return the id of an element that both versions use; one that only this version has is marked."""
        return self.names.get(key, f"{key} ({self._mark})") if key else ""

    def leads_to(self, flow: Flow) -> str:
        """Return the first element behind a flow that both versions have."""
        if flow.target in self.names:
            return self.names[flow.target]
        found = behind(self._ways, flow.target, self.names)
        return self.names[found[0]] if found else self.shared(flow.target)

    def label(self, key: str) -> str:
        """Return what people call an element."""
        element = self.process.elements.get(key)
        if element is None:
            return quoted(key)
        return place_of(self.process, key) or quoted(element.label)


class Run:
    """A played case of one version: what is to be seen, the ways it took, and how it ended."""

    def __init__(self, side: Side, played: Played) -> None:
        self.side = side
        self.played = played
        self.seen = list(_seen(side, played))

    def until(self, at: int) -> "Run":
        """Return the run up to the end of a moment."""
        found = copy(self)
        found.__dict__.pop("keys", None)
        found.__dict__.pop("times", None)
        found.seen = [seen for seen, then in zip(self.seen, self.times, strict=True) if then <= at]
        return found

    @cached_property
    def times(self) -> list[int]:
        """Return when each thing was to be seen, in virtual time."""
        return [self.played.history[each.place].at for each in self.seen]

    def without(self, kind: str, element: str) -> "Run":
        """Return the run without what was to be seen of one kind at one element."""
        found = copy(self)
        found.__dict__.pop("keys", None)
        found.__dict__.pop("times", None)
        found.seen = [seen for seen in self.seen if (seen.kind, seen.element) != (kind, element)]
        return found

    @cached_property
    def keys(self) -> list[bytes]:
        """Return what the things to be seen are compared by."""
        return [each.key for each in self.seen]

    @cached_property
    def taken(self) -> list[Taken]:
        """Return the ways that were taken where there are several."""
        found: list[Taken] = []
        for place, entry in enumerate(self.played.history):
            if isinstance(entry.event, ev.FlowTaken) and entry.event.flow in self.side.flows:
                flow = self.side.flows[entry.event.flow]
                source = self.side.process.elements[flow.source]
                if len(source.outgoing) > 1 and source.kind != "parallelGateway":
                    shared = self.side.shared(flow.source)
                    found.append(Taken(shared, self.side.leads_to(flow), flow, place, entry.seq))
        return found

    @cached_property
    def reasons(self) -> dict[int, dict[str, Json]]:
        """Return why it went the way it went, by the numbers of the events."""
        found = reasons(lambda _: self.side.process, self.played.history)
        return {int(str(reason["seq"])): reason for reason in found}

    @cached_property
    def variables(self) -> Mapping[str, Json]:
        """Return the variables at the end."""
        return self.played.state.variables if self.played.state is not None else {}

    def ends_as(self, other: "Run") -> bool:
        """Tell whether another run comes to the same end with the same result, in the ids that both versions use."""
        return self._end == other._end and same(dict(self.variables), dict(other.variables))

    @cached_property
    def _end(self) -> tuple[Json, ...]:
        """Return how it ended, in the ids that both versions use."""
        state = self.played.state
        if state is None:
            refused = self.played.refused
            return ("refused", refused.code if refused else "", refused.path if refused else "")
        facts = Facts(self.side.process, state, self.played)
        waiting = sorted({self.side.shared(wait.element) for wait in state.waits.values()})
        ends = self.side.shared(facts.ends[-1]) if facts.ends else ""
        return (state.status, sorted(map(self.side.shared, facts.incidents)), list(waiting), ends)

    @cached_property
    def ending(self) -> str:
        """Return in words how it ended."""
        state = self.played.state
        if state is None:
            return f"the start is refused: {self.played.refused}"
        facts = Facts(self.side.process, state, self.played)
        if state.status == "active":
            if facts.incidents:
                return "it stops at " + ", ".join(self.side.label(key) for key in sorted(facts.incidents))
            waiting = dict.fromkeys(wait.element for wait in state.waits.values())
            return "it waits at " + (", ".join(map(self.side.label, waiting)) or "a join")
        ends = f" at {self.side.label(facts.ends[-1])}" if facts.ends else ""
        return f"it ends {state.status}{ends}"

    @cached_property
    def expectation(self) -> dict[str, Json]:
        """Return how it ended as what a scenario expects."""
        state = self.played.state
        if state is None:
            return {"refused": [START]}
        facts = Facts(self.side.process, state, self.played)
        found: dict[str, Json] = {}
        if facts.refusals:
            found["refused"] = list(facts.refusals)
        if facts.incidents:
            found["incident"] = sorted(facts.incidents)[0]
        elif state.status == "active":
            found["waits_at"] = list(facts.waiting)
        elif facts.ends:
            found["end"] = self.side.process.elements[facts.ends[-1]].label
        return found if any(found.values()) else {"path": list(facts.path[:1])}

    def visited(self, until: int | None = None) -> set[str]:
        """Return the elements that were come to or waited for, up to a place in the history."""
        found: set[str] = set()
        for entry in self.played.history[: None if until is None else until + 1]:
            match entry.event:
                case ev.ElementEntered(element=element) | ev.ElementCompleted(element=element):
                    found.add(element)
                case ev.WaitOpened(wait=wait):
                    found.add(wait.element)
                case _:
                    continue
        return found | set(self.played.refusals)


def _seen(side: Side, played: Played) -> Iterator[Seen]:
    if played.refused is not None:
        yield Seen("start refused", "", {"code": played.refused.code, "path": played.refused.path}, 0, "")
        return
    bodies = {id(event) for event in visits([entry.event for entry in played.history])}
    for place, entry in enumerate(played.history):
        if id(entry.event) in bodies:
            for kind, element, facts in _of_event(side, entry):
                yield Seen(kind, side.shared(element), facts, place, element)
    end = len(played.history)
    for key in played.refusals:
        if key in side.process.elements:
            yield Seen("answer refused", side.shared(key), {}, end, key)


Told = tuple[str, str, Mapping[str, Json]]


def _of_event(side: Side, entry: HistoryEntry) -> Iterator[Told]:
    """Give what is to be seen of one event: of which kind, at which element, and what it says."""
    match entry.event:
        case ev.ElementEntered(element=element) if side.process.elements[element].kind not in UNSEEN:
            yield "came", element, {}
        case ev.ElementCancelled(element=element) if side.process.elements[element].kind not in UNSEEN:
            yield "cancelled", element, {}
        case ev.VariablesSet(values=values):
            yield "set", "", dict(values)
        case ev.InstanceStarted(variables=values):
            yield "set", "", dict(values)
        case ev.WaitOpened(wait=wait):
            yield _opened(wait)
        case ev.WaitClosed(element=element, how=how) if how in _HOW:
            yield "over", element, {"how": how}
        case ev.JobFailed(wait=wait):
            again = wait.due if isinstance(wait, JobWait) else None
            left = wait.retries if isinstance(wait, JobWait) else 0
            held = None if again is None or not left else lasting(again - entry.at)
            yield "failed", wait.element, {"tries left": left, "again after": held}
        case ev.DecisionMade(element=element, decision=decision, output=output):
            yield "decided", element, {"decision": decision, "answer": output}
        case _:
            yield from _of_rare(side, entry.event)


def _of_rare(side: Side, event: ev.Event) -> Iterator[Told]:
    match event:
        case ev.TaskChanged(wait=wait, action="escalate" | "remind" as action, data=data):
            yield "moved on", wait.element, {"what": action, "to": data.get("to")}
        case ev.MessageSent(element=element, name=name, key=key, variables=values):
            yield "sent", element, {"message": name, "key": key, "values": dict(values)}
        case ev.SignalSent(element=element, name=name, variables=values):
            yield "sent", element, {"signal": name, "values": dict(values)}
        case ev.EscalationThrown(element=element, code=code, caught_by=catcher):
            yield "sent", element, {"escalation": code, "caught by": side.shared(catcher)}
        case ev.ErrorThrown(element=element, code=code, caught_by=catcher):
            yield "error", element, {"code": code, "caught by": side.shared(catcher)}
        case ev.IncidentRaised(element=element, code=code):
            yield "incident", element, {"code": code}
        case ev.ChildRequested(element=element, process=process, variables=values):
            yield "called", element, {"process": process, "values": dict(values)}
        case ev.LoopBegan(element=element, total=total):
            yield "repeated", element, {"times": total}
        case ev.CompensationBegan(element=element):
            yield "came", element, {"undoes": True}
        case ev.InstanceEnded(status=status, error=code):
            yield "ended", "", {"status": status, "error": code}
        case _:
            return


def _opened(wait: Wait) -> Told:
    match wait:
        case TaskWait():
            facts: dict[str, Json] = {
                "roles": list(wait.roles),
                "people": list(wait.users),
                "assignee": wait.assignee,
                "not": list(wait.excluded),
                "due after": _after(wait, wait.due),
                "follow up after": _after(wait, wait.follow_up),
                "priority": wait.priority,
                "kinds": list(wait.kinds),
            }
            return "task", wait.element, facts
        case TimerWait():
            facts = {
                "due after": _after(wait, wait.due),
                "again": wait.every if wait.left else "",
                "times": wait.left,
                "for": wait.purpose,
            }
            return "timer", wait.element, facts
        case JobWait():
            held = _after(wait, wait.due)
            facts = {"work": wait.type, "tries": wait.retries, "held back": held, "for": wait.purpose}
            return "job", wait.element, facts
        case EventWait():
            return "waiting", wait.element, {wait.kind: wait.name, "key": wait.key}
        case ChildWait():
            return "called", wait.element, {"process": wait.process}


def _after(wait: TaskWait | TimerWait | JobWait, due: int | None) -> Json:
    return None if due is None else lasting(due - wait.since)


def _even(value: Json) -> Json:
    """Return a value in which 1 and 1.0 are written alike."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value.normalize()
    if isinstance(value, Mapping):
        return {name: _even(part) for name, part in sorted(value.items())}
    if isinstance(value, list | tuple):
        return [_even(part) for part in value]
    return value


_WORDS: Final[Mapping[str, str]] = {
    "came": "it comes to {name}",
    "cancelled": "{name} is cancelled",
    "task": "{name} is offered{offered}",
    "timer": "the time of {name} is over {timed}",
    "job": "{name} is handed out as work{told}",
    "failed": "the try at {name} fails{told}",
    "called": "{name} calls{told}",
    "waiting": "{name} waits for{told}",
    "set": "{values} is set",
    "over": "{name} is {how}",
    "ended": "it ends {status}",
    "start refused": "the start is refused",
    "answer refused": "an answer is refused at {name}",
    "decided": "{name} decides {answer}",
}
"""What was to be seen in words, by its kind."""


def words_of(side: Side, seen: Seen) -> str:
    """Return in words what was to be seen."""
    told = named(_told(seen.facts))
    parts = {
        "name": side.label(seen.own),
        "offered": _offered(seen.facts) if seen.kind == "task" else "",
        "timed": _timed(seen.facts) if seen.kind == "timer" else "",
        "told": f" ({told})" if told else "",
        "values": told or "nothing",
        "how": str(seen.facts.get("how")),
        "status": str(seen.facts.get("status")),
        "answer": said(seen.facts.get("answer")),
    }
    return _WORDS.get(seen.kind, f"{seen.kind} at {{name}}{{told}}").format(**parts)


def _told(facts: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in facts.items() if value not in (None, "", [], {})}


def _offered(facts: Mapping[str, Json]) -> str:
    told = {name: value for name, value in _told(facts).items() if name not in ("priority", "kinds")}
    whom = [str(each) for word in ("roles", "people") for each in _list(told.pop(word, []))]
    assignee = told.pop("assignee", None)
    whom += [str(assignee)] if assignee else []
    return (f" to {', '.join(whom)}" if whom else "") + (f" ({named(told)})" if told else "")


def _list(value: Json) -> list[Json]:
    return list(value) if isinstance(value, list | tuple) else []


def _timed(facts: Mapping[str, Json]) -> str:
    kind = str(facts.get("for") or "").partition(":")[0]
    return f"after {facts['due after']}" + (f" ({kind})" if kind else "")
