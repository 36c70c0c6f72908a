"""Generated scenarios: they reach every branch, stand at every limit, can be kept as they are, and are always the same."""

import json
from pathlib import Path
from typing import Any

import pytest

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.dmn.compact import table_to_dmn
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.values import Json
from flowmaster.stores.rows import Version
from flowmaster.tools.cases_search import EVENTS_MAX, PLAYS_MAX, Search
from flowmaster.tools.drafts import draft_of
from flowmaster.tools.outline_text import read_outline_text
from flowmaster.tools.scenario_stage import Kit, Stage
from flowmaster.tools.scenarios import branches_of
from tests.acceptance.agent import Agent, Body, body_of, played
from tests.acceptance.test_bounded import TOKENS_MAX
from tests.token_count import token_count
from tests.tools.random_processes import Drawn

INVOICE = Path(__file__).parents[2] / "examples" / "invoice-to-pay"
BARE = INVOICE.joinpath("process.yaml").read_text(encoding="utf-8").partition("scenarios:")[0]
TABLES = [
    json.loads(file.read_text(encoding="utf-8")) for file in sorted(INVOICE.joinpath("rules").glob("*.json"))
]
AT = 1_800_000_000_000


async def settled(agent: Agent, outline: Json = BARE) -> str:
    """Save the rules of the example and create a process."""
    for table in TABLES:
        await agent.ask("rule_save", table={key: value for key, value in table.items() if key != "tests"})
    return str((await agent.ask("process_create", outline=outline))["process"])


def stage_of(outline: Any, tables: list[dict[str, Json]]) -> Stage:
    """Return a stage for a process and its tables."""
    bpmn = compile_outline(*outline).document.to_xml()
    reads = {read.process.id: read.process for read in read_processes(parse_bpmn(bpmn), RUNNABLE)}
    rules = [
        Version("decision", str(table["decision"]), 1, "", table_to_dmn(table), "", "", "", 0, "", {}, 0)
        for table in tables
    ]
    return Stage(Kit(bpmn, reads, rules), next(iter(reads)), AT)


def test_generated_cases_take_every_branch_of_the_example_without_any_scenario() -> None:
    stage = stage_of(read_outline_text(BARE), TABLES)
    search = Search(stage)
    branches = branches_of(stage.model)
    search.cover(branches)
    assert len(branches) == 13
    assert search.missing(branches) == []
    assert len(search.tried) < 30


def test_the_same_process_always_gives_the_same_cases() -> None:
    first, second = (Search(stage_of((Drawn(3).outline, {}), Drawn(3).rules)) for _ in range(2))
    for search in (first, second):
        search.cover(branches_of(search.stage.model))
    assert [tried.case for tried in first.tried] == [tried.case for tried in second.tried]


def test_suggested_scenarios_are_kept_pass_cover_all_stand_at_limits_and_let_the_process_be_published() -> (
    None
):
    async def play(agent: Agent) -> None:
        process = await settled(agent)
        answer = await agent.answer("process_test", {"process": process, "generate": True, "save": True})
        made = body_of(answer)
        assert token_count(answer.text) <= TOKENS_MAX
        assert made["suggested"]
        assert made["draft"] == 2
        tested = await agent.ask("process_test", process=process)
        assert tested["failed"] == 0
        assert tested["coverage"]["covered"] == 13
        assert tested["coverage"]["rules"]["approval_level"] == {"rows": 2, "covered": 2}
        told = (await agent.ask("process_publish", process=process))["scenarios"]
        assert "13 of 13 branches" in told
        text = draft_of(agent.app.runtime.reader, agent.caller.tenant, process).content
        for words in (
            "10000.01",
            "9999.99",
            "0.01",
            "before the reminder",
            "after the escalation",
            "ACCOUNT_CLOSED",
        ):
            assert words in text, words

    played(play)


def test_branches_and_rows_that_no_scenario_covers_come_with_scenarios_that_do_and_examples() -> None:
    async def play(agent: Agent) -> None:
        process = await settled(agent)
        answer = await agent.answer("process_test", {"process": process})
        assert token_count(answer.text) <= TOKENS_MAX
        coverage: Body = body_of(answer)["coverage"]
        assert coverage["rules"]["approval_level"]["missed"] == [1, 2]
        assert coverage["rules"]["three_way_match"]["rows"] == 3
        assert set(coverage["rules"]["approval_level"]["example"]) == {"row 1"}
        uncovered: list[Body] = coverage["uncovered"]
        ready = [branch["try"] for branch in uncovered if "try" in branch]
        assert len(ready) == 3
        covered = await agent.ask("process_test", process=process, scenarios=ready)
        assert covered["failed"] == 0
        assert covered["coverage"]["covered"] > 3
        await agent.ask("process_test", process=process, scenarios=ready, save=True)
        left = {
            branch["flow"]
            for branch in (await agent.ask("process_test", process=process))["coverage"]["uncovered"]
        }
        assert left.isdisjoint(branch["flow"] for branch in uncovered if "try" in branch)

    played(play)


def coverage_over(seeds: range, patience: int = 1) -> tuple[int, int]:
    """Return how many branches of random processes were taken, and how many there are; some of them none can take."""
    taken = branches = 0
    for seed in seeds:
        drawn = Drawn(seed)
        stage = stage_of((drawn.outline, {}), drawn.rules)
        search = Search(stage, plays=PLAYS_MAX * patience, events=EVENTS_MAX * patience)
        wanted = branches_of(search.stage.model)
        search.cover(wanted)
        taken += len(wanted) - len(search.missing(wanted))
        branches += len(wanted)
    return taken, branches


def test_generated_cases_take_most_branches_of_random_processes() -> None:
    taken, branches = coverage_over(range(3))
    assert taken >= 0.85 * branches


@pytest.mark.soak
def test_generated_cases_take_most_branches_of_fifty_random_processes() -> None:
    taken, branches = coverage_over(range(50), patience=3)
    assert taken >= 0.85 * branches
