"""What a process surely sends begins it again without a wait: a circle that is named, wherever it closes."""

from typing import Any

import pytest

from flowmaster.engine.bpmn.checks_endless import Landscape, Start, endless_events
from flowmaster.engine.model import Process
from tests.bpmn_reader.models import bpmn, condition, flow, line, read

ROOT = '<message id="m" name="ping"/><message id="n" name="pong"/><signal id="g" name="bell"/>'
SEND = '<sendTask id="a" messageRef="m"/>'
BELL = '<intermediateThrowEvent id="b"><signalEventDefinition signalRef="g"/></intermediateThrowEvent>'
CHOICE = (
    '<startEvent id="s"/><exclusiveGateway id="x" default="x_e"/>' + SEND + '<endEvent id="e"/>'
    + flow("s", "x") + flow("x", "a", condition("n = 1")) + flow("x", "e") + flow("a", "e")
)  # fmt: skip
BORDER = (
    '<boundaryEvent id="late" attachedToRef="j"><timerEventDefinition><timeDuration>PT1H</timeDuration>'
    '</timerEventDefinition></boundaryEvent><endEvent id="e2"/>' + flow("late", "e2")
)
JOB = '<serviceTask id="j"><extensionElements><zeebe:taskDefinition type="t"/></extensionElements></serviceTask>'
LOOPED = (
    '<sendTask id="a" messageRef="m"><multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality>'
    "</multiInstanceLoopCharacteristics></sendTask>"
)
BESIDE = (
    '<subProcess id="w" triggeredByEvent="true"><startEvent id="ws"><signalEventDefinition signalRef="g"/>'
    '</startEvent><endEvent id="we"/>' + flow("ws", "we") + "</subProcess>"
)


def compiled(body: str, process: str = "p") -> Process:
    return read(bpmn(body, ROOT).replace('id="p"', f'id="{process}"')).process


def beside(*others: Process, **begun: list[Start]) -> Landscape:
    models = {one.id: one for one in others}
    return Landscape(models.get, lambda kind, name: begun.get(f"{kind}_{name}", []))


OWN = beside(message_ping=[Start("p", "s")], signal_bell=[Start("p", "s")])


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (line(SEND), "message 'ping' of p begins p"),
        (line(BELL), "signal 'bell' of p begins p"),
        (line(JOB, SEND), "message 'ping' of p begins p"),
        (CHOICE, ""),
        (line('<userTask id="u"/>', SEND), ""),
        (line('<callActivity id="c" calledElement="q"/>', SEND), ""),
        (line(JOB, SEND) + BORDER, ""),
        (line(LOOPED), ""),
        (line(SEND) + BESIDE, ""),
        (line(SEND.replace('"m"', '"n"')), ""),
        (line('<sendTask id="a" messageRef="none"/>'), ""),
    ],
)
def test_a_circle_is_one_only_where_nothing_avoids_it_and_nothing_waits(body: str, told: str) -> None:
    found = endless_events(compiled(body), OWN)
    assert list(found) == ([told] if told else [])


def test_a_circle_leads_over_other_processes_and_calls() -> None:
    pong = compiled(line('<sendTask id="t" messageRef="n"/>'), "q")
    calling = compiled(line('<callActivity id="c" calledElement="q"/>'))
    other: dict[str, Any] = {"message_pong": [Start("p", "s")], "message_ping": [Start("q", "s")]}
    assert endless_events(calling, beside(pong, **other)) == {"p calls q, message 'pong' of q begins p": "c"}
    assert endless_events(compiled(line(SEND)), beside(pong, **other)) == {
        "message 'ping' of p begins q, message 'pong' of q begins p": "a"
    }
    assert endless_events(compiled(line(SEND)), beside(**other)) == {}, "q is not in use"
    assert endless_events(calling, beside(**other)) == {}
    assert endless_events(compiled(line(SEND)), None) == {}


def test_a_circle_that_does_not_come_back_to_the_process_is_no_circle_of_it() -> None:
    pong = compiled(line('<sendTask id="t" messageRef="n"/>'), "q")
    landscape = beside(pong, message_ping=[Start("q", "s")], message_pong=[Start("q", "s")])
    assert endless_events(compiled(line(SEND)), landscape) == {}


def test_calls_alone_are_told_as_calls_and_not_as_events() -> None:
    assert endless_events(compiled(line('<callActivity id="c" calledElement="p"/>')), OWN) == {}


def test_a_process_that_goes_round_before_it_sends_is_looked_at_once() -> None:
    body = (
        '<startEvent id="s"/><exclusiveGateway id="x"/>' + SEND + '<endEvent id="e"/>' + JOB
        + flow("s", "x") + flow("x", "a", condition("n = 1")) + flow("x", "j", condition("n != 1"))
        + flow("j", "x") + flow("a", "e")
    )  # fmt: skip
    assert list(endless_events(compiled(body), OWN)) == ["message 'ping' of p begins p"]
