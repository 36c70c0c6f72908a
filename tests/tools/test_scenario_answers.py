"""What a test of a process answers: what differs in every scenario that fails, and what can be done next."""

from typing import Any

from flowmaster.engine.values import Json
from tests.acceptance.agent import Agent, Body, body_of, played
from tests.acceptance.test_bounded import TOKENS_MAX
from tests.token_count import token_count

COUNT: dict[str, Any] = {
    "process": "count",
    "roles": ["clerk"],
    "data": {"amount": "number > 0", "level": "text"},
    "start": {"needs": ["amount"]},
    "steps": [
        {"grade": {"rule": "grade", "into": "level"}},
        {"if": 'level = "high"', "then": [{"sign": {"ask": "clerk", "into": "signed"}}]},
        {"ship": {"call": "ship"}},
        {"end": "shipped"},
    ],
}
GRADE: dict[str, Json] = {
    "decision": "grade",
    "inputs": [{"name": "amount", "type": "number"}],
    "outputs": [{"name": "level", "type": "string"}],
    "rules": [["< 100", '"low"'], [">= 100", '"high"']],
}
LOW: Json = {"name": "low", "given": {"amount": 1}, "expect": {"end": "shipped"}}


async def created(agent: Agent, *scenarios: Json) -> None:
    """Create the process with scenarios."""
    await agent.ask("rule_save", table=GRADE)
    await agent.ask("process_create", outline={**COUNT, "scenarios": list(scenarios)})


def offers(body: Body) -> list[str]:
    """Return the operations that an answer offers as next."""
    return [hint["operation"] for hint in body.get("next", [])]


def test_chosen_scenarios_do_not_tell_what_the_process_has_beside_them() -> None:
    async def play(agent: Agent) -> None:
        await created(agent, LOW)
        whole = (await agent.ask("process_test", process="count"))["coverage"]
        assert len(whole["uncovered"]) == 1
        assert whole["rules"]["grade"]["missed"] == [2]
        chosen = (await agent.ask("process_test", process="count", scenarios=[LOW]))["coverage"]
        assert chosen == {"branches": 2, "covered": 1, "rules": {"grade": {"rows": 2, "covered": 1}}}

    played(play)


def test_the_example_of_a_missed_row_matches_it_though_others_match_too() -> None:
    rules: list[Json] = [["-", '"low"'], ["> 100", '"high"'], ["> 5, < 5, 5", '"any"']]

    async def play(agent: Agent) -> None:
        await created(agent, LOW)
        await agent.ask("rule_save", table=GRADE | {"hit": "C", "rules": rules})
        whole = (await agent.ask("process_test", process="count"))["coverage"]["rules"]["grade"]
        assert whole["missed"] == [2]
        assert whole["example"] == {"row 2": {"amount": "101"}}

    played(play)


def test_only_a_draft_that_is_not_published_yet_is_offered_to_be_published() -> None:
    async def play(agent: Agent) -> None:
        await created(agent, LOW)
        assert offers(await agent.ask("process_test", process="count")) == ["process_publish"]
        await agent.ask("process_publish", process="count")
        assert offers(await agent.ask("process_test", process="count")) == []
        edit: Json = {"rename": "ship", "to": "send"}
        await agent.ask("process_edit", process="count", edits=[edit])
        assert offers(await agent.ask("process_test", process="count", version=1)) == []
        assert offers(await agent.ask("process_test", process="count")) == ["process_publish"]
        await agent.ask("process_publish", process="count")
        added: Json = {"name": "added", "like": "low"}
        saved = await agent.ask("process_test", process="count", scenarios=[added], save=True)
        assert offers(saved) == ["process_publish"]

    played(play)


def failing(count: int) -> list[dict[str, Any]]:
    """Return scenarios that each differ in three ways."""
    variables: Json = {"level": "high", "comment": "a long text " * 20}
    return [
        {
            "name": f"case {number}",
            "like": "low",
            "expect": {"end": "lost", "path": ["sign"], "variables": variables},
        }
        for number in range(count)
    ]


def test_every_failing_scenario_of_an_answer_says_what_differs_first() -> None:
    async def play(agent: Agent) -> None:
        await created(agent, LOW, *failing(25))
        answer = await agent.answer("process_test", {"process": "count"})
        assert token_count(answer.text) <= TOKENS_MAX
        body = body_of(answer)
        assert (body["passed"], body["failed"]) == (1, 25)
        shown = [each for each in body["scenarios"] if not each["passed"]]
        assert len(shown) == 25
        assert all(each["differences"][0]["what"] == "end" for each in shown)
        assert body["left_out"] == {"details": len([each for each in shown if "because" not in each])}
        (hint,) = body["next"]
        (whole,) = (await agent.ask(hint["operation"], **hint["arguments"]))["scenarios"]
        assert len(whole["differences"]) == 4
        assert whole["because"]
        name = hint["arguments"]["scenarios"][0]["name"]
        assert "because" not in next(each for each in shown if each["name"] == name)

    played(play)


