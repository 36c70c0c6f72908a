"""Laws: what holds in every case of a process is kept with it, checked over scenarios and random cases, and published."""

from typing import Any

import pytest

from flowmaster.engine.values import Json
from tests.acceptance.agent import Agent, Body, played

PAYMENT: dict[str, Any] = {
    "process": "payment",
    "roles": ["owner", "clerk"],
    "data": {"amount": "number > 0", "requester": "person"},
    "start": {"needs": ["amount", "requester"]},
    "steps": [
        {"approve": {"ask": "owner", "into": "approved"}},
        {"if": "not(approved) and amount > 100", "then": [{"end": "refused"}]},
        {"pay": {"call": "bank.transfer", "on": {"BUSY": "pay"}}},
        {"end": "paid"},
    ],
    "scenarios": [
        {
            "name": "a small sum",
            "given": {"amount": 10, "requester": "ann"},
            "answers": {"approve": {"approved": True, "by": "bob"}},
            "expect": {"end": "paid"},
        }
    ],
}
FOUR_EYES: Json = {"the requester never approves": "not(requester = approve.by)"}


async def outcome(agent: Agent, **laws: Json) -> Body:
    """Create the payment with laws and test it."""
    await agent.ask("process_create", outline={**PAYMENT, **laws})
    return await agent.ask("process_test", process="payment")


def test_a_law_that_the_scenarios_keep_is_broken_by_a_case_that_is_found_and_short() -> None:
    async def play(agent: Agent) -> None:
        told = await outcome(agent, always=FOUR_EYES)
        (law,) = told["laws"]
        assert told["failed"] == 0
        assert law["holds"] is False
        assert law["values"]["approve.by"] == law["values"]["requester"]
        assert law["after"] == "approve"
        assert set(law["case"]) <= {"name", "like", "given", "answers", "expect"}
        refusal = await agent.refusal("process_publish", process="payment")
        assert refusal["code"] == "process.law_broken"
        assert refusal["path"] == "always"
        assert "the requester never approves" in refusal["message"]
        assert refusal["expected"][0]["case"] == law["case"]
        again = await agent.ask("process_test", process="payment", scenarios=[law["case"]])
        assert again["failed"] == 0
        assert again["laws"][0]["scenario"] == law["case"]["name"]

    played(play)


def test_a_law_holds_once_the_process_keeps_it_and_then_it_is_published() -> None:
    async def play(agent: Agent) -> None:
        await outcome(agent, always=FOUR_EYES)
        edits = [{"set": "approve", "not": "requester"}]
        await agent.ask("process_edit", process="payment", edits=edits)
        told = await agent.ask("process_test", process="payment")
        (law,) = told["laws"]
        assert law["holds"] is True
        assert law["cases"] > 50
        await agent.ask("process_publish", process="payment")

    played(play)


LAWS: dict[str, tuple[Json, Json, bool]] = {
    "what is paid is approved": ({}, {"it": "if pay.done then approved else true"}, False),
    "a sum that is paid though refused is small": (
        {},
        {"it": "if pay.done and not(approved) then amount <= 100 else true"},
        True,
    ),
    "a limit that is missed by a little": (
        {},
        {"it": "if pay.done and not(approved) then amount < 100 else true"},
        False,
    ),
    "the bank may be busy": ({"again": "steps.pay.times > 1"}, {}, True),
    "nobody else approves": ({"other": 'approve.by = "bob" and amount > 1000'}, {}, False),
    "null breaks nothing": ({}, {"it": "amount_of_another > 0 or amount > 0"}, False),
}


@pytest.mark.parametrize("what", list(LAWS))
def test_laws_are_judged_over_generated_cases(what: str) -> None:
    async def play(agent: Agent) -> None:
        never, always, holds = LAWS[what]
        (law,) = (await outcome(agent, always=always, never=never))["laws"]
        assert law["holds"] is holds, law

    played(play)


def test_a_law_that_is_null_in_every_case_is_told() -> None:
    async def play(agent: Agent) -> None:
        (law,) = (await outcome(agent, never={"late": "approve.by > 5"}))["laws"]
        assert law["holds"] is True
        assert "null" in law["undecided"]

    played(play)


def test_a_law_that_reads_an_unknown_name_does_not_hold_and_says_what_was_meant() -> None:
    async def play(agent: Agent) -> None:
        (law,) = (await outcome(agent, always={"typo": "not(requester = aprove.by)"}))["laws"]
        assert law["holds"] is False
        assert "Did you mean 'approve'" in law["problem"]

    played(play)


def test_laws_survive_bpmn_and_edits_and_can_be_taken_away() -> None:
    async def play(agent: Agent) -> None:
        await outcome(agent, always=FOUR_EYES)
        bpmn = (await agent.ask("process_read", process="payment", view="bpmn"))["content"]
        await agent.ask("process_create", bpmn=bpmn)
        shown = (await agent.ask("process_read", process="payment"))["content"]
        assert "always:" in shown
        assert "not(requester = approve.by)" in shown
        edits: list[Json] = [
            {"set_always": {"the requester never approves": None, "small": "amount < 1000"}},
            {"set_never": {"paid twice": "pay.times > 1"}},
        ]
        edited = await agent.ask("process_edit", process="payment", edits=edits)
        assert {"change": "added", "never": "paid twice"} in edited["diff"]
        assert {"change": "removed", "always": "the requester never approves"} in edited["diff"]
        shown = (await agent.ask("process_read", process="payment"))["content"]
        assert "paid twice: pay.times > 1" in shown

    played(play)


WRONG: dict[str, tuple[Json, str, str]] = {
    "no mapping": ({"always": "amount > 0"}, "always[0]", "law.value_wrong"),
    "no condition": ({"always": {"it": 5}}, "always.it", "law.value_wrong"),
    "no FEEL": ({"never": [{"it": "amount >"}]}, "never.it", "law.syntax"),
    "twice": ({"never": [{"it": "amount > 1"}, {"it": "amount > 2"}]}, "never.it", "law.name_twice"),
    "too many": (
        {"never": {f"law {number}": "amount > 1" for number in range(101)}},
        "never",
        "law.too_many",
    ),
}


@pytest.mark.parametrize("what", list(WRONG))
def test_a_wrong_law_is_refused_with_its_place(what: str) -> None:
    async def play(agent: Agent) -> None:
        given, path, code = WRONG[what]
        assert isinstance(given, dict)
        refusal = await agent.refusal("process_create", outline={**PAYMENT, **given})
        assert path in str(refusal)
        assert code in str(refusal)

    played(play)


def test_edits_of_laws_that_are_none_are_refused() -> None:
    async def play(agent: Agent) -> None:
        await outcome(agent)
        wrong: list[Json] = [
            {"set_always": {"none": None}},
            {"set_never": []},
            {"set_never": {"it": "amount >"}},
        ]
        for edit in wrong:
            refusal = await agent.refusal("process_edit", process="payment", edits=[edit])
            assert "edits[0]" in str(refusal)

    played(play)
