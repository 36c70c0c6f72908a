"""What an agent reads to learn the languages is true: the pages compile, play, decide, and name every word."""

import re

import pytest
import yaml

from flowmaster.engine.outline import scenarios, vocabulary
from flowmaster.tools.guides import OUTLINE, RULES, guide_for
from tests.acceptance.agent import Agent, played

RARE = frozenset(
    [
        "id",
        "extra",
        "lane",
        "outputs",
        "join",
        "lanes",
        "forms",
        "bpmn",
        "version_tag",
        "headers",
        "due",
        "follow_up",
        "priority",
        "escalate",
        "tools",
        "model",
        "type",
        "version",
        "pass_all",
        "return_all",
        "throw",
        "transaction",
        "each",
        "repeat",
        "undo",
        "cancel",
        "compensate",
        "business_key",
        "else",
        "goto",
        "condition",
        "exactly",
    ]
)
"""Words that agents seldom need; errors and the answers of wrong words name them."""


@pytest.mark.parametrize("query", ["outline language", "how do I write a scenario", "form types", "Grammar"])
def test_whoever_asks_for_the_language_gets_the_page(query: str) -> None:
    async def play(agent: Agent) -> None:
        found = await agent.ask("operation_find", query=query)
        assert found["guide"] == OUTLINE
        assert len(found["items"]) <= 2

    played(play)


def test_whoever_asks_for_something_else_gets_none() -> None:
    assert guide_for("migrate instances") == ""
    assert guide_for("decision table") == RULES


def test_the_page_of_outlines_is_a_process_whose_scenarios_pass() -> None:
    async def play(agent: Agent) -> None:
        created = await agent.ask("process_create", outline=OUTLINE)
        assert [one for one in created["problems"] if one["severity"] == "error"] == []
        tested = await agent.ask("process_test", process="trip-request")
        assert (tested["passed"], tested["failed"]) == (3, 0)

    played(play)


def test_the_page_of_outlines_names_every_word_that_is_no_rare_one() -> None:
    said = set(re.findall(r"[a-z_]+", OUTLINE))
    words = {*vocabulary.TOP, *vocabulary.START, *vocabulary.TRIGGERS, *vocabulary.KINDS, *vocabulary.BLOCKS}
    words |= {word for listed in vocabulary.WORDS.values() for word in listed}
    words |= {*scenarios._WORDS, *scenarios._EXPECT, *scenarios._MESSAGE}
    assert words - said - RARE == set()


def test_the_page_of_rules_is_a_table_that_passes_its_tests() -> None:
    given = yaml.safe_load(RULES)
    csv = re.search(r'table: ("amount.*")', RULES)
    assert csv is not None

    async def play(agent: Agent) -> None:
        saved = await agent.ask("rule_save", **given)
        assert saved["problems"] == []
        decided = await agent.ask(
            "rule_evaluate", decision="approval", inputs={"order": {"total": 9000}, "country": "DE"}
        )
        assert decided["result"] == {"approver": "boss", "second": True}
        await agent.ask("rule_save", decision="by-csv", table=yaml.safe_load(csv[1]))
        decided = await agent.ask(
            "rule_evaluate", decision="by-csv", inputs={"amount": 3000, "country": "FR"}
        )
        assert decided["result"] == "boss"

    played(play)
