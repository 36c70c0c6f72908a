"""Handlers of a wait for a message come and go by `set`; the wait is a task while it has some, else an event."""

from typing import Any

import pytest

from flowmaster.engine.edits.apply import apply_edits
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.tools.outline_text import read_outline_text
from tests.edits.models import edited, refusal, step

TEXT = """
process: buy
data: {fine: boolean, who: person}
start: {needs: [who]}
steps:
- pay: {call: bank, on: {CLOSED: [{mend: {call: mend}}]}, within: P1D, late: [{end: late}]}
- cool off: {wait: P14D}
- paid: {wait: {message: paid, key: who}}
- first: [[{wait: P1D}, {slow: {call: slow}}], [{quick: {wait: {signal: go}}}]]
- end: done
"""
DOCUMENT = compile_outline(read_outline_text(TEXT).value).document

TIMES: list[Any] = [
    {"after": "P14D", "keep": True, "then": [{"nudge": {"call": "mail"}}]},
    {"after": "P30D", "then": [{"end": "incomplete"}]},
]


def test_handlers_turn_a_wait_into_a_task_and_back() -> None:
    held = edited({"set": "paid", "within": "P9D", "late": [{"end": "unpaid"}], "into": "fine"}, of=DOCUMENT)
    paid = DOCUMENT.by_name("paid", "intermediateCatchEvent")[0].id
    assert held.element(paid).kind == "receiveTask"
    assert held.shape_of(paid) is not None
    assert step(held, "paid") == {
        "wait": {"message": "paid", "key": "who"},
        "into": "fine",
        "within": "P9D",
        "late": [{"end": "unpaid"}],
    }
    free = edited({"set": "paid", "within": None, "late": None, "into": None}, of=held)
    assert free.element(paid).kind == "intermediateCatchEvent"
    assert step(free, "paid") == step(DOCUMENT, "paid")


def test_a_task_that_waits_takes_other_words_of_a_wait() -> None:
    held = edited({"set": "paid", "on": TIMES}, of=DOCUMENT)
    changed = edited({"set": "paid", "message": "settled", "when": "fine", "with": {"a": 1}}, of=held)
    words = {"wait": {"message": "settled", "key": "who"}, "when": "fine", "with": {"a": 1}, "on": TIMES}
    assert step(changed, "paid") == words
    assert step(edited({"set": "paid", "wait": "P1D", "on": None}, of=held), "paid") == {"wait": "P1D"}


@pytest.mark.parametrize("name", ["paid", "pay"])
def test_handlers_after_several_times_are_all_set_anew_by_on(name: str) -> None:
    held = edited({"set": name, "within": None, "late": None, "on": TIMES}, of=DOCUMENT)
    later = [TIMES[0], {**TIMES[1], "after": "P40D"}]
    assert step(edited({"set": name, "on": later}, of=held), name)["on"] == later
    assert "on" not in step(edited({"set": name, "on": None}, of=held), name)


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        ({"set": "cool off", "on": TIMES}, "waits for something else"),
        ({"set": "paid", "wait": "P1D", "on": TIMES}, "waits for something else"),
        ({"set": "quick", "wait": {"message": "m"}, "on": TIMES}, "begins a way of `first`"),
        ({"set": "paid", "within": "P3D"}, "needs `late`"),
        ({"set": "paid", "within": "P3D", "late": {"escalate": "boss"}}, "Only an `ask` step"),
    ],
)
def test_other_waits_have_no_handlers(edit: dict[str, Any], says: str) -> None:
    refused = refusal(edit, of=DOCUMENT)
    assert says in refused.message
    assert refused.fix or refused.expected


def test_what_a_held_wait_waits_for_stays_a_message() -> None:
    held = edited({"set": "paid", "on": TIMES}, of=DOCUMENT)
    assert "waits for something else" in refusal({"set": "paid", "wait": "P1D"}, of=held).message


def test_a_receive_task_of_another_tool_gets_handlers() -> None:
    made = compile_outline(
        {
            "process": "p",
            "steps": [{"go": {"bpmn": '<bpmn:receiveTask messageRef="m"/>'}}, "end"],
            "bpmn": ['<bpmn:message id="m" name="go"/>'],
        }
    ).document
    held = apply_edits(made, [{"set": "go", "within": "P1D", "late": [{"end": "over"}]}]).document
    assert step(held, "go") == {"wait": {"message": "go"}, "within": "P1D", "late": [{"end": "over"}]}
