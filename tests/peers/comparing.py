"""Plays a random model in both engines by the same choices, and compares them after every step.

Where they part, `clauses.py` proves from the tokens which clause of BPMN 2.0.2 SpiffWorkflow does not follow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from tests.peers.clauses import Step, clause
from tests.peers.drawing import Dialect, Sheet, draw
from tests.peers.playing import BreaksOff, Choice, FlowMasterPlayer, SpiffPlayer, read
from tests.peers.tokens import carried

STEPS_MAX = 60
STEPS_OF_CHANCE = 25
"""After so many steps every answer is no, so that loops come to their ends."""


@dataclass(frozen=True)
class Outcome:
    """How the comparison of one model went.

    `over`, and `stuck` with nothing to come, are the same in both engines; so are all steps of one that is `long`. In
    one that is `parted` they are the same up to the step that `why` explains. Where SpiffWorkflow breaks off, the model
    is `not compared`. `data` tells whether SpiffWorkflow has
    another value for a variable at the end, and `passed` which families of elements completed.
    """

    end: str
    passed: frozenset[str]
    why: str = ""
    data: str = ""


def compare(seed: int, *, bent: bool) -> Outcome:
    """Compare the engines on the model of a seed; what is told of a fault is all that is needed to repeat it."""
    sheet = draw(seed, bent=bent)
    played: list[tuple[Choice, Mapping[str, int]]] = []
    try:
        return _play(seed, sheet, played)
    except BreaksOff as fault:
        return Outcome("not compared", frozenset(), str(fault))
    except AssertionError as fault:
        text = Dialect(is_python=False).write(sheet)
        raise AssertionError(f"seed {seed}, bent {bent}: {fault}\n{played}\n{text}") from fault


def _play(seed: int, sheet: Sheet, played: list[tuple[Choice, Mapping[str, int]]]) -> Outcome:
    dice = Random(seed)
    parts = dict(sheet.all_parts())
    process = read(Dialect(is_python=False).write(sheet))
    assert not any(element.unsupported for element in process.elements.values())
    ours = FlowMasterPlayer(process)
    theirs = SpiffPlayer(Dialect(is_python=True).write(sheet), sheet.broken())
    step = Step(process, ours, theirs, ours.choices(), ("start", "p"), 0)
    passed = frozenset[str]()
    for number in range(STEPS_MAX):
        passed = frozenset(process.elements[key].family for key in ours.completed())
        if step.differing() or ours.is_over() != theirs.is_over():
            return Outcome("parted", passed, clause(step))
        offered = ours.choices()
        if ours.is_over():
            return Outcome("over", passed, data=_data(ours, theirs))
        if not offered:
            return Outcome("stuck", passed)
        choice = dice.choice(sorted(offered))
        answers = {
            name: number + 1
            if name.startswith("v")
            else int(number < STEPS_OF_CHANCE and dice.random() < 0.5)
            for name in parts[choice[1]].asks
        }
        played.append((choice, answers))
        step = Step(process, ours, theirs, offered, choice, len(ours.case.events))
        ours.choose(choice, answers)
        theirs.choose(choice, answers)
    return Outcome("long", passed)


def _data(ours: FlowMasterPlayer, theirs: SpiffPlayer) -> str:
    """Compare the variables at the end; return `lost` or `stale` where SpiffWorkflow has not the last value.

    By BPMN 2.0.2, 10.4.1, data live as long as their process, and all its tokens see the same. In SpiffWorkflow each
    token has its own, which go with it when it is interrupted or terminated, and are put together where tokens join.
    So it has what one of the tokens that came to the end would carry, and nothing where none of them would.
    """
    found, expected = theirs.variables(), carried(ours.case.model.process, ours.case.events)
    last = {name: values[-1] for name, values in ours.written().items()}
    assert set(found) == set(expected) <= set(last), (found, expected, last)
    assert all(found[name] in expected[name] for name in found), (found, expected)
    if set(found) < set(last):
        return "lost"
    return "stale" if found != last else ""
