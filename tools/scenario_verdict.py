"""Compares what happened in a scenario with what it expects, and says what sent it elsewhere."""

from collections.abc import Callable, Mapping, Sequence

from flowmaster.engine import events as ev
from flowmaster.engine.model import Process
from flowmaster.engine.outline.scenarios import Expectation, Scenario
from flowmaster.engine.state import State
from flowmaster.engine.values import Json
from flowmaster.tools.scenario_play import Played, names_of
from flowmaster.tools.why import reasons

TURNS_SHOWN = 12
"""How many turns a failing scenario explains."""

NOT_STEPS = ("startEvent", "exclusiveGateway", "parallelGateway", "inclusiveGateway", "process")


def outcome_of(process: Process, scenario: Scenario, played: Played) -> dict[str, Json]:
    """Return `{name, passed, path, ...}`; a failing one says what differs and why it went so."""
    if played.refused is not None or played.state is None:
        assert played.refused is not None
        told: Json = played.refused.body()
        return {"name": scenario.name, "passed": False, "path": [], "refused": told}
    facts = Facts(process, played.state, played)
    differences = differences_of(scenario.expect, facts)
    outcome: dict[str, Json] = {
        "name": scenario.name,
        "passed": not differences,
        "status": played.state.status,
        "path": list(facts.path),
    }
    if differences:
        outcome["differences"] = list(differences)
        turns = [
            reason
            for reason in reasons(process, played.history)
            if "expression" in reason or "decision" in reason
        ]
        outcome["because"] = [reason["sentence"] for reason in turns[-TURNS_SHOWN:]]
        outcome["waits_at"] = list(facts.waiting)
        if played.state.incidents:
            outcome["incidents"] = [
                f"{incident.element}: {incident.message}" for incident in played.state.incidents.values()
            ]
    return outcome


class Facts:
    """What is worth knowing of a played scenario, in the names that people use."""

    def __init__(self, process: Process, state: State, played: Played) -> None:
        self.process = process
        self.state = state
        self.events = [entry.event for entry in played.history]
        self.path: list[str] = []
        self.ends: list[str] = []
        self.entered: set[str] = set()
        self.performers: dict[str, str] = {}
        self.escalated: set[str] = set()
        self.incidents = {incident.element for incident in state.incidents.values()}
        for event in self.events:
            self._learn(event)
        self.waiting = list(dict.fromkeys(self._label(wait.element) for wait in state.waits.values()))

    def is_same(self, name: str, element: str) -> bool:
        """Return whether a scenario's name means an element."""
        return name in names_of(self.process, element)

    def _learn(self, event: ev.Event) -> None:
        match event:
            case ev.ElementEntered(element=element):
                self.entered.add(element)
            case ev.ElementCompleted(element=element):
                kind = self.process.elements[element].kind
                if kind == "endEvent":
                    self.ends.append(element)
                elif kind not in NOT_STEPS:
                    self.path.append(self._label(element))
            case ev.TaskPerformed(element=element, performer=performer):
                self.performers[element] = performer
            case ev.TaskChanged(wait=wait, action="escalate"):
                self.escalated.add(wait.element)
            case _:
                pass

    def _label(self, element: str) -> str:
        found = self.process.elements.get(element)
        return found.label if found else element


def differences_of(expect: Expectation, facts: Facts) -> list[dict[str, Json]]:
    """Return each expectation that was not met, with what was got instead."""
    found: list[dict[str, Json]] = []

    def differ(what: str, expected: Json, got: Json) -> None:
        found.append({"what": what, "expected": expected, "got": got})

    state = facts.state
    if expect.end and not any(facts.is_same(expect.end, end) for end in facts.ends):
        differ("end", expect.end, [facts.process.elements[end].label for end in facts.ends] or state.status)
    wanted = expect.status or ("completed" if expect.end else "")
    if wanted and state.status != wanted:
        differ("status", wanted, state.status)
    if expect.path and not _in_order(expect.path, facts):
        differ("path", list(expect.path), list(facts.path))
    if expect.exactly is not None and not _exactly(expect.exactly, facts):
        differ("exactly", list(expect.exactly), list(facts.path))
    for name in expect.skips:
        if any(facts.is_same(name, element) for element in facts.entered):
            differ("skips", name, "was entered")
    for name, value in expect.variables.items():
        if not same(value, state.variables.get(name)):
            differ(f"variables.{name}", value, state.variables.get(name))
    _compare_places(expect, facts, differ)
    return found


def _compare_places(expect: Expectation, facts: Facts, differ: Callable[[str, Json, Json], None]) -> None:
    if expect.waits_at is not None:
        elements = [wait.element for wait in facts.state.waits.values()]
        missing = [
            name for name in expect.waits_at if not any(facts.is_same(name, each) for each in elements)
        ]
        if missing or (not expect.waits_at and elements):
            differ("waits_at", list(expect.waits_at), list(facts.waiting))
    if expect.incident:
        if not any(facts.is_same(expect.incident, element) for element in facts.incidents):
            differ("incident", expect.incident, sorted(facts.incidents) or "no incident")
    elif facts.incidents:
        differ("incident", "none", sorted(facts.incidents))
    if expect.escalated and not any(facts.is_same(expect.escalated, each) for each in facts.escalated):
        differ("escalated", expect.escalated, sorted(facts.escalated) or "nothing")
    for name, person in expect.performers.items():
        got = [who for element, who in facts.performers.items() if facts.is_same(name, element)]
        if person not in got:
            differ(f"performers.{name}", person, got[0] if got else "nobody")


def same(expected: Json, got: Json) -> bool:
    """Return whether two values are equal; an expected object may leave entries out."""
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        return all(name in got and same(value, got[name]) for name, value in expected.items())
    if isinstance(expected, Sequence) and isinstance(got, Sequence) and not isinstance(expected, str):
        return len(expected) == len(got) and all(map(same, expected, got))
    return expected == got


def _in_order(wanted: Sequence[str], facts: Facts) -> bool:
    walked = [event.element for event in facts.events if isinstance(event, ev.ElementCompleted)]
    place = 0
    for element in walked:
        if place < len(wanted) and facts.is_same(wanted[place], element):
            place += 1
    return place == len(wanted)


def _exactly(wanted: Sequence[str], facts: Facts) -> bool:
    walked = [
        event.element
        for event in facts.events
        if isinstance(event, ev.ElementCompleted)
        and facts.process.elements[event.element].kind not in (*NOT_STEPS, "endEvent")
    ]
    return len(walked) == len(wanted) and all(map(facts.is_same, wanted, walked))