def test_scenarios_that_find_no_room_are_counted_and_one_of_a_test_is_read_with_those_it_is_like() -> None:
    async def play(agent: Agent) -> None:
        await created(agent)
        answer = await agent.answer("process_test", {"process": "count", "scenarios": [LOW, *failing(150)]})
        assert token_count(answer.text) <= TOKENS_MAX
        body = body_of(answer)
        assert all(each["differences"] for each in body["scenarios"])
        assert len(body["scenarios"]) + body["left_out"]["scenarios"] == 151
        (hint,) = body["next"]
        again = await agent.ask(hint["operation"], **hint["arguments"])
        assert (again["passed"], again["failed"]) == (1, 1)
        assert len(again["scenarios"][0]["differences"]) == 4

    played(play)


def test_a_start_that_is_refused_says_so_in_short_too() -> None:
    async def play(agent: Agent) -> None:
        refused: list[Json] = [
            {"name": f"case {number}", "given": {"amount": 0}, "expect": {"end": "shipped"}}
            for number in range(40)
        ]
        await created(agent, LOW, *refused)
        body = await agent.ask("process_test", process="count")
        told = [each["refused"]["message"] for each in body["scenarios"] if not each["passed"]]
        assert len(told) == 40
        assert body["left_out"]["details"] > 20
        assert all("amount" in message for message in told)

    played(play)


PAPERS: dict[str, Any] = {
    "process": "papers",
    "roles": ["clerk"],
    "data": {"copies": "number"},
    "start": {"needs": ["copies"]},
    "steps": [
        {"await papers": {"ask": "clerk", "form": {}, "within": "P5D", "late": [{"end": None}]}},
        {"if": "copies > 1", "then": [{"ship": {"call": "ship"}}]},
        {"if": "copies > 3", "then": [{"file": {"call": "file"}}]},
        {"end": None},
    ],
}


def test_ends_and_merges_without_a_name_are_told_by_the_steps_beside_them() -> None:
    async def play(agent: Agent) -> None:
        late: Json = {"name": "late", "given": {"copies": 1}, "clock": ["next"], "expect": {"end": "done"}}
        few: Json = {
            "name": "few",
            "given": {"copies": 1},
            "answers": {"await papers": {}},
            "expect": {"end": "done"},
        }
        await agent.ask("process_create", outline={**PAPERS, "scenarios": [late, few]})
        body = await agent.ask("process_test", process="papers")
        told = {each["name"]: each for each in body["scenarios"]}
        assert told["late"]["differences"][0]["got"] == ["the end behind 'await papers' (5 days)"]
        (got,) = told["few"]["differences"][0]["got"]
        assert got == "the end behind 'file' or 'copies > 3?'"
        assert (
            "At 'copies > 1?' it went to the merge before 'copies > 3?' because" in told["few"]["because"][0]
        )
        ways = {(each["from"], each["to"]) for each in body["coverage"]["uncovered"]}
        assert ways == {("copies > 1?", "ship"), ("copies > 3?", "file")}
        await agent.ask(
            "process_edit", process="papers", edits=[told["late"]["fix_edit"], told["few"]["fix_edit"]]
        )
        assert (await agent.ask("process_test", process="papers"))["failed"] == 0

    played(play)


def test_names_that_no_step_has_are_refused_and_a_title_hides_no_name() -> None:
    async def play(agent: Agent) -> None:
        steps = [{"sign off": {"ask": "boss", "title": "Collection by hand", "into": "ok"}}, {"end": "done"}]
        good = {
            "name": "good",
            "answers": {"sign off": {"ok": True}},
            "expect": {"path": ["Collection by hand"]},
        }
        bad = {
            "name": "bad",
            "answers": {"sign of": {"ok": True}},
            "services": {"bank": {}},
            "expect": {"skips": ["nothing"]},
        }
        outline = {"process": "named", "data": {"ok": "boolean"}, "steps": steps, "scenarios": [good, bad]}
        problems = (await agent.ask("process_create", outline=outline))["problems"]
        assert [each["code"] for each in problems] == ["scenario.step_unknown"] * 3
        assert problems[0]["message"].startswith(
            "Scenario 'bad', `answers`: no step is called 'sign of'. Did you mean 'sign off'"
        )
        tested = await agent.ask("process_test", process="named", scenarios=[good])
        assert tested["passed"] == 1
        refusal = await agent.refusal("process_test", process="named", scenarios=[good, bad])
        assert (refusal["code"], refusal["path"]) == ("scenario.step_unknown", "scenarios[1].answers")

    played(play)
