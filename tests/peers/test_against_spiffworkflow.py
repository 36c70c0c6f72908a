"""Random models run in FlowMaster as in SpiffWorkflow, step by step, save where a clause of BPMN tells them apart."""

import sys
from collections import Counter
from itertools import count
from typing import TYPE_CHECKING

import pytest

from tests.shared_material import need_peer

if TYPE_CHECKING:
    from tests.peers.comparing import Outcome

MODELS = 20
MODELS_SOAKED = 250
"""How many models are compared in blocks that are well nested, and as many with some flows bent."""
LEFT_OUT_PERCENT_MAX = 2
"""How many models may be left out since SpiffWorkflow breaks off."""
WHOLE_PERCENT_MIN = 90
"""How many models run alike to where they are over or nothing can come any more."""
PARTED_PERCENT_MAX = {False: 2, True: 6}
"""How many models a clause may tell apart: in well nested blocks, and with flows bent."""

KINDS = {
    "adHocSubProcess",
    "boundaryEvent, not interrupting",
    "boundaryEvent/cancel",
    "boundaryEvent/conditional",
    "boundaryEvent/error",
    "boundaryEvent/escalation",
    "boundaryEvent/message",
    "boundaryEvent/multiple",
    "boundaryEvent/parallelMultiple",
    "boundaryEvent/signal",
    "boundaryEvent/timer",
    "businessRuleTask",
    "callActivity",
    "endEvent",
    "endEvent/cancel",
    "endEvent/error",
    "endEvent/escalation",
    "endEvent/message",
    "endEvent/terminate",
    "eventBasedGateway",
    "exclusiveGateway",
    "inclusiveGateway",
    "intermediateCatchEvent/conditional",
    "intermediateCatchEvent/message",
    "intermediateCatchEvent/multiple",
    "intermediateCatchEvent/parallelMultiple",
    "intermediateCatchEvent/signal",
    "intermediateCatchEvent/timer",
    "intermediateThrowEvent",
    "intermediateThrowEvent/escalation",
    "intermediateThrowEvent/message",
    "intermediateThrowEvent/multiple",
    "intermediateThrowEvent/signal",
    "manualTask",
    "multi-instance, parallel",
    "multi-instance, sequential",
    "parallelGateway",
    "receiveTask",
    "scriptTask",
    "sendTask",
    "serviceTask",
    "standard loop",
    "startEvent",
    "startEvent/message",
    "startEvent/signal",
    "subProcess",
    "subProcess, begun by an event",
    "task",
    "transaction",
    "userTask",
}


def compared(number: int, *, bent: bool) -> "list[Outcome]":
    """Draw models until so many were compared; a few may be left out beside, where SpiffWorkflow breaks off."""
    need_peer("SpiffWorkflow")
    from tests.peers.comparing import compare

    found: list[Outcome] = []
    for seed in count():
        found.append(compare(seed, bent=bent))
        left_out = sum(outcome.end == "not compared" for outcome in found)
        assert left_out <= number * LEFT_OUT_PERCENT_MAX // 100
        if len(found) - left_out == number:
            break
    return found


def whole(outcomes: "list[Outcome]") -> bool:
    """Return whether enough of some models ran alike to the last."""
    ends = Counter(outcome.end for outcome in outcomes)
    return (ends["over"] + ends["stuck"]) * 100 >= len(outcomes) * WHOLE_PERCENT_MIN


@pytest.mark.parametrize("bent", [False, True])
def test_a_sample_of_random_models_runs_alike(*, bent: bool) -> None:
    outcomes = compared(MODELS, bent=bent)
    assert whole(outcomes), Counter(outcome.end for outcome in outcomes)


@pytest.mark.soak
def test_hundreds_of_random_models_run_alike(capsys: pytest.CaptureFixture[str]) -> None:
    from tests.peers.telling import told

    outcomes: list[Outcome] = []
    for bent, most in PARTED_PERCENT_MAX.items():
        some = compared(MODELS_SOAKED, bent=bent)
        assert whole(some), Counter(outcome.end for outcome in some)
        whys = Counter(outcome.why for outcome in some if outcome.end == "parted")
        assert whys.total() * 100 <= MODELS_SOAKED * most, whys
        outcomes += some
    with capsys.disabled():
        sys.stdout.write(f"\n{told(outcomes)}")
    assert {kind for outcome in outcomes for kind in outcome.passed} == KINDS
