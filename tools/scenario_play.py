"""Plays one scenario: people, workers, messages and time act on an instance until nobody has anything to do."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.bpmn.scenario_names import names_of
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.lookup import tried_again
from flowmaster.engine.model import Constant, Job, Process, Rule
from flowmaster.engine.outline.scenarios import NEXT, Answer, Scenario, Sent, ServiceAnswer
from flowmaster.engine.state import EventWait, JobWait, State, TaskWait, TimerWait, Wait
from flowmaster.engine.timers import later
from flowmaster.runtime.desk import Desk, Request
from flowmaster.runtime.messages import deliver
from flowmaster.runtime.results import check_result
from flowmaster.runtime.sandbox import TENANT, Sandbox
from flowmaster.stores.rows import HistoryEntry, InstanceFilter
from flowmaster.tools.forms import check_answer, form_of
from flowmaster.tools.scenario_starts import beginning_of

ROUNDS_MAX = 500
"""Acts of people, workers, messages and time in one scenario."""

STOPS_MAX = 100
"""Due times at which nobody acts that one round goes through; the next round goes on behind them."""

HISTORY_MAX = 5_000
"""Events of the instance that are looked at."""

SOMEBODY = "somebody"
"""Who acts where a scenario and the model name nobody."""

T = TypeVar("T", Answer, ServiceAnswer)


class Played(NamedTuple):
    """What happened in a scenario."""

    state: State | None
    history: list[HistoryEntry]
    taken: frozenset[str]
    refused: FlowMasterError | None
    refusals: dict[str, str]
    unfinished: bool

    @property
    def ended(self) -> bool:
        """Return whether it began, and came to where nobody has anything to do: such a case shows the way to others."""
        return self.refused is None and not self.unfinished


def play(sandbox: Sandbox, process: str, scenario: Scenario, *, rounds: int = ROUNDS_MAX) -> Played:
    """Play a scenario to its end, or until so many acts are done."""
    model = sandbox.models.process(sandbox.reader, TENANT, process, 1)
    sandbox.models.replace(TENANT, process, 1, _answered_rules(model, scenario))
    try:
        start = beginning_of(model, scenario, sandbox.now())
        instance = sandbox.do(lambda desk: desk.start(_request("test"), start))
        player = Player(sandbox, instance, process, scenario)
        unfinished = player.run(rounds)
    except FlowMasterError as error:
        return Played(None, [], frozenset(), error, {}, False)
    stored = sandbox.reader.load(TENANT, instance)
    assert stored is not None
    history = sandbox.reader.history(TENANT, instance, limit=HISTORY_MAX)
    taken = frozenset(entry.event.flow for entry in history if isinstance(entry.event, ev.FlowTaken))
    return Played(stored.state, history, taken, None, player.refusals, unfinished)


def _answered_rules(model: Process, scenario: Scenario) -> Process:
    """Return the process with the rules that the scenario answers handed out as work."""
    elements = dict(model.elements)
    for key, element in model.elements.items():
        if isinstance(element.details, Rule) and not scenario.services.keys().isdisjoint(
            names_of(model, key)
        ):
            details = Job(Constant(f"rule:{key}"), Constant(1))
            elements[key] = replace(element, details=details)
    return replace(model, elements=elements)


class Player:
    """Acts for everybody outside the process."""

    def __init__(self, sandbox: Sandbox, instance: str, process: str, scenario: Scenario) -> None:
        self._sandbox = sandbox
        self._process = process
        self._instance = instance
        self._scenario = scenario
        self._used: dict[str, int] = {}
        self._left: dict[tuple[str, int], tuple[str, int]] = {}
        self._began = sandbox.now()
        self.refusals: dict[str, str] = {}
        self._messages = list(scenario.messages)
        self._clock = list(scenario.clock)
        self._tick = self._began
        self._rest = self._began

    def run(self, rounds: int) -> bool:
        """Let everybody act in turn; return whether the rounds ran out."""
        return all(self._act() or self._let_time_pass() for _ in range(rounds))

    def _act(self) -> bool:
        """Do the next thing that can be done now, or return False if there is none."""
        if self._message(timed=True):
            return True
        for state in self._states():
            if self._answer(state) or self._work(state):
                return True
        return self._message(timed=False)

    def _states(self) -> list[State]:
        """Return the state of the instance and of those it called."""
        reader = self._sandbox.reader
        which = InstanceFilter(statuses=("active",), include_sandbox=True, limit=100)
        found = [reader.load(TENANT, row.instance) for row in reader.find_instances(TENANT, which).items]
        states = [stored.state for stored in found if stored is not None]
        return sorted(states, key=lambda state: state.instance != self._instance)

    def _answer(self, state: State) -> bool:
        for wait in state.waits.values():
            if not isinstance(wait, TaskWait) or wait.state not in ("ready", "reserved"):
                continue
            found = self._next(self._scenario.answers, self._names(state, wait.element), state, wait)
            if found is None or found[1] is None:
                continue
            step, answer = found[0], found[1]
            if answer.after and later(wait.since, answer.after) > self._sandbox.now():
                continue
            if self._complete(state, wait, step, answer):
                return True
        return False

    def _complete(self, state: State, wait: TaskWait, step: str, answer: Answer) -> bool:
        """Complete a task; a refusal is noted, and the same answer is not tried again."""
        if f"{step}:{self._used.get(step, 0)}:{wait.id}" in self.refusals:
            return False
        person = answer.by or _somebody(wait)
        try:
            self._fits(state, wait, answer)
            now, named = self._sandbox.now(), bool(answer.by)
            command = cmd.ActOnTask(now, person, wait.id, "complete", answer.variables, named=named)
            self._do(state, command)
        except FlowMasterError as error:
            self.refusals[f"{step}:{self._used.get(step, 0)}:{wait.id}"] = error.message
            self.refusals[wait.element] = error.message
            if self._used.get(step, 0) + 1 < len(self._scenario.answers[step]):
                self._use(step)
            return True
        self._use(step)
        return True

    def _fits(self, state: State, wait: TaskWait, answer: Answer) -> None:
        """Refuse an answer that the task's form refuses."""
        process = self._sandbox.models.process(self._sandbox.reader, TENANT, state.process, state.version)
        check_answer(form_of(process, process.elements[wait.element]), answer.variables, wait.element)

    def _work(self, state: State) -> bool:
        for wait in state.waits.values():
            if not isinstance(wait, JobWait) or wait.retries <= 0:
                continue
            if wait.due is not None and wait.due > self._sandbox.now():
                continue
            found = self._next(self._scenario.services, self._called(state, wait), state, wait)
            service = found[1] if found else ServiceAnswer()
            if service is None:
                continue
            if service.after and later(wait.since, service.after) > self._sandbox.now():
                continue
            if not self._is_declared(state, wait, service):
                continue
            if found:
                self._use(found[0])
            self._do(state, self._outcome(state, wait, service))
            return True
        return False

    def _outcome(self, state: State, wait: JobWait, service: ServiceAnswer) -> cmd.Command:
        now, left = self._sandbox.now(), wait.retries - 1
        if service.error:
            return cmd.ThrowJobError(now, "worker", wait.id, service.error, "", service.variables)
        if service.fail:
            process = self._sandbox.models.process(self._sandbox.reader, TENANT, state.process, state.version)
            due = tried_again(process, state, wait, now) if left > 0 else None
            return cmd.FailJob(now, "worker", wait.id, service.fail, left, due)
        return cmd.CompleteJob(now, "worker", wait.id, service.variables)

    def _is_declared(self, state: State, wait: JobWait, service: ServiceAnswer) -> bool:
        """Return whether a result is of the declared types; one that is not is noted and leaves the job open."""
        if service.error or service.fail:
            return True
        process = self._sandbox.models.process(self._sandbox.reader, TENANT, state.process, state.version)
        try:
            check_result(process, state, wait, service.variables)
        except FlowMasterError as error:
            self.refusals[wait.element] = error.message
            if not service.variables:
                self.refusals[wait.element] += " Say what it answers under `services`."
            return False
        return True

    def _message(self, *, timed: bool) -> bool:
        """Send a message: one whose time has come goes before all else, one without a time after it."""
        for message in self._messages:
            if bool(message.after) is not timed or not self._is_time(message):
                continue
            for state in self._states():
                if _awaits(state, message):
                    self._messages.remove(message)
                    self._send(message)
                    return True
        return False

    def _is_time(self, message: Sent) -> bool:
        """Return whether the step or time is past that a message comes after."""
        if not message.after:
            return True
        if message.after.startswith("P"):
            return later(self._began, message.after) <= self._sandbox.now()
        history = self._sandbox.reader.history(TENANT, self._instance, limit=HISTORY_MAX)
        model = self._sandbox.models.process(self._sandbox.reader, TENANT, self._process, 1)
        return any(
            isinstance(entry.event, ev.ElementCompleted)
            and message.after in names_of(model, entry.event.element)
            for entry in history
        )

    def _send(self, message: Sent) -> None:
        self._sandbox.do(
            lambda desk: deliver(desk, _request("test"), message.name, message.key, message.variables, ttl=0)
        )

    def _let_time_pass(self) -> bool:
        """Go from due time to due time, until somebody acts or the goal is reached; return False if there is none."""
        for _ in range(STOPS_MAX):
            states = self._states()
            goal = self._goal(states) if states else None
            if goal is None:
                return False
            self._sandbox.advance(min([goal, *self._stops(states)]))
            if self._sandbox.now() == goal or self._act():
                return True
        return True

    def _goal(self, states: Sequence[State]) -> int | None:
        """Return until when time goes: a tick under way, the next ripe answer, a tick, a message, a timer in the flow."""
        now = self._sandbox.now()
        if self._tick > now:
            return self._tick
        moments = [moment for state in states for moment in self._ripening(state)]
        if moments:
            return min(moments)
        if self._clock:
            tick = self._clock.pop(0)
            self._tick = min(self._stops(states), default=now) if tick == NEXT else later(now, tick)
            return self._tick
        coming = self._coming()
        if coming:
            return min(coming)
        resting = [moment for state in states for moment in self._resting(state)]
        # What begins on the way to a timer in the flow does not hold up the time.
        if resting and (self._rest in resting or not any(self._stands_open(state) for state in states)):
            self._rest = min(resting)
            return self._rest
        return None

    def _stops(self, states: Sequence[State]) -> list[int]:
        """Return when something is due: the next timer, messages, answers, and jobs that are held back."""
        now = self._sandbox.now()
        due = self._sandbox.reader.next_due()
        held = [
            wait.due
            for state in states
            for wait in state.waits.values()
            if isinstance(wait, JobWait) and wait.retries > 0 and wait.due is not None and wait.due > now
        ]
        ripe = [moment for state in states for moment in self._ripening(state)]
        return [*held, *ripe, *self._coming(), *([] if due is None else [max(due, now)])]

    def _coming(self) -> list[int]:
        """Return when messages that are not sent yet shall be."""
        moments = [later(self._began, sent.after) for sent in self._messages if sent.after.startswith("P")]
        return [moment for moment in moments if moment > self._sandbox.now()]

    def _ripening(self, state: State) -> list[int]:
        moments: list[int] = []
        for wait in state.waits.values():
            found: tuple[str, Answer | None] | tuple[str, ServiceAnswer | None] | None = None
            if isinstance(wait, TaskWait):
                found = self._next(self._scenario.answers, self._names(state, wait.element), state, wait)
            elif isinstance(wait, JobWait) and wait.retries > 0:
                found = self._next(self._scenario.services, self._called(state, wait), state, wait)
            if found is not None and found[1] is not None and found[1].after:
                moments.append(later(wait.since, found[1].after))
            is_told = found is None or found[1] is not None
            if isinstance(wait, JobWait) and wait.retries > 0 and wait.due is not None and is_told:
                moments.append(wait.due)
        return [moment for moment in moments if moment > self._sandbox.now()]

    def _resting(self, state: State) -> list[int]:
        """Return when timers that stand in the flow, and held back jobs, are due."""
        moments: list[int] = []
        for wait in state.waits.values():
            node = state.nodes.get(wait.node)
            if isinstance(wait, TimerWait):
                # Where the scenario expects to wait in the end, no time is let pass.
                last = not set(self._scenario.expect.waits_at).isdisjoint(self._names(state, wait.element))
                if node is not None and node.element == wait.element and not wait.purpose and not last:
                    moments.append(wait.due)
        return moments

    def _stands_open(self, state: State) -> bool:
        """Return whether a person or a message is waited for: then time alone decides nothing."""
        return any(
            isinstance(wait, TaskWait)
            or (isinstance(wait, EventWait) and state.nodes[wait.node].element == wait.element)
            for wait in state.waits.values()
        )

    def _next(
        self, answers: Mapping[str, tuple[T | None, ...]], names: Sequence[str], state: State, wait: Wait
    ) -> tuple[str, T | None] | None:
        """Return under which name a visit is answered, and how; a visit that nobody answers lasts as long as its wait."""
        name = next((name for name in names if name in answers), None)
        if name is None:
            return None
        visits = answers[name]
        while True:
            number = self._used.get(name, 0)
            found = visits[min(number, len(visits) - 1)]
            if found is not None or self._left.setdefault((name, number), (state.instance, wait.id)) == (
                state.instance,
                wait.id,
            ):
                return name, found
            self._use(name)

    def _use(self, name: str) -> None:
        self._used[name] = self._used.get(name, 0) + 1

    def _names(self, state: State, element: str) -> list[str]:
        reader = self._sandbox.reader
        model = self._sandbox.models.process(reader, TENANT, state.process, state.version)
        return names_of(model, element)

    def _called(self, state: State, wait: JobWait) -> list[str]:
        """Return the names that the answer of a job may have: those of its step, unless it is a listener's, and its type."""
        return [*(() if wait.purpose else self._names(state, wait.element)), wait.type]

    def _do(self, state: State, command: cmd.Command) -> None:
        request = _request(command.by)

        def step(desk: Desk) -> None:
            desk.step(request, state.instance, lambda found, now: command)

        self._sandbox.do(step)


def _awaits(state: State, message: Sent) -> bool:
    return any(
        isinstance(wait, EventWait) and wait.kind == "message" and wait.name == message.name
        for wait in state.waits.values()
    )


def _somebody(wait: TaskWait) -> str:
    if wait.assignee:
        return wait.assignee
    for name in (*wait.users, *(f"{role} member" for role in wait.roles)):
        if name not in wait.excluded:
            return name
    return SOMEBODY


def _request(by: str) -> Request:
    return Request(TENANT, by, "test")
