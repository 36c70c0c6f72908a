"""Laws: what holds in every case of a process is kept with it, checked over scenarios and random cases, and published."""

from typing import Any

from flowmaster.engine.values import Json
from flowmaster.tools.drafts import draft_of
from flowmaster.tools.registry import Call
from flowmaster.tools.scenarios import run_scenarios
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


LAWS: dict[str, bool] = {
    "if pay.done then approved else true": False,
    "if pay.done and not(approved) then amount <= 100 else true": True,
    "if pay.done and not(approved) then amount < 100 else true": False,
    "not(steps.pay.times > 1)": True,
    'not(approve.by = "bob" and amount > 1000)': False,
    "approve.by > 5": True,
    "not(requester = aprove.by)": False,
}
"""Conditions, and whether they hold in every case."""


def test_laws_are_judged_over_generated_cases_and_say_when_they_are_null_or_misspelt() -> None:
    async def play(agent: Agent) -> None:
        told = await outcome(
            agent, always=dict(zip(LAWS, LAWS, strict=True)), never={"dear": "amount > 10**9"}
        )
        assert told["left_out"]["laws"] > 0
        court = await judged(agent)
        assert {law["condition"]: law["holds"] for law in court} == LAWS | {"amount > 10**9": False}
        by_name = {law["condition"]: law for law in court}
        assert "null" in by_name["approve.by > 5"]["undecided"]
        assert "Did you mean 'approve'" in by_name["not(requester = aprove.by)"]["problem"]

    played(play)


def test_who_did_a_step_is_compared_only_once_somebody_did_it() -> None:
    laws: dict[str, Json] = {
        "the two differ": "not(approve.by = confirm.by)",
        "the two differ, said otherwise": "approve.by != confirm.by",
        "bob approves": 'approve.by = "bob"',
        "somebody approves": "if pay.done then approve.by != null else true",
    }
    confirmed: dict[str, Any] = {"confirm": {"ask": "clerk", "not": "approve", "into": "confirmed"}}
    late = {"when": "amount > 1000", **confirmed["confirm"]}
    approve = {"ask": "owner", "into": "approved", "when": "amount > 500"}
    steps = [{"approve": approve}, {"confirm": late}, *PAYMENT["steps"][1:]]

    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline={**PAYMENT, "steps": steps, "always": laws})
        court = {law["always"]: law["holds"] for law in await judged(agent)}
        assert court == {
            "the two differ": True,
            "the two differ, said otherwise": True,
            "bob approves": False,
            "somebody approves": False,
        }

    played(play)


async def judged(agent: Agent) -> list[Body]:
    """Return how all laws went; an answer shows the first of them."""
    call = Call(app=agent.app, caller=agent.caller)
    draft = draft_of(agent.app.runtime.reader, agent.caller.tenant, "payment")
    return list((await run_scenarios(call, draft.content, "payment", None)).laws)


def test_a_law_names_steps_that_undo_others_and_steps_of_events_by_names_with_blanks() -> None:
    book = {"call": "book", "undo": {"free seat": {"group": [{"give back": {"call": "free"}}]}}}
    withdrawn = {
        "message": "withdrawn",
        "key": "requester",
        "then": [
            {"say so": {"call": "mail"}},
            {"undo all": {"throw": {"compensate": True}}},
            {"end": "withdrawn"},
        ],
    }
    laws = {
        "freed only if booked": "if free seat.done or give back.done then book seat.done else true",
        "never told": "not(say so.done)",
    }
    outline = {
        **PAYMENT,
        "steps": [{"book seat": book}, *PAYMENT["steps"]],
        "events": [withdrawn],
        "always": laws,
        "scenarios": [
            {
                "name": "withdrawn",
                "given": {"amount": 10, "requester": "ann"},
                "messages": [{"name": "withdrawn", "key": "ann"}],
                "expect": {"end": "withdrawn", "path": ["book seat", "say so", "give back"]},
            }
        ],
    }

    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=outline)
        told = await agent.ask("process_test", process="payment")
        assert told["failed"] == 0
        assert {law["always"]: law["holds"] for law in told["laws"]} == {
            "freed only if booked": True,
            "never told": False,
        }

    played(play)


def test_a_rule_decides_in_every_case_that_is_tried_against_a_law() -> None:
    outline = {
        **PAYMENT,
        "steps": [
            {"find route": {"rule": "route", "into": "route"}},
            {"if": 'route = "review"', "then": PAYMENT["steps"][:1]},
            *PAYMENT["steps"][2:],
        ],
        "always": {"looked at": "if pay.done then approve.done else true"},
    }

    async def play(agent: Agent) -> None:
        await agent.ask("rule_save", decision="route", table="amount: number;=> route\n-;review\n")
        await agent.ask("process_create", outline=outline)
        told = await agent.ask("process_test", process="payment")
        assert [law["holds"] for law in told["laws"]] == [True]

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


def test_a_wrong_law_is_refused_with_its_place() -> None:
    async def play(agent: Agent) -> None:
        for given, path, code in WRONG.values():
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
