"""A wait for a message may have handlers, and is a task of BPMN then; others are told what to do instead."""

from typing import Any

import pytest

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.outline.compile import Compiled, compile_outline
from flowmaster.engine.outline.decompile import decompile
from flowmaster.engine.outline.problems import OutlineRefused

PAPERS: dict[str, Any] = {
    "wait": {"message": "papers received", "key": "company"},
    "into": "papers",
    "on": [
        {"after": "P14D", "keep": True, "then": [{"remind": {"call": "mail"}}]},
        {"after": "P30D", "then": [{"end": "incomplete"}]},
    ],
}
FOREIGN = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="x">
  <message id="m" name="paid"/>
  <process id="p" isExecutable="true">
    <startEvent id="s"/><sequenceFlow id="f1" sourceRef="s" targetRef="a"/>
    <receiveTask id="a" name="Paid" messageRef="m"{more}>{inside}</receiveTask>
    <sequenceFlow id="f2" sourceRef="a" targetRef="e"/>
    <endEvent id="e"/>
    {beside}
  </process>
</definitions>"""
LATE = (
    '<boundaryEvent id="late" attachedToRef="a"><timerEventDefinition><timeDuration>P1D</timeDuration>'
    '</timerEventDefinition></boundaryEvent><sequenceFlow id="f3" sourceRef="late" targetRef="e"/>'
)


def built(*steps: Any) -> Compiled:
    return compile_outline(
        {
            "process": "p",
            "data": {"company": "text", "papers": "text"},
            "start": {"needs": ["company"]},
            "steps": list(steps),
        }
    )


@pytest.mark.parametrize(
    "words",
    [
        PAPERS,
        {**PAPERS, "when": 'company != "x"', "with": {"who": "company"}, "about": "All."},
        {"wait": PAPERS["wait"], "within": "P30D", "late": [{"end": "incomplete"}]},
        {
            "wait": PAPERS["wait"],
            "within": "P30D",
            "late": "check",
            "on": [{"signal": "over", "then": "check"}],
        },
    ],
)
def test_a_wait_with_handlers_is_a_task_with_events_and_reads_back_in_the_same_words(words: Any) -> None:
    document = built({"papers": words}, {"more": {"call": "more"}}, {"check": {"call": "check"}}).document
    assert document.element("papers").kind == "receiveTask"
    assert document.boundary_events(document.element("papers"))
    shown: Any = decompile(document)
    assert shown["steps"][0]["papers"] == words
    assert decompile(compile_outline(shown).document) == shown


def test_a_wait_without_handlers_is_an_event() -> None:
    words = {"wait": PAPERS["wait"], "into": "papers"}
    document = built({"papers": words}).document
    assert document.element("papers").kind == "intermediateCatchEvent"
    assert decompile(document)["steps"] == [{"papers": words}]


def test_a_wait_that_ends_by_itself_is_no_endless_one() -> None:
    asked = "How long is 'papers' waited for"
    open_one = built({"papers": {**PAPERS, "on": PAPERS["on"][:1]}})
    assert any(asked in one for one in open_one.open_questions)
    assert not any(asked in one for one in built({"papers": PAPERS}).open_questions)


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ({"cool off": {"wait": "P1D", "on": [{"message": "m", "then": "end"}]}}, "waits for a time"),
        ({"go": {"wait": {"signal": "go"}, "within": "P1D", "late": "end"}}, "waits for a signal"),
        (
            {"first": [[{"wait": {"message": "m"}, "within": "P1D", "late": "end"}], [{"wait": "P9D"}]]},
            "no handlers of its own",
        ),
        ({"go": {"wait": {"message": "m"}, "within": "P1D"}}, "`within` needs `late`"),
    ],
)
def test_other_waits_are_told_what_to_do_instead(step: Any, says: str) -> None:
    with pytest.raises(OutlineRefused, match=says) as caught:
        built(step)
    (problem,) = [one for one in caught.value.problems if says in one.message]
    assert "first" in problem.fix or problem.expected


@pytest.mark.parametrize(
    ("more", "inside", "beside", "kind"),
    [
        ("", "", LATE, "wait"),
        ("", "", "", "bpmn"),
        (' instantiate="true"', "", LATE, "bpmn"),
        (' implementation="other"', "", LATE, "bpmn"),
        ("", '<standardLoopCharacteristics id="l"/>', LATE, "bpmn"),
    ],
)
def test_the_receive_task_of_another_tool_stays_one(more: str, inside: str, beside: str, kind: str) -> None:
    text = FOREIGN.replace("{more}", more).replace("{inside}", inside).replace("{beside}", beside)
    shown: Any = decompile(parse_bpmn(text.encode()))
    (body,) = shown["steps"][0].values()
    assert kind in body
    again = compile_outline(shown).document
    assert again.element("a").kind == "receiveTask"
    message = again.reference(again.element("a"), "messageRef")
    assert message is not None
    assert message.name == "paid"
    assert decompile(again) == shown


def test_a_receive_task_that_races_stays_one_with_its_handlers() -> None:
    race = (
        '<eventBasedGateway id="g"/><sequenceFlow id="f4" sourceRef="g" targetRef="a"/>'
        '<intermediateCatchEvent id="t"><timerEventDefinition><timeDuration>P9D</timeDuration></timerEventDefinition>'
        '</intermediateCatchEvent><sequenceFlow id="f5" sourceRef="g" targetRef="t"/>'
        '<sequenceFlow id="f6" sourceRef="t" targetRef="e"/>'
    )
    text = FOREIGN.format(more="", inside="", beside=LATE + race)
    text = text.replace('sourceRef="s" targetRef="a"', 'sourceRef="s" targetRef="g"')
    shown: Any = decompile(parse_bpmn(text.encode()))
    again = compile_outline(shown).document
    assert again.element("a").kind == "receiveTask"
    assert [event.id for event in again.boundary_events(again.element("a"))] == ["late"]
    assert decompile(again) == shown


def test_what_stands_inside_of_a_wait_is_taken_as_if_it_stood_beside_it() -> None:
    beside = {"on": PAPERS["on"], "within": "P40D", "late": [{"end": "too late"}], "into": "papers"}
    inside = {"papers": {"wait": {**PAPERS["wait"], **beside}}}
    outside = {"papers": {"wait": PAPERS["wait"], **beside}}
    assert decompile(built(inside).document) == decompile(built(outside).document)
