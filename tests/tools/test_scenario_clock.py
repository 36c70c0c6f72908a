"""The clock of a scenario goes from due time to due time, and at each one everybody acts who can."""

from typing import Any

from flowmaster.engine.outline.scenarios import scenarios_of
from flowmaster.engine.values import Json
from flowmaster.stores.rows import HistoryEntry
from tests.acceptance.agent import Agent, Body, played
from tests.tools.test_scenario_cases import stage_of

WATCH: dict[str, Any] = {
    "process": "watch",
    "roles": ["clerk"],
    "data": {"ok": "boolean", "guest": "person"},
    "start": {"needs": ["guest"]},
    "result": "outcome",
    "steps": [
        {
            "look": {
                "ask": "clerk",
                "form": {"ok": "boolean"},
                "into": "ok",
                "on": [{"every": "R9/P10D", "keep": True, "then": [{"tell": {"call": "mail.send"}}]}],
                "within": "P25D",
                "late": [{"close": {"call": "file.close"}}, {"end": "closed"}],
            }
        },
        {"end": "seen"},
    ],
    "events": [
        {"message": "cancel", "key": "guest", "then": [{"undo": {"call": "undo"}}, {"end": "cancelled"}]}
    ],
}
CANCEL: dict[str, Json] = {"name": "cancel", "key": "ann"}


def case(**scenario: Any) -> dict[str, Any]:
    """Return a scenario of the watch."""
    return {"name": "case", "at": "2030-01-01", "given": {"guest": "ann"}, **scenario}


def steps_of(**scenario: Any) -> list[str]:
    """Return the steps that one scenario of the watch goes through, without its events."""
    found: list[Body] = []

    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=WATCH)
        tested = await agent.ask("process_test", process="watch", scenarios=[case(**scenario)])
        found.extend(tested["scenarios"])

    played(play)
    assert found[0]["passed"], found[0]
    return [step for step in found[0]["path"] if step in ("look", "tell", "close", "undo")]


def history(**scenario: Any) -> list[HistoryEntry]:
    """Return all that happened in one scenario of the watch."""
    return (
        stage_of((WATCH, {}), []).play(scenarios_of([case(expect={"end": "closed"}, **scenario)])[0]).history
    )


def test_one_long_step_of_the_clock_lets_everybody_act_at_each_due_time() -> None:
    for clock in (["P30D"], ["next", "next", "next"], ["P10D", "P10D", "P10D"]):
        assert steps_of(clock=clock, expect={"end": "closed"}) == ["tell", "tell", "close"]


def test_however_the_clock_is_wound_the_same_history_comes_of_it() -> None:
    for slow in ({}, {"services": {"tell": {"after": "P2D"}, "close": {"after": "PT1H"}}}):
        long, due, even = (
            history(clock=clock, **slow) for clock in (["P30D"], ["next"] * 3, ["P10D", "P10D", "P10D"])
        )
        assert long == due == even
        assert len({entry.at for entry in long}) > 3


def test_the_next_due_time_may_be_that_of_a_message() -> None:
    cancelled: Json = {"end": "cancelled"}
    for clock in (["next"], ["P30D"]):
        early = steps_of(clock=clock, messages=[{**CANCEL, "after": "P1D"}], expect=cancelled)
        assert early == ["undo"]
    for clock in (["next", "next"], ["P30D"]):
        late = steps_of(clock=clock, messages=[{**CANCEL, "after": "P11D"}], expect=cancelled)
        assert late == ["tell", "undo"]


def test_the_next_due_time_may_be_that_of_an_answer() -> None:
    for clock in ([], ["next"], ["P30D"]):
        answers: Json = {"look": {"ok": True, "after": "P12D"}}
        assert steps_of(clock=clock, answers=answers, expect={"end": "seen"}) == ["tell", "look"]


def test_an_answer_to_what_begins_on_the_way_comes_before_what_is_due_later() -> None:
    slow: Json = {"tell": {"after": "P2D"}}
    cancelled = steps_of(
        clock=["P30D"],
        services=slow,
        messages=[{**CANCEL, "after": "P13D"}],
        expect={"end": "cancelled", "variables": {"outcome": "cancelled"}},
    )
    assert cancelled == ["tell", "undo"]
    assert steps_of(clock=["P11D", "P1D"], services=slow, expect={"waits_at": ["look"]}) == ["tell"]


def test_the_time_at_which_a_job_is_tried_again_is_a_due_time() -> None:
    outline: Json = {
        "process": "again",
        "roles": ["clerk"],
        "steps": [
            {
                "all": [
                    [
                        {"fetch": {"call": "fetch", "retry": {"times": 3, "wait": "P1D"}}},
                        {"note": {"call": "note"}},
                    ],
                    [{"look": {"ask": "clerk", "remind": "P2D"}}],
                ]
            },
            {"end": "done"},
        ],
    }
    services: Json = {"fetch": [{"fail": "down"}, {}]}
    expect: dict[str, Json] = {"waits_at": ["look"], "path": ["fetch", "note"]}

    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=outline)
        cases = [
            {"name": str(clock), "services": services, "clock": clock, "expect": {**expect, **more}}
            for clock, more in (
                (["next"], {}),
                (["next", "next"], {"reminded": ["look"]}),
                (["P3D"], {"reminded": ["look"]}),
            )
        ]
        tested = await agent.ask("process_test", process="again", scenarios=cases)
        assert tested["failed"] == 0, tested["scenarios"]

    played(play)


def test_many_due_times_at_which_nobody_acts_take_no_rounds() -> None:
    step = {"ask": "clerk", "form": {"ok": "boolean"}, "into": "ok", "remind": "PT1H"}
    steps = [{"look": {**step, "within": "P60D", "late": [{"end": "late"}]}}, {"end": "seen"}]

    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline={"process": "hours", "roles": ["clerk"], "steps": steps})
        given: Json = {"name": "late", "clock": ["P60D"], "expect": {"end": "late"}}
        tested = await agent.ask("process_test", process="hours", scenarios=[given])
        assert tested["failed"] == 0, tested["scenarios"]

    played(play)
