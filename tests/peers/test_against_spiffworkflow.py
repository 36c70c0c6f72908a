"""Random models run in FlowMaster as in SpiffWorkflow, step by step, save where a clause of BPMN tells them apart."""

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

FAMILIES = {
    "adHocSubProcess",
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
    "parallelGateway",
    "receiveTask",
    "scriptTask",
    "sendTask",
    "serviceTask",
    "startEvent",
    "startEvent/message",
    "startEvent/signal",
    "subProcess",
    "task",
    "transaction",
    "userTask",
}


def compared(number: int, *, bent: bool) -> "list[Outcome]":
    """Draw models until so many were compared; a few may be left out, where SpiffWorkflow breaks off."""
    need_peer("SpiffWorkflow")
    from tests.peers.comparing import compare

    found: list[Outcome] = []
    for seed in count():
        found.append(compare(seed, bent=bent))
        left_out = sum(outcome.end == "not compared" for outcome in found)
        assert left_out <= number * LEFT_OUT_PERCENT_MAX // 100
        if len(found) - left_out == number:
            break
    return [outcome for outcome in found if outcome.end != "not compared"]


@pytest.mark.parametrize("bent", [False, True])
def test_a_sample_of_random_models_runs_alike(*, bent: bool) -> None:
    ends = Counter(outcome.end for outcome in compared(MODELS, bent=bent))
    assert ends["over"] >= MODELS * 4 // 5, ends


@pytest.mark.soak
@pytest.mark.parametrize(("bent", "parted", "stuck"), [(False, 5, 15), (True, 13, 25)])
def test_hundreds_of_random_models_run_alike(*, bent: bool, parted: int, stuck: int) -> None:
    outcomes = compared(MODELS_SOAKED, bent=bent)
    ends = Counter(outcome.end for outcome in outcomes)
    assert ends.total() == MODELS_SOAKED
    assert ends["over"] >= MODELS_SOAKED * 4 // 5, ends
    assert ends["parted"] <= parted, Counter(outcome.why for outcome in outcomes)
    assert ends["stuck"] <= stuck, ends
    assert frozenset[str]().union(*(outcome.passed for outcome in outcomes)) == FAMILIES
