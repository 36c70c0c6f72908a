"""What chance gives each case: how it begins, what is answered at its steps, and how long they take."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

from flowmaster.engine.bpmn.scenario_names import names_of
from flowmaster.engine.model import Process
from flowmaster.engine.values import Json
from flowmaster.runtime.simulation.chance import Chance, Draw, Weights
from flowmaster.runtime.simulation.plan import Case, Notice, Outcome, Plan

T = TypeVar("T")


class Choice(NamedTuple):
    """Outcomes to choose from, with their weights."""

    outcomes: Sequence[Outcome]
    weights: Weights

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> "Choice":
        """Return the choice among outcomes."""
        return cls(outcomes, Weights([one.weight for one in outcomes]))


class StepLuck(NamedTuple):
    """What the plan says of a step; `place` tells it apart from all others."""

    place: str
    names: tuple[str, ...]
    takes: Draw | None
    given: Choice | None
    pooled: Choice | None
    errors: Sequence[tuple[str, float]]
    cost: float


class Luck:
    """Draws for a plan. The same case, step and visit always draw the same."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._chance = Chance(plan.seed)
        self._inputs = Weights([case.weight for case in plan.inputs])
        self._steps: dict[tuple[str, str, str], StepLuck] = {}
        self._notices: dict[int, Weights] = {}

    def gap(self, number: int) -> float:
        """Return the time before a case comes, in milliseconds of arrival hours."""
        return max(0.0, self._plan.between(self._chance.of(number, "arrival")))

    def case(self, number: int) -> tuple[Case, Mapping[str, Json]]:
        """Return how a case begins, and its variables."""
        case = self._plan.inputs[self._inputs.pick(self._chance.of(number, "input"))]
        variables = case.variables
        for place, (path, draw) in enumerate(case.vary):
            variables = with_value(variables, path, draw(self._chance.of(number, "vary", place)))
        return case, variables

    def step(self, process: Process, element: str, work: str = "") -> StepLuck:
        """Return what the plan says of a step; `work` is the type of a job."""
        key = (process.id, element, work)
        found = self._steps.get(key)
        if found is None:
            found = self._steps[key] = self._step(process, element, work)
        return found

    def takes(self, number: int, step: StepLuck, visit: int) -> float:
        """Return how long the work at a step takes, in milliseconds."""
        if step.takes is None:
            return 0
        return max(0.0, step.takes(self._chance.of(number, f"takes {step.place}", visit)))

    def outcome(self, number: int, case: Case, step: StepLuck, visit: int) -> Outcome | None:
        """Return what comes of the work at a step: what the plan says, else the case, else other cases; None if nobody says."""
        if step.errors:
            left = self._chance.of(number, f"error {step.place}", visit).random()
            for code, probability in step.errors:
                left -= probability
                if left < 0:
                    return Outcome(error=code)
        if step.given is not None:
            return self._pick(number, step, step.given, visit)
        for name in step.names:
            visits = case.answers.get(name)
            if visits is not None:
                return visits[min(visit, len(visits) - 1)]
        return None if step.pooled is None else self._pick(number, step, step.pooled, visit)

    def is_silent(self, case: Case, step: StepLuck) -> bool:
        """Return whether a case itself says that nobody acts at a step."""
        return step.given is None and any(name in case.answers for name in step.names)

    def notice(
        self, number: int, case: Case, name: str, place: str, visit: int
    ) -> tuple[Outcome, float] | None:
        """Return what a message brings and after how long, None if it does not come."""
        said = self._plan.notices.get(name)
        if said is None and case.notices is not None:
            sent = case.notices.get(name, ())
            return (sent[visit], -1) if visit < len(sent) else None
        said = said or self._plan.usual.get(name)
        if said is None:
            return None
        at = f"{name} {place}"
        if self._chance.of(number, f"comes {at}", visit).random() >= said.probability:
            return None
        after = -1.0 if said.after is None else said.after(self._chance.of(number, f"after {at}", visit))
        return self._brought(number, said, at, visit), after

    def _brought(self, number: int, notice: Notice, at: str, visit: int) -> Outcome:
        weights = self._notices.get(id(notice))
        if weights is None:
            weights = self._notices[id(notice)] = Weights([one.weight for one in notice.outcomes])
        return notice.outcomes[weights.pick(self._chance.of(number, f"brings {at}", visit))]

    def _pick(self, number: int, step: StepLuck, choice: Choice, visit: int) -> Outcome:
        if len(choice.outcomes) == 1:
            return choice.outcomes[0]
        return choice.outcomes[choice.weights.pick(self._chance.of(number, f"answer {step.place}", visit))]

    def _step(self, process: Process, element: str, work: str) -> StepLuck:
        place = f"{process.id}/{element}"
        plan, names = self._plan, (place, *names_of(process, element), *([work] if work else ()))
        given, pooled = _first(plan.answers, names), _first(plan.pooled, names)
        return StepLuck(
            place,
            names,
            _first(plan.durations, names),
            None if given is None else Choice.of(given),
            None if pooled is None else Choice.of(pooled),
            tuple((_first(plan.errors, names) or {}).items()),
            _first(plan.costs, names) or 0,
        )


def _first(said: Mapping[str, T], names: Sequence[str]) -> T | None:
    return next((said[name] for name in names if name in said), None)


def with_value(variables: Mapping[str, Json], path: Sequence[str], value: Json) -> dict[str, Json]:
    """Return variables with another value at a path."""
    inner = variables.get(path[0])
    if len(path) > 1:
        value = with_value(inner if isinstance(inner, Mapping) else {}, path[1:], value)
    return {**variables, path[0]: value}
