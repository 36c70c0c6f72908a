"""Compares what happened in a scenario with what it expects, and says what sent it elsewhere."""

from collections.abc import Callable, Mapping, Sequence

from flowmaster.engine import events as ev
from flowmaster.engine.bpmn.scenario_names import names_of
from flowmaster.engine.bpmn.vocabulary import GATEWAY_KINDS
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.model import Process
from flowmaster.engine.outline.scenarios import START, Expected, Scenario
from flowmaster.engine.state import State, TaskWait
from flowmaster.engine.values import Json
from flowmaster.tools.scenario_play import ROUNDS_MAX, Played
from flowmaster.tools.unnamed import place_of
from flowmaster.tools.why import reasons

TURNS_SHOWN = 12
"""How many turns a failing scenario explains."""

NOT_STEPS = ("startEvent", *GATEWAY_KINDS, "process")


def outcome_of(process: Process, scenario: Scenario, played: Played) -> dict[str, Json]:
    """Return `{name, passed, path, ...}`; a failing one says what differs and why it went so."""
    if played.refused is not None or played.state is None:
        assert played.refused is not None
        told: Json = played.refused.body()
        meant = is_meant(scenario.expect, played.refused)
        return {"name": scenario.name, "passed": meant, "path": [], "refused": told}
    facts = Facts(process, played.state, played)
    differences = differences_of(scenario.expect, facts)
    if played.unfinished:
        differences.append({"what": "acts", "expected": f"at most {ROUNDS_MAX}", "got": "it still goes on"})
    outcome: dict[str, Json] = {
        "name": scenario.name,
        "passed": not differences,
        "status": played.state.status,
        "path": list(facts.path),
    }
    if differences:
        outcome["differences"] = list(differences)
        outcome["because"] = turns_of(process, played)[-TURNS_SHOWN:]
        outcome["waits_at"] = list(facts.waiting)
        if facts.refusals:
            outcome["refused"] = {facts.label(element): text for element, text in facts.refusals.items()}
        if played.state.incidents:
            outcome["incidents"] = [
                f"{facts.words(incident.element)}: {incident.message}"
                for incident in played.state.incidents.values()
            ]
    return outcome


def turns_of(process: Process, played: Played) -> list[str]:
    """Return in sentences what sent an instance its way: conditions, rules, events that came, errors, times."""
    turning = {entry.seq for entry in played.history if _is_turning(entry.event)}
    return [
        str(reason["sentence"])
        for reason in reasons(lambda _: process, played.history)
        if "expression" in reason or reason["seq"] in turning
    ]


def _is_turning(event: ev.Event) -> bool:
    match event:
        case ev.DecisionMade() | ev.ErrorThrown() | ev.IncidentRaised():
            return True
        case ev.TaskChanged(action=action):
            return action in ("escalate", "remind")
        case ev.WaitClosed(how=how):
            return how in ("fired", "received")
        case _:
            return False


def is_meant(expect: Expected, refusal: FlowMasterError) -> bool:
    """Return whether a scenario expects its start to be refused: as such, or by the name of an input."""
    if refusal.code == "scenario.condition_not_met":
        return START in expect.refused
    if refusal.code != "instance.inputs_invalid":
        return False
    names = refusal.path.removeprefix("variables").removeprefix(".").split(".")
    return any(name == START or name in names for name in expect.refused)


class Facts:
    """What is worth knowing of a played scenario, in the names that people use."""

    def __init__(self, process: Process, state: State, played: Played) -> None:
        self.process = process
        self.state = state
        self.events = visits([entry.event for entry in played.history])
        self.path: list[str] = []
        self.ends: list[str] = []
        self.entered: set[str] = set()
        self.escalated: dict[str, tuple[str, ...]] = {}
        self.reminded: set[str] = set()
        self.refusals = {key: text for key, text in played.refusals.items() if key in process.elements}
        self.incidents = {incident.element for incident in state.incidents.values()}
        for event in self.events:
            self._learn(event)
        self.waiting = list(dict.fromkeys(self.label(wait.element) for wait in state.waits.values()))

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
                    self.path.append(self.label(element))
            case ev.TaskChanged(wait=TaskWait() as task, action="escalate"):
                self.escalated[task.element] = task.roles
            case ev.TaskChanged(wait=wait, action="remind"):
                self.reminded.add(wait.element)
            case _:
                pass

    def label(self, element: str) -> str:
        """Return what a scenario calls an element."""
        found = self.process.elements.get(element)
        return found.label if found else element

    def words(self, element: str) -> str:
        """Return what people call an element: its name, or where it stands if it has none."""
        return place_of(self.process, element) or self.label(element)


