"""The verdict on a process is the same as that of playing it on the engine in every order and with every choice."""

import pytest

from flowmaster.engine.bpmn.checks import check_process
from flowmaster.engine.model import Process
from flowmaster.engine.soundness.analysis import Fault, judge
from tests.soundness.comparing import Replay, can_be_led, differences
from tests.soundness.drawing import draw
from tests.soundness.exhaustive import play

MODELS = 40
MODELS_SOAKED = 1_100
BLOCK_SOAKED = 50
STATES = 120
"""How many states of a model the short run plays at most; the long one plays more than ten times as many."""


def compared(seed: int, states_max: int) -> bool | None:
    """Compare one model; return whether it has a fault, None where it is refused or too large to play."""
    read, text = draw(seed)
    if any(one.severity == "error" for one in check_process(read)):
        return None
    seen = play(read.process, states_max)
    if seen is None:
        return None
    verdict = judge(read.process)
    assert differences(read.process, verdict, seen) == [], (seed, text)
    return bool(verdict.faults)


def shown(seed: int) -> int:
    """Play the run of every fault of a model; return how many there were."""
    read, _ = draw(seed)
    if any(one.severity == "error" for one in check_process(read)):
        return 0
    runs = 0
    for fault in judge(read.process).faults:
        if fault.kind in ("deadlock", "doubled", "endless") and can_be_led(fault, read.process):
            assert shows(read.process, fault), (seed, fault)
            runs += 1
    return runs


def shows(process: Process, fault: Fault) -> bool:
    """Return whether the engine comes to a fault along its run."""
    replay = Replay(process, fault)
    replay.play()
    return replay.shows()


@pytest.mark.parametrize("first", range(0, MODELS, 20))
def test_the_verdict_on_small_random_models_is_that_of_the_engine(first: int) -> None:
    verdicts = [compared(seed, STATES) for seed in range(first, first + 20)]
    assert verdicts.count(True) > 3
    assert verdicts.count(False) > 3


@pytest.mark.soak
@pytest.mark.parametrize("first", range(MODELS, MODELS + MODELS_SOAKED, BLOCK_SOAKED))
def test_the_verdict_on_a_thousand_random_models_is_that_of_the_engine(first: int) -> None:
    verdicts = [compared(seed, 1_500) for seed in range(first, first + BLOCK_SOAKED)]
    assert verdicts.count(None) < BLOCK_SOAKED // 4


def test_the_run_of_every_fault_leads_the_engine_there() -> None:
    assert sum(map(shown, range(MODELS // 2))) > 10


@pytest.mark.soak
def test_the_runs_of_a_thousand_models_lead_the_engine_there() -> None:
    assert sum(map(shown, range(MODELS // 2, 1_000))) > 500
