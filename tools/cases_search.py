"""Searches cases that take branches which none took: plays one, works a turn backwards, and plays again.

A case is a scenario without name and expectation. The search begins with plain values of every declared type. What
keeps it from a branch is a condition (worked backwards by the solver), a wait (answered, or left until its time is
over), or an error (thrown by the service). Where that does not lead there, values are varied by a fixed seed. The
same process always gives the same cases.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.temporal import DayTimeDuration
from flowmaster.engine.model import Element, Error, Flow, Message, Rule, Script, Timer, UserTask
from flowmaster.engine.outline.problems import OutlineRefused
from flowmaster.engine.outline.scenarios import NEXT, Scenario, scenarios_of
from flowmaster.engine.proof import schemas
from flowmaster.engine.proof.changes import (
    NO_CHANGE,
    SOLUTIONS_MAX,
    Change,
    Place,
    changed,
    found_at,
    together,
)
from flowmaster.engine.proof.solving import Solver
from flowmaster.engine.state import EventWait, JobWait, TaskWait, TimerWait
from flowmaster.engine.timers import instant
from flowmaster.engine.values import Json
from flowmaster.tools.cases_chance import Chance
from flowmaster.tools.cases_origins import Level, Moment, Outside, World, form_of
from flowmaster.tools.cases_rules import RuleBook
from flowmaster.tools.cases_trace import Trace, Tracer, Turn, node_of
from flowmaster.tools.json_text import write_json
from flowmaster.tools.scenario_play import Played
from flowmaster.tools.scenario_stage import Stage

Case = Mapping[str, Json]

PLAYS_MAX = 240
"""How many cases one search plays."""

CHANCES = 60
"""How many of them are varied at random where nothing else helps."""

TRIES = 8
"""How many ways to one branch are tried from one case."""

REPAIRS = 3
"""How often a case that went astray on its way is put right."""

ROUNDS = 50
"""How many acts of people, services, messages and time one case may take."""

EVENTS_MAX = 25_000
"""How many events all cases of one search may come to."""

AGAIN_MAX = 2
"""How often a message is sent that is still waited for when it has come: what listens all the time never has enough."""

TICKS_MAX = 12
"""How often time goes on to what is due next."""

ENDS_MAX = 5
"""How many tasks that a case leaves open are answered for it."""

MINUTE = 60_000


class Tried(NamedTuple):
    """A case that was played, and what its history shows."""

    case: Case
    played: Played
    trace: Trace


class Search:
    """Looks for cases that take the branches of one process."""

    def __init__(
        self,
        stage: Stage,
        *,
        plays: int = PLAYS_MAX,
        events: int = EVENTS_MAX,
        rules: RuleBook | None = None,
    ) -> None:
        self.stage = stage
        self.rules = rules or RuleBook(stage.kit.definitions)
        self.world = World(stage.model, self.rules)
        self.plays = plays
        self._events_left = events
        self.tried: list[Tried] = []
        self.reached: dict[str, Tried] = {}
        """For each flow the first case that took it."""
        self._known: set[bytes] = set()
        self._asked: set[tuple[int, str]] = set()

    def add(self, case: Case, played: Played) -> Tried:
        """Take note of a case that was played elsewhere."""
        self._known.add(write_json(case))
        return self._noted(case, played)

    def play(self, case: Case) -> Tried | None:
        """Play a case, unless it was played before or no more may be."""
        key = write_json(case)
        if key in self._known or self.plays <= 0 or self._events_left <= 0:
            return None
        self._known.add(key)
        scenario = scenario_of(case)
        if scenario is None:
            return None
        self.plays -= 1
        played = self.stage.play(scenario, rounds=ROUNDS)
        self._events_left -= len(played.history)
        return self._noted(case, played)

    def trial(self, case: Case) -> Tried | None:
        """Play a case that is not taken note of."""
        scenario = scenario_of(case)
        if scenario is None:
            return None
        played = self.stage.play(scenario, rounds=ROUNDS)
        return Tried(case, played, Tracer(self.world).run(played.history))

    def _noted(self, case: Case, played: Played) -> Tried:
        tried = Tried(case, played, Tracer(self.world).run(played.history))
        self.tried.append(tried)
        for flow in played.taken:
            self.reached.setdefault(flow, tried)
        return tried

    def cover(self, wanted: Sequence[Flow], chances: int = CHANCES) -> None:
        """Play until all of these flows are taken, nothing is left to try, or enough was played or varied by chance."""
        if not self.tried:
            self.play(self.plain())
        while self._pass(wanted):
            pass
        chance = Chance(self.world, self.stage.process)
        for _ in range(chances if self.tried else 0):
            if self.plays <= 0 or not self.missing(wanted):
                return
            case = chance.varied(self.tried)
            before = len(self.reached)
            if self.play(case) is not None and len(self.reached) > before:
                while self._pass(wanted):
                    pass

    def missing(self, wanted: Sequence[Flow]) -> list[Flow]:
        """Return those flows that no case took."""
        return [flow for flow in wanted if flow.id not in self.reached]

    def plain(self) -> Case:
        """Return a case with a plain value of each declared type, and an answer for each task and job that needs one."""
        process = self.stage.model
        given = {item.name: schemas.example(item.schema, item.name) for item in process.data if item.input}
        answers: dict[str, Json] = {}
        services: dict[str, Json] = {}
        for key, element in process.elements.items():
            if isinstance(element.details, UserTask):
                answers[key] = [schemas.example(form_of(process, key)) or {}]
            elif results := self.world.results(key):
                services[key] = results
        case: Case = {"given": given, "answers": answers} | ({"services": services} if services else {})
        for check in process.checks:
            node = node_of(check.condition)
            if node is not None:
                case = self._met(case, Solver(self.given(case)).holds(node, True))
        return self._with_checked_answers(case)

    def _met(self, case: Case, changes: Iterable[Change]) -> Case:
        found = next(iter(changes), NO_CHANGE)
        return case_with(case, found)

    def given(self, case: Case) -> Moment:
        """Return what a case gives at its start, as the checks of the start see it."""
        given = case.get("given")
        known = given if isinstance(given, Mapping) else {}
        origins = {name: Outside(("given", name)) for name in known}
        return Moment(self.world, [Level(known, origins, ("given",))], (), self._begins(case))

    def _begins(self, case: Case) -> int:
        """Return when a case begins: when it says, else when all do."""
        begins = case.get("at")
        return instant(begins) if isinstance(begins, str) and begins else self.stage.at

    def _with_checked_answers(self, case: Case) -> Case:
        for key, element in self.stage.model.elements.items():
            for check in getattr(element.details, "checks", ()):
                node = node_of(check.condition)
                if node is not None:
                    case = self._met(case, Solver(self.entered(case, key)).holds(node, True))
        return case

    def entered(self, case: Case, key: str) -> Moment:
        """Return what a case enters first at a task, as the checks of the task see it."""
        entered = found_at(case, ("answers", key, 0))
        known = entered if isinstance(entered, Mapping) else {}
        origins = {name: Outside(("answers", key, 0, name)) for name in known}
        level = Level(known, origins, ("answers", key, 0))
        return Moment(self.world, [level, *self.given(case).levels], (), self._begins(case))

    def _pass(self, wanted: Sequence[Flow]) -> bool:
        """Try each missing flow from each case, the latest first; return whether one was found."""
        for number in range(len(self.tried) - 1, -1, -1):
            tried = self.tried[number]
            for flow in self.missing(wanted):
                if (number, flow.id) in self._asked or self.plays <= 0:
                    continue
                self._asked.add((number, flow.id))
                if self._attempt(tried, flow):
                    return True
            if (number, "") not in self._asked:
                self._asked.add((number, ""))
                before = len(self.tried)
                for case in self._unblocked(tried):
                    self.play(case)
                if len(self.tried) > before:
                    return True
        return False

    def _attempt(self, tried: Tried, flow: Flow) -> bool:
        """Try to take a flow by changing a case that came near."""
        self.stage.between()
        source = self.stage.model.elements[flow.source]
        for case in islice(self._events(tried, source, flow), TRIES):
            self.play(case)
            if flow.id in self.reached:
                return True
        for turn in reversed(tried.trace.turns):
            if turn.element.id != flow.source:
                continue
            for change in self._likely(tried, turn, flow):
                self.pursue(tried, turn.number, change)
                if flow.id in self.reached:
                    return True
        return False

    def _likely(self, tried: Tried, turn: Turn, flow: Flow) -> list[Change]:
        """Return changes towards a flow, those first that leave the way to its turn as it is."""
        found = [change for change in islice(self.towards(turn, flow), TRIES * 3) if change]
        before = tried.trace.turns[: turn.number]
        found.sort(key=lambda change: sum(not _stays(each, change) for each in before))
        return found[:TRIES]

    def pursue(self, tried: Tried, turns: int, change: Change, repairs: int = REPAIRS) -> None:
        """Play a changed case; where it goes astray in one of so many first turns, put that right and keep the change."""
        case = case_with(tried.case, change)
        new = self.play(case)
        if new is None or not repairs:
            return
        if new.played.refused is not None:
            for other in islice(self._accepted(case, change), REPAIRS):
                self.pursue(tried, turns, other, repairs - 1)
            return
        for before, now in zip(tried.trace.turns[:turns], new.trace.turns, strict=False):
            if before.element.id != now.element.id:
                return
            if before.taken != now.taken:
                lost = [flow for flow in now.element.outgoing if flow.id in before.taken - now.taken]
                for flow in lost[:1]:
                    for other in islice(self.towards(now, flow), REPAIRS):
                        both = together(change, other)
                        if both is not None:
                            self.pursue(tried, turns, both, repairs - 1)
                return

    def _accepted(self, case: Case, change: Change) -> Iterator[Change]:
        """Give a change with more to it, so that the checks of the start let it pass."""
        nodes = [node_of(check.condition) for check in self.stage.model.checks]
        goals = [(node, True) for node in nodes if node is not None]
        for other in islice(Solver(self.given(case)).all_hold(goals) if goals else (), SOLUTIONS_MAX):
            both = together(change, other)
            if both is not None:
                yield both

    def towards(self, turn: Turn, flow: Flow) -> Iterator[Change]:
        """Give changes after which a turn takes a flow."""
        solver = Solver(turn.view)
        exclusive = turn.element.kind == "exclusiveGateway"
        goals: list[tuple[s.Node, bool]] = []
        for other in turn.element.outgoing:
            node = None if other.condition is None else node_of(other.condition)
            if other is flow:
                if node is not None:
                    goals.append((node, True))
                    if exclusive:
                        break
            elif node is not None and (exclusive or flow.condition is None):
                goals.append((node, False))
        yield from solver.all_hold(goals)

    def _events(self, tried: Tried, source: Element, flow: Flow) -> Iterator[Case]:
        """Give cases in which an event happens that leads to a flow: on a boundary, or behind an event gateway."""
        elements = self.stage.model.elements
        if source.host and source.host in tried.trace.entered:
            yield from self._on_boundary(tried, source, elements[source.host])
        elif source.kind == "eventBasedGateway" and source.id in tried.trace.entered:
            yield from self._first(tried, elements[flow.target])

    def _on_boundary(self, tried: Tried, event: Element, host: Element) -> Iterator[Case]:
        inside = [host.id] if host.details is not None else self._waits_inside(host)
        match event.details:
            case Error(code=code):
                text = str(code.value({})) if code is not None else "ERROR"
                for key in inside:
                    for visit in range(max(1, tried.trace.used.get(key, 0))):
                        yield case_with(tried.case, {("services", key, visit): {"error": text}})
            case Timer():
                late = tried.trace.timers.get(event.id, MINUTE) + MINUTE
                for key in inside:
                    yield from self._delayed(tried, key, event.id, lasting(late))
                yield self._silent(tried, inside, late)
            case Message():
                sent = self._sent(tried, event)
                for key in inside:
                    for case in self._delayed(tried, key, event.id, "PT1H"):
                        yield _with_message(case, sent)
                yield _with_message(self._silent(tried, inside, 0), sent)
            case _:
                return

    def _waits_inside(self, scope: Element) -> list[str]:
        elements = self.stage.model.elements.values()
        inner = [each for each in elements if each.scope == scope.id]
        found = [
            each.id
            for each in inner
            if each.kind.endswith("Task") and not isinstance(each.details, Rule | Script | None)
        ]
        deeper = [key for each in inner if each.kind == "subProcess" for key in self._waits_inside(each)]
        return found + deeper

    def _delayed(self, tried: Tried, key: str, event: str, after: str) -> Iterator[Case]:
        """Give cases in which a step takes long enough for an event on it."""
        visit = tried.trace.visits.get(event, 0)
        element = self.stage.model.elements[key]
        root = "answers" if isinstance(element.details, UserTask) else "services"
        before = found_at(tried.case, (root, key, visit))
        answer = before if isinstance(before, Mapping) else next(iter(self.world.results(key)), None)
        known = answer if isinstance(answer, Mapping) else {}
        yield case_with(tried.case, {(root, key, visit): {**known, "after": after}})

    def _silent(self, tried: Tried, steps: Sequence[str], late: int) -> Case:
        """Return a case in which nobody answers some steps, and time passes."""
        answers = tried.case.get("answers")
        known = answers if isinstance(answers, Mapping) else {}
        clock: list[Json] = [lasting(late)] if late else []
        left: dict[str, Json] = {key: value for key, value in known.items() if key not in steps}
        return {**tried.case, "answers": left, "messages": [], "clock": clock}

    def _first(self, tried: Tried, event: Element) -> Iterator[Case]:
        """Give cases in which one event behind an event gateway comes first."""
        silent: Case = {**tried.case, "messages": []}
        if isinstance(event.details, Message):
            yield _with_message(silent, self._sent(tried, event))
            yield _with_message(tried.case, self._sent(tried, event))
        elif isinstance(event.details, Timer):
            yield {**silent, "clock": [NEXT]}
            yield {**tried.case, "messages": [], "clock": [NEXT, NEXT, NEXT]}

    def _sent(self, tried: Tried, event: Element) -> Json:
        name, key = tried.trace.awaited.get(event.id, ("", ""))
        return {"name": name, "key": key} if key else {"name": name}

    def to_the_end(self, tried: Tried) -> Tried:
        """Return a case in which people also do what a case leaves open, if that takes the same branches."""
        for _ in range(ENDS_MAX):
            state = tried.played.state
            open_tasks = (
                [wait.element for wait in state.waits.values() if isinstance(wait, TaskWait)] if state else []
            )
            unasked = [key for key in open_tasks if not found_at(tried.case, ("answers", key))]
            if not unasked:
                break
            form = schemas.example(form_of(self.stage.model, unasked[0])) or {}
            more = self.play(case_with(tried.case, {("answers", unasked[0]): [form]}))
            if more is None or not tried.played.taken <= more.played.taken:
                break
            tried = more
        return tried

    def _unblocked(self, tried: Tried) -> Iterator[Case]:
        """Give cases that go on where one still waits."""
        state = tried.played.state
        for wait in state.waits.values() if state is not None else ():
            if isinstance(wait, TaskWait) and not found_at(tried.case, ("answers", wait.element)):
                form = schemas.example(form_of(self.stage.model, wait.element)) or {}
                yield case_with(tried.case, {("answers", wait.element): [form]})
            elif isinstance(wait, JobWait) and not found_at(tried.case, ("services", wait.element)):
                if results := self.world.results(wait.element):
                    yield case_with(tried.case, {("services", wait.element): results})
            elif isinstance(wait, EventWait) and wait.kind == "message":
                sent: Json = {"name": wait.name, "key": wait.key} if wait.key else {"name": wait.name}
                if _listed(tried.case, "messages").count(sent) < AGAIN_MAX:
                    yield _with_message(tried.case, sent)
            elif isinstance(wait, TimerWait) and not wait.purpose:
                later = [*_listed(tried.case, "clock"), NEXT]
                if later.count(NEXT) <= TICKS_MAX:
                    yield {**tried.case, "clock": later}


def _stays(turn: Turn, change: Change) -> bool:
    """Tell whether a turn still takes the flows that it took, as far as their conditions say."""
    view = turn.view.under(change)
    for flow in turn.element.outgoing:
        node = None if flow.condition is None else node_of(flow.condition)
        if node is not None:
            holds = view.value(node) is True
            if flow.id in turn.taken:
                if not holds:
                    return False
                if turn.element.kind == "exclusiveGateway":
                    return True
            elif holds:
                return False
    return True


def scenario_of(case: Case) -> Scenario | None:
    """Return a case ready to play; None if it cannot be one."""
    try:
        return scenarios_of([{"name": "case", "expect": {"path": []}, **case}])[0]
    except OutlineRefused:
        return None


def lasting(milliseconds: int) -> str:
    """Return a length of time as ISO 8601."""
    return str(DayTimeDuration(milliseconds * 1_000_000))


def case_with(case: Case, change: Change) -> Case:
    """Return a case with a change made; where it is about one visit of a step, the next is as that one was before."""
    found = changed(case, {**_next_visits(case, change), **change})
    assert isinstance(found, Mapping)
    return found


def _next_visits(case: Case, change: Change) -> dict[Place, Json]:
    """Return what keeps a changed answer from being repeated for good: without it a loop might never end."""
    found: dict[Place, Json] = {}
    for place in change:
        match place:
            case ("answers" | "services" as root, str(step), int(visit), *_):
                before = found_at(case, (root, step))
                known = len(before) if isinstance(before, Sequence) and not isinstance(before, str) else 0
                if known <= visit + 1:
                    again = found_at(case, (root, step, min(visit, known - 1))) if known else {}
                    found[root, step, visit + 1] = again
            case _:
                continue
    return found


def _listed(case: Case, word: str) -> list[Json]:
    found = case.get(word)
    return list(found) if isinstance(found, Sequence) and not isinstance(found, str) else []


def _with_message(case: Case, message: Json) -> Case:
    if not found_at(message, ("name",)):
        return case
    return {**case, "messages": [*_listed(case, "messages"), message]}
