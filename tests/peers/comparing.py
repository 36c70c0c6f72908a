"""Plays a random model in both engines by the same choices, and compares them after every step.

Where they part, `clauses.py` proves from the tokens which clause of BPMN 2.0.2 SpiffWorkflow does not follow.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from tests.peers.carrying import carried, plain
from tests.peers.choices import Choice
from tests.peers.clauses import Step, clause, goes_on
from tests.peers.dialects import NOTHING, Dialect, rules
from tests.peers.drawing import draw
from tests.peers.ours import FlowMasterPlayer, Graph, Log
from tests.peers.sheets import Model
from tests.peers.telling import kinds
from tests.peers.theirs import BreaksOff, MissesTask, SpiffPlayer

STEPS_MAX = 60
STEPS_OF_CHANCE = 25
"""After so many steps every answer is no and event sub-processes rest, so that all comes to its end."""


@dataclass(frozen=True)
class Outcome:
    """How the comparison of one model went.

    `over`, and `stuck` with nothing to come, are the same in both engines; so are all steps of one that is `long`. In
    one that is `parted` they are the same up to the step that `why` explains. Where SpiffWorkflow breaks off, the model
    is `not compared`. `data` tells whether SpiffWorkflow has another value for a variable at the end, `drawn` how many
    elements of each kind the model has, `passed` how often these completed, and `excused` in how many steps it went on
    inside of what was interrupted.
    """

    end: str
    drawn: Counter[str]
    passed: Counter[str]
    why: str = ""
    data: str = ""
    excused: int = 0


def compare(seed: int, *, bent: bool) -> Outcome:
    """Compare the engines on the model of a seed; what is told of a fault is all that is needed to repeat it."""
    model = draw(seed, bent=bent)
    game = Game(model, seed)
    try:
        return game.play()
    except BreaksOff as fault:
        return Outcome("not compared", Counter(), Counter(), str(fault))
    except Exception as fault:
        text = Dialect(is_python=False).write(model)
        raise AssertionError(f"seed {seed}, bent {bent}: {fault!r}\n{game.played}\n{text}") from fault


class Game:
    """One model under both players."""

    def __init__(self, model: Model, seed: int) -> None:
        self._model = model
        self._dice = Random(seed)
        self._parts = model.parts()
        self._drawn = Counter[str]()
        self._passed = Counter[str]()
        self._excused = 0
        self.played: list[tuple[Choice, Mapping[str, int], str]] = []

    def play(self) -> Outcome:
        """Play to the end, to where nothing can come, to where the engines part, or for so many steps."""
        decisions = rules(self._model)
        ours = FlowMasterPlayer(Dialect(is_python=False).write(self._model), decisions)
        assert not any(element.unsupported for element in ours.graph.elements.values())
        self._drawn = _counted(
            ours.graph, dict.fromkeys(ours.graph.elements.keys() - ours.graph.processes, 1)
        )
        theirs = SpiffPlayer(Dialect(is_python=True).write(self._model), decisions)
        step = Step(ours, theirs, ours.choices(), Choice("start", "p"), 0)
        steps: list[Log] = []
        for number in range(STEPS_MAX):
            steps.append(step.events)
            assert not [one for state in ours.states.values() for one in state.incidents.values()]
            self._passed = _counted(ours.graph, ours.completed())
            if goes_on(step):
                theirs.excuse(step.more(), step.less())
                self._excused += 1
            if step.is_apart():
                return self._outcome("parted", why=clause(step))
            if ours.is_over():
                return self._outcome("over", data=self._data(ours, theirs, steps))
            offered = ours.choices()
            may = sorted(choice for choice in offered if not ours.happens_again(choice))
            calm = [choice for choice in may if number < STEPS_OF_CHANCE or not step.begins(choice)]
            if not may:
                return self._outcome("stuck")
            step = Step(ours, theirs, offered, self._dice.choice(calm or may), len(ours.log))
            self._choose(step, number)
        return self._outcome("long")

    def _outcome(self, end: str, why: str = "", data: str = "") -> Outcome:
        return Outcome(end, self._drawn, self._passed, why, data, self._excused)

    def _choose(self, step: Step, number: int) -> None:
        """Let the choice of a step come in both engines, with the same answers."""
        choice, part = step.choice, self._parts.get(step.choice.element)
        asked = part.asks if part is not None and choice.word in ("complete", "work") else []
        answers = {name: self._answer(name, number) for name in asked}
        may_fail = part is not None and choice.word == "work" and self._dice.random() < 0.5
        fails = part.fails if part is not None and may_fail else ""
        self.played.append((choice, answers, fails))
        step.ours.choose(choice, answers, fails)
        try:
            step.theirs.choose(choice, answers, fails)
        except MissesTask:
            assert step.takes_tasks_out(), "a task is missing though nothing has taken one out"
            raise

    def _answer(self, name: str, number: int) -> int:
        """Return a number of its own for a value, 1 for a data object, and yes or no for a question."""
        if name.startswith("v"):
            return number + 1
        return 1 if name.startswith("o") else int(number < STEPS_OF_CHANCE and self._dice.random() < 0.5)

    def _data(self, ours: FlowMasterPlayer, theirs: SpiffPlayer, steps: list[Log]) -> str:
        """Compare the variables at the end; return `lost` or `stale` where SpiffWorkflow has not the last value.

        By BPMN 2.0.2, 10.4.1, data live as long as their process, and all its tokens see the same. In SpiffWorkflow each
        token has its own, which go with it when it is interrupted or terminated, and are put together where tokens join:
        there even those of tokens that were interrupted come back. So it has what one of the tokens that came to the
        end would carry. Data objects are seen by all there, too, and are the same.
        """
        objects = self._model.main.data
        assert {name: ours.variables()[name] for name in objects} == dict(theirs.data_objects())
        beside = {*self._model.data(), NOTHING}
        last = {name: plain(value) for name, value in ours.variables().items() if name not in beside}
        found = {name: plain(value) for name, value in theirs.variables().items()}
        expected = carried(ours.graph, steps, beside)
        written = ours.written()
        assert set(expected) <= set(found), (found, expected)
        for name, value in found.items():
            assert value in (expected[name] if name in expected else written[name]), (name, found, expected)
        if set(last) - set(found):
            return "lost"
        return "stale" if any(found[name] != value for name, value in last.items()) else ""


def _counted(graph: Graph, elements: Mapping[str, int]) -> Counter[str]:
    """Count elements by what they are examples of."""
    found: Counter[str] = Counter()
    for key, number in elements.items():
        for kind in kinds(graph.elements[key]):
            found[kind] += number
    return found
