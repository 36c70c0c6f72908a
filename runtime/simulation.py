"""Runs many cases of a process in virtual time: the engine decides, people come from pools, work takes time.

Nothing is stored and nothing leaves it. A case that waits for what nobody here brings (a message, a called process)
is counted as stuck. The same random source gives the same figures.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random
from typing import Final, NamedTuple, TypeAlias

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.decide import decide_in_place
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.evolve import blank
from flowmaster.engine.model import Executable
from flowmaster.engine.state import JobWait, State, TaskWait, TimerWait, Wait
from flowmaster.engine.values import Json

ACTS_MAX: Final = 10_000
"""Acts of people, workers and timers in one case; one that goes on behind them is stuck."""

Draw: TypeAlias = Callable[[Random], float]
"""Gives a span of time in milliseconds."""


class Outcome(NamedTuple):
    """What a person or worker gives, or the error that a worker ends in, and how often against the others."""

    variables: Mapping[str, Json] = {}
    weight: float = 1
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What happens around the process; a step without a duration takes no time, a role without staff has enough."""

    cases: int
    begins: int
    between: Draw
    inputs: Sequence[Outcome]
    answers: Mapping[str, Sequence[Outcome]] = field(default_factory=dict)
    durations: Mapping[str, Draw] = field(default_factory=dict)
    staff: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Figures:
    """What came of the cases; times are in milliseconds."""

    ended: Counter[str] = field(default_factory=Counter)
    visits: Counter[str] = field(default_factory=Counter)
    flows: Counter[str] = field(default_factory=Counter)
    cycles: list[int] = field(default_factory=list)
    waited: dict[str, list[float]] = field(default_factory=dict)
    worked: Counter[str] = field(default_factory=Counter)
    refused: dict[str, str] = field(default_factory=dict)
    until: int = 0


class Simulation:
    """The event queue of one run."""

    def __init__(self, model: Executable, plan: Plan, random: Random) -> None:
        self._model = model
        self._plan = plan
        self._random = random
        self._queue: list[tuple[float, int, Callable[[int], None]]] = []
        self._number = 0
        self._free = dict(plan.staff)
        self._lines: dict[str, list[tuple[int, int, State, TaskWait, float]]] = {
            role: [] for role in plan.staff
        }
        self._acts: Counter[str] = Counter()
        self._open = 0
        self._spoilt: set[str] = set()
        self.figures = Figures()

    def run(self, between: Callable[[int], object] = lambda done: None) -> Figures:
        """Run all cases until nobody has anything to do; `between` hears how many have begun, and may stop it."""
        self._at(
            self._plan.begins + self._plan.between(self._random), lambda at: self._arrive(at, 1, between)
        )
        while self._queue:
            at, _, happen = heappop(self._queue)
            self.figures.until = int(at)
            happen(int(at))
        self.figures.ended["stuck"] += self._open
        return self.figures

    def _at(self, at: float, happen: Callable[[int], None]) -> None:
        self._number += 1
        heappush(self._queue, (at, self._number, happen))

    def _arrive(self, at: int, number: int, between: Callable[[int], object]) -> None:
        between(number)
        if number < self._plan.cases:
            following = at + self._plan.between(self._random)
            self._at(following, lambda now: self._arrive(now, number + 1, between))
        process = self._model.process.id
        instance = f"{process}:{number}"
        self._open += 1
        given = self._pick(self._plan.inputs).variables
        start = cmd.StartInstance(at, "simulation", instance, given)
        self._step(blank(instance, process, self._model.version), start)

    def _pick(self, outcomes: Sequence[Outcome]) -> Outcome:
        if len(outcomes) == 1:
            return outcomes[0]
        return self._random.choices(outcomes, [one.weight for one in outcomes])[0]

    def _step(self, state: State, command: cmd.Command) -> None:
        self._acts[state.instance] += 1
        if self._acts[state.instance] > ACTS_MAX or state.instance in self._spoilt:
            return
        figures = self.figures
        for event in decide_in_place(self._model, state, command).events:
            match event:
                case ev.ElementEntered(element=element):
                    figures.visits[element] += 1
                case ev.FlowTaken(flow=flow):
                    figures.flows[flow] += 1
                case ev.WaitOpened(wait=wait):
                    self._begin(state, wait, command.at)
                case ev.InstanceEnded(status=status):
                    figures.ended[status] += 1
                    figures.cycles.append(command.at - state.started)
                    self._open -= 1
                    del self._acts[state.instance]

    def _begin(self, state: State, wait: Wait, at: int) -> None:
        match wait:
            case TimerWait():
                self._at(max(at, wait.due), lambda now: self._fire(state, wait, now))
            case JobWait():
                self._at(at + self._takes(wait.element), lambda now: self._finish(state, wait, now))
            case TaskWait():
                self._offer(state, wait, at)
            case _:
                pass

    def _fire(self, state: State, wait: TimerWait, at: int) -> None:
        if wait.id in state.waits:
            self._step(state, cmd.FireTimer(at, "simulation", wait.id))

    def _takes(self, element: str) -> float:
        draw = self._plan.durations.get(element)
        return 0 if draw is None else max(0, draw(self._random))

    def _offer(self, state: State, wait: TaskWait, at: int) -> None:
        """Let a task stand in the line of its role, the more urgent first; enough people take it at once."""
        role = next((role for role in wait.roles if role in self._free), "")
        if role:
            self._number += 1
            heappush(self._lines[role], (-wait.priority, self._number, state, wait, at))
            self._serve(role, at)
        else:
            self._take(state, wait, role, at, 0)

    def _serve(self, role: str, at: int) -> None:
        while self._free[role] and self._lines[role]:
            _, _, state, wait, since = heappop(self._lines[role])
            if wait.id in state.waits:
                self._free[role] -= 1
                self._take(state, wait, role, at, at - since)

    def _take(self, state: State, wait: TaskWait, role: str, at: int, waited: float) -> None:
        takes = self._takes(wait.element)
        self.figures.waited.setdefault(wait.element, []).append(waited)
        self.figures.worked[role] += int(takes)
        self._at(at + takes, lambda now: self._leave(state, wait, role, now))

    def _leave(self, state: State, wait: TaskWait, role: str, at: int) -> None:
        self._finish(state, wait, at)
        if role:
            self._free[role] += 1
            self._serve(role, at)

    def _finish(self, state: State, wait: TaskWait | JobWait, at: int) -> None:
        """Complete a task or job that is still there; a case whose answer is refused stands still."""
        if wait.id not in state.waits:
            return
        outcome = self._pick(self._plan.answers.get(wait.element, _NOTHING))
        command: cmd.Command
        if isinstance(wait, TaskWait):
            person = wait.assignee or next(
                name
                for number in range(len(wait.excluded) + 1)
                if (name := f"person {number}") not in wait.excluded
            )
            command = cmd.ActOnTask(at, person, wait.id, "complete", outcome.variables)
        elif outcome.error:
            command = cmd.ThrowJobError(at, "worker", wait.id, outcome.error, "", outcome.variables)
        else:
            command = cmd.CompleteJob(at, "worker", wait.id, outcome.variables)
        try:
            self._step(state, command)
        except FlowMasterError as error:
            self.figures.refused[wait.element] = error.message
            self._spoilt.add(state.instance)


_NOTHING: Final = (Outcome(),)
