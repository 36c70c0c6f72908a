"""What can go wrong in the control flow is told by drafts and refuses publishing, where the outline says it is sure."""

from typing import Any

import pytest

from flowmaster.engine.values import Json
from tests.acceptance.agent import Agent, played

HEAD: dict[str, Any] = {
    "process": "faulty",
    "roles": ["clerk"],
    "data": {"amount": "number", "ok": "boolean", "x": "boolean"},
    "start": {"needs": ["amount", "x"]},
}
OTHER: Json = {"other": {"ask": "clerk", "form": {"note": "text"}}}
CHECK: Json = {"check": {"ask": "clerk", "form": {"ok": "boolean"}, "into": "ok"}}
PAY: Json = {"pay": {"call": "bank.pay", "with": {"sum": "amount"}}}
LATE: Json = {
    "check": {
        "ask": "clerk",
        "form": {"ok": "boolean"},
        "into": "ok",
        "within": "PT2H",
        "late": [{"end": "too late"}],
    }
}

FAULTS: dict[str, tuple[list[Json], str, str, str, tuple[str, ...]]] = {
    "an end inside a branch": (
        [{"all": [[CHECK, {"if": "not(ok)", "then": [{"end": "rejected"}]}], [OTHER]]}, PAY],
        "soundness.deadlock", "together_join", "error", ("'check' is done", "`not(ok)`", "'other' is done"),
    ),
    "an end after a time limit inside a branch": (
        [{"all": [[LATE], [OTHER]]}, PAY],
        "soundness.deadlock", "together_join", "error", ("'2 hours' happens at 'check'",),
    ),
    "a way back out of a branch": (
        [{"draft": {"ask": "clerk", "form": {"note": "text"}}},
         {"all": [[CHECK, {"if": "not(ok)", "then": [{"goto": "draft"}]}], [OTHER]]}, PAY],
        "soundness.deadlock", "together_join", "error", ("`not(ok)`", "'draft' is done"),
    ),
    "conditions that exclude each other": (
        [{"if": "x", "then": [CHECK], "else": [{"goto": "pay"}]},
         {"all": [[{"if": "not(x)", "then": [{"end": "never"}]}, OTHER], [{"tell": {"call": "mail.send"}}]]}, PAY],
        "soundness.deadlock", "together_join", "warning", ("`x`", "`not(x)`", "exclude each other"),
    ),
    "two branches that come together without a join": (
        [{"any": [{"if": "x", "then": [CHECK, {"if": "ok", "then": [{"goto": "pay"}]}]},
                  {"if": "amount > 5", "then": [OTHER]}, {"else": [{"tell": {"call": "mail.send"}}]}]}, PAY],
        "soundness.doubled", "pay", "warning", ("`x` and `amount > 5`",),
    ),
    "a loop without an exit": (
        [CHECK, {"if": "ok", "then": [{"end": "fine"}], "else": [OTHER, PAY, {"goto": "other"}]}],
        "soundness.no_end", "other", "error", ("'check' is done", "no condition holds"),
    ),
    "a step behind what never ends": (
        [{"try": {"group": [OTHER, {"end": {"error": "BROKEN"}}], "on": [{"error": "BROKEN", "then": [{"end": "broken"}]}]}},
         PAY],
        "soundness.dead_step", "pay", "error", ("No run ever comes to",),
    ),
    "an end that cuts off work": (
        [{"all": [[CHECK, {"if": "not(ok)", "then": [{"end": {"terminate": True}}]}], [OTHER]]}, PAY],
        "soundness.cut_off", "terminate", "hint", ("can cut off 'other'",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", list(FAULTS))
def test_a_fault_of_the_control_flow_is_told_with_a_run_and_refuses_publishing_where_it_is_sure(
    what: str,
) -> None:
    steps, code, element, severity, words = FAULTS[what]

    async def play(agent: Agent) -> None:
        created = await agent.ask("process_create", outline={**HEAD, "steps": steps})
        found = next(one for one in created["problems"] if one["code"] == code)
        assert (found["element"], found["severity"]) == (element, severity)
        assert [word for word in words if word not in found["message"]] == []
        assert found["fix"]
        if severity == "error":
            refusal = await agent.refusal("process_publish", process="faulty")
            assert code in str(refusal)
        else:
            await agent.ask("process_publish", process="faulty")

    played(play)


def test_the_proposed_edit_of_a_deadlock_mends_it() -> None:
    async def play(agent: Agent) -> None:
        steps = FAULTS["an end inside a branch"][0]
        created = await agent.ask("process_create", outline={**HEAD, "steps": steps})
        edits = [one["fix_edit"] for one in created["problems"] if one["code"] == "soundness.deadlock"]
        edited = await agent.ask("process_edit", process="faulty", edits=edits)
        assert "soundness.deadlock" not in str(edited["problems"])
        await agent.ask("process_publish", process="faulty")

    played(play)


SOUND: dict[str, list[Json]] = {
    "the same condition before and inside a branch": [
        {"if": "x", "then": [CHECK]},
        {"all": [[{"if": "x", "then": [{"tell": {"call": "mail.send"}}]}], [OTHER]]},
        PAY,
    ],
    "a way back": [CHECK, {"if": "not(ok)", "then": [{"goto": "check"}]}, PAY],
    "a reminder that keeps the task": [
        {"check": {"ask": "clerk", "form": {"ok": "boolean"}, "into": "ok",
                   "on": [{"every": "R/PT1H", "keep": True, "then": [{"tell": {"call": "mail.send"}}]}]}},
        PAY,
    ],
    "the first of several events": [
        {"first": [[{"wait": "P14D"}, {"end": "late"}], [{"wait": {"message": "paid"}, "key": "=string(amount)"}]]},
        PAY,
    ],
}  # fmt: skip


@pytest.mark.parametrize("what", list(SOUND))
def test_what_can_end_well_is_not_complained_about(what: str) -> None:
    async def play(agent: Agent) -> None:
        created = await agent.ask("process_create", outline={**HEAD, "steps": SOUND[what]})
        assert "soundness." not in str(created["problems"])

    played(play)
