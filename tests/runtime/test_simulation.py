"""Simulated cases: the engine decides their ways, and queues for people are as long as the formulas say."""

from random import Random

import pytest

from flowmaster.engine.model import Executable
from flowmaster.runtime.models import compile_process
from flowmaster.runtime.simulation import Figures, Outcome, Plan, Simulation
from tests.acceptance.town import bpmn

DESK = bpmn(
    '<startEvent id="s"/><sequenceFlow id="f0" sourceRef="s" targetRef="t"/>'
    '<userTask id="t"><extensionElements><zeebe:assignmentDefinition candidateGroups="clerk"/>'
    '</extensionElements></userTask><sequenceFlow id="f1" sourceRef="t" targetRef="g"/>'
    '<exclusiveGateway id="g" default="no"/><sequenceFlow id="no" sourceRef="g" targetRef="e1"/>'
    '<sequenceFlow id="yes" sourceRef="g" targetRef="e2"><conditionExpression>=ok</conditionExpression>'
    '</sequenceFlow><endEvent id="e1"/><endEvent id="e2"/>'
)


class NoRules:
    """A library without decisions."""

    def decision(self, decision: str, version: str) -> None:
        """Know none."""


def run(clerks: int, *, cases: int = 40_000, seed: int = 7) -> Figures:
    """Let cases come every 10 minutes on the average; each takes a clerk 8 minutes for each clerk there is."""
    plan = Plan(
        cases=cases,
        begins=0,
        between=lambda random: random.expovariate(1 / 600_000),
        inputs=[Outcome()],
        answers={"t": [Outcome({"ok": True}, 3), Outcome({"ok": False}, 1)]},
        durations={"t": lambda random: random.expovariate(1 / (480_000 * clerks))},
        staff={"clerk": clerks},
    )
    return Simulation(Executable(compile_process(DESK, "p"), 1, NoRules()), plan, Random(seed)).run()


@pytest.mark.parametrize(("clerks", "queueing"), [(1, 0.8), (2, 0.7111111)])
def test_the_mean_waiting_time_is_that_of_the_formulas_of_erlang(clerks: int, queueing: float) -> None:
    waited = run(clerks).waited["t"]
    expected = queueing * 480_000 * clerks / (clerks * (1 - 0.8))
    assert sum(waited) / len(waited) == pytest.approx(expected, rel=0.08)


def test_conditions_decide_over_what_people_answer() -> None:
    found = run(1, cases=2_000)
    assert found.ended == {"completed": 2_000, "stuck": 0}
    assert found.flows["yes"] + found.flows["no"] == found.visits["g"] == 2_000
    assert found.flows["yes"] == pytest.approx(1_500, rel=0.05)


def test_the_same_seed_gives_the_same_figures() -> None:
    assert run(2, cases=500) == run(2, cases=500)
    assert run(2, cases=500) != run(2, cases=500, seed=8)


def test_a_case_that_waits_for_what_nobody_brings_is_stuck_and_a_timer_ends_a_wait() -> None:
    """The task takes a day: the timer on its border comes first, and the case then waits for a message."""
    late = bpmn(
        '<startEvent id="s"/><sequenceFlow id="f0" sourceRef="s" targetRef="t"/><userTask id="t"/>'
        '<sequenceFlow id="f1" sourceRef="t" targetRef="e"/><endEvent id="e"/>'
        '<boundaryEvent id="b" attachedToRef="t"><timerEventDefinition><timeDuration>=if slow then "PT1H" else'
        ' "P9D"</timeDuration></timerEventDefinition></boundaryEvent>'
        '<sequenceFlow id="f2" sourceRef="b" targetRef="r"/><receiveTask id="r" messageRef="m"/>'
        '<sequenceFlow id="f3" sourceRef="r" targetRef="e"/>',
        definitions='<message id="m" name="news"><extensionElements><zeebe:subscription correlationKey="=who"/>'
        "</extensionElements></message>",
    )
    plan = Plan(
        cases=200,
        begins=0,
        between=lambda random: 60_000,
        inputs=[Outcome({"slow": True, "who": "a"}), Outcome({"slow": False, "who": "b"})],
        durations={"t": lambda random: 86_400_000},
    )
    found = Simulation(Executable(compile_process(late, "p"), 1, NoRules()), plan, Random(1)).run()
    assert found.ended["completed"] + found.ended["stuck"] == 200
    assert found.ended["stuck"] == found.flows["f2"] > 50
    assert set(found.cycles) == {86_400_000}