def differences_of(expect: Expected, facts: Facts) -> list[dict[str, Json]]:
    """Return each expectation that was not met, with what was got instead."""
    found: list[dict[str, Json]] = []

    def differ(what: str, expected: Json, got: Json) -> None:
        found.append({"what": what, "expected": expected, "got": got})

    state = facts.state
    if expect.end and not any(facts.is_same(expect.end, end) for end in facts.ends):
        differ("end", expect.end, [facts.words(end) for end in facts.ends] or state.status)
    if expect.end and state.status != "completed" and state.status != "failed":
        differ("status", "completed", state.status)
    if expect.path and not _in_order(expect.path, facts):
        differ("path", list(expect.path), list(facts.path))
    if expect.exactly and not _exactly(expect.path, facts):
        differ("exactly", list(expect.path), list(facts.path))
    for name in expect.skips:
        if any(facts.is_same(name, element) for element in facts.entered):
            differ("skips", name, "was entered")
    for name, value in expect.variables.items():
        if not same(value, state.variables.get(name)):
            differ(f"variables.{name}", value, state.variables.get(name))
    _compare_places(expect, facts, differ)
    return found


Differ = Callable[[str, Json, Json], None]


def _compare_places(expect: Expected, facts: Facts, differ: Differ) -> None:
    elements = [wait.element for wait in facts.state.waits.values()]
    if not all(any(facts.is_same(name, each) for each in elements) for name in expect.waits_at):
        differ("waits_at", list(expect.waits_at), list(facts.waiting))
    if expect.incident:
        if not any(facts.is_same(expect.incident, element) for element in facts.incidents):
            differ("incident", expect.incident, sorted(map(facts.words, facts.incidents)) or "no incident")
    elif facts.incidents:
        differ("incident", "none", sorted(map(facts.words, facts.incidents)))
    _compare_people(expect, facts, differ)


def _compare_people(expect: Expected, facts: Facts, differ: Differ) -> None:
    for name, roles in (expect.escalated or {}).items():
        got = [to for element, to in facts.escalated.items() if facts.is_same(name, element)]
        if not got or not set(roles) <= set(got[-1]):
            differ(
                f"escalated.{name}",
                ", ".join(roles) or "escalated",
                ", ".join(got[-1]) if got else "not escalated",
            )
    if expect.escalated is not None and not expect.escalated and facts.escalated:
        told = {facts.label(element): list(to) for element, to in facts.escalated.items()}
        differ("escalated", "nothing is escalated", told)
    for name in expect.reminded or ():
        if not any(facts.is_same(name, element) for element in facts.reminded):
            differ("reminded", name, sorted(facts.reminded) or "no reminder")
    if expect.reminded == () and facts.reminded:
        differ("reminded", "nobody is reminded", sorted(map(facts.label, facts.reminded)))
    for name in expect.refused:
        if not any(facts.is_same(name, element) for element in facts.refusals):
            differ("refused", name, "no answer was refused there")
    for element, message in facts.refusals.items():
        if not any(facts.is_same(name, element) for name in expect.refused):
            differ("refused", f"the answer to {element!r} is taken", message)


def same(expected: Json, got: Json) -> bool:
    """Return whether two values are equal; an expected object may leave entries out."""
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        return all(name in got and same(value, got[name]) for name, value in expected.items())
    if isinstance(expected, Sequence) and isinstance(got, Sequence) and not isinstance(expected, str):
        return len(expected) == len(got) and all(map(same, expected, got))
    return expected == got


def visits(events: Sequence[ev.Event]) -> list[ev.Event]:
    """Leave out where a step that runs several times comes and goes as a whole: its turns are its visits."""
    bodies = {event.key for event in events if isinstance(event, ev.LoopBegan) and event.total >= 0}
    if not bodies:
        return list(events)
    return [
        event
        for event in events
        if not isinstance(event, ev.ElementEntered | ev.ElementCompleted) or event.key not in bodies
    ]


def _in_order(wanted: Sequence[str], facts: Facts) -> bool:
    """Return whether the wanted steps came in this order, each visit counted once, when it began or when it ended."""
    place = 0
    used: set[int] = set()
    for event in facts.events:
        if place == len(wanted):
            break
        if not isinstance(event, ev.ElementEntered | ev.ElementCompleted) or event.key in used:
            continue
        if facts.is_same(wanted[place], event.element):
            used.add(event.key)
            place += 1
    return place == len(wanted)


def _exactly(wanted: Sequence[str], facts: Facts) -> bool:
    def is_step(element: str) -> bool:
        kind = facts.process.elements[element].kind
        is_beside = kind == "boundaryEvent" and not any(facts.is_same(name, element) for name in wanted)
        return kind not in (*NOT_STEPS, "endEvent") and not is_beside

    completed = [event.element for event in facts.events if isinstance(event, ev.ElementCompleted)]
    walked = [element for element in completed if is_step(element)]
    return len(walked) == len(wanted) and all(map(facts.is_same, wanted, walked))
