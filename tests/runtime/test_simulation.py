"""Simulated cases: the engine decides their ways, and queues for people are as long as the formulas say."""

from dataclasses import replace

import pytest

from flowmaster.engine.model import Executable, Process
from flowmaster.runtime.models import compile_process
from flowmaster.runtime.simulation.chance import exponential, fixed
from flowmaster.runtime.simulation.figures import Figures, Stuck
from flowmaster.runtime.simulation.plan import Case, Outcome, Plan, Staff
from flowmaster.runtime.simulation.run import Simulation
from tests.acceptance.town import bpmn

DESK = bpmn(
    '<startEvent id="s"/><sequenceFlow id="f0" sourceRef="s" targetRef="t"/>'
    '<userTask id="t"><extensionElements><zeebe:assignmentDefinition candidateGroups="clerk"/>'
    '</extensionElements></userTask><sequenceFlow id="f1" sourceRef="t" targetRef="g"/>'
    '<exclusiveGateway id="g" default="no"/><sequenceFlow id="no" sourceRef="g" targetRef="e1"/>'
    '<sequenceFlow id="yes" sourceRef="g" targetRef="e2"><conditionExpression>=ok</conditionExpression>'
    '</sequenceFlow><endEvent id="e1"/><endEvent id="e2"/>'
)


class Alone:
    """A process that calls nothing."""

    def __init__(self, process: Process) -> None:
        self.main = Executable(process, 1, self)
        self.now = 0

    def called(self, process: str, version: str) -> Executable:
        """Know none."""
        raise AssertionError(process)

    def decision(self, decision: str, version: str) -> None:
        """Know none."""


def run(clerks: int, *, cases: int = 20_000, seed: int = 7) -> Figures:
    """Let cases come every 10 minutes on the average; each takes a clerk 5 minutes for each clerk there is."""
    plan = Plan(
        cases=cases,
        begins=0,
        seed=seed,
        between=exponential(600_000),
        answers={"t": [Outcome({"ok": True}, 3), Outcome({"ok": False}, 1)]},
        durations={"t": exponential(300_000 * clerks)},
        staff={"clerk": Staff(clerks)},
    )
    return Simulation(Alone(compile_process(DESK, "p")), plan).run()


@pytest.mark.parametrize(("clerks", "queueing"), [(1, 1 / 2), (2, 1 / 3), (3, 0.2368421)])
def test_the_mean_waiting_time_is_that_of_the_formulas_of_erlang(clerks: int, queueing: float) -> None:
    found = run(clerks)
    step, expected = found.tallies["p"].steps["t"], queueing * 300_000 * clerks / (clerks * (1 - 0.5))
    assert step.waited / step.waits == pytest.approx(expected, rel=0.1)
    assert found.roles["clerk"].waited == step.waited
    # People are busy half of their time, whatever the line before them does.
    assert found.roles["clerk"].worked / clerks / found.until == pytest.approx(0.5, rel=0.03)


def test_conditions_decide_over_what_people_answer() -> None:
    found = run(1, cases=2_000)
    tally = found.tallies["p"]
    assert found.ended.total() == 2_000
    assert not found.stuck
    assert tally.flows["yes"] + tally.flows["no"] == tally.visits["g"] == 2_000
    assert (found.ended["e1"], found.ended["e2"]) == (tally.flows["no"], tally.flows["yes"])
    assert tally.flows["yes"] == pytest.approx(1_500, rel=0.05)


def test_the_same_seed_gives_the_same_figures() -> None:
    assert run(2, cases=500) == run(2, cases=500)
    assert run(2, cases=500) != run(2, cases=500, seed=8)


LATE = bpmn(
    '<startEvent id="s"/><sequenceFlow id="f0" sourceRef="s" targetRef="t"/><userTask id="t"/>'
    '<sequenceFlow id="f1" sourceRef="t" targetRef="e"/><endEvent id="e"/>'
    '<boundaryEvent id="b" attachedToRef="t"><timerEventDefinition><timeDuration>=if slow then "PT1H" else'
    ' "P9D"</timeDuration></timerEventDefinition></boundaryEvent>'
    '<sequenceFlow id="f2" sourceRef="b" targetRef="r"/><receiveTask id="r" messageRef="m"/>'
    '<sequenceFlow id="f3" sourceRef="r" targetRef="e"/>',
    definitions='<message id="m" name="news"><extensionElements><zeebe:subscription correlationKey="=who"/>'
    "</extensionElements></message>",
)


def test_a_case_that_waits_for_what_nobody_brings_is_stuck_and_a_timer_ends_a_wait() -> None:
    """The task takes a day: the timer on its border comes first, and the case then waits for a message."""
    plan = Plan(
        cases=200,
        begins=0,
        between=fixed(60_000),
        inputs=[Case({"slow": True, "who": "a"}), Case({"slow": False, "who": "b"})],
        durations={"t": fixed(86_400_000)},
    )
    found = Simulation(Alone(compile_process(LATE, "p")), plan).run()
    assert found.ended["e"] + found.stuck.total() == 200
    assert found.stuck.total() == found.tallies["p"].flows["f2"] > 50
    assert list(found.stuck) == [Stuck("p", "r", "The message 'news' does not come.")]
    assert set(found.cycles) == {86_400_000}
    assert found.tallies["p"].timers["b", ""] == found.stuck.total()
    # Who works on a task that a timer takes away is free at once.
    assert (
        found.tallies["p"].steps["t"].worked
        == found.ended["e"] * 86_400_000 + found.stuck.total() * 3_600_000
    )


def test_a_role_without_people_does_nothing() -> None:
    plan = Plan(cases=3, begins=0, between=fixed(1), staff={"clerk": Staff(0)})
    found = Simulation(Alone(compile_process(DESK, "p")), plan).run()
    assert found.stuck == {Stuck("p", "t", "The role 'clerk' has no people."): 3}
    assert replace(plan, staff={}) != plan
