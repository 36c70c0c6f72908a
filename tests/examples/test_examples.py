"""The reference processes: each loads without a problem, all its branches are tested, and it runs to its end."""

import re
from pathlib import Path

import pytest

from examples.draw import drawn
from examples.load import examples, main, outlines, rule_arguments, rule_files
from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.outline.decompile import decompile
from flowmaster.engine.outline.text import outline_text
from flowmaster.tools.outline_text import read_outline_text
from tests.acceptance.agent import Agent, Body, played
from tests.examples.page import commands, differences
from tests.examples.random_play import instances, start_of
from tests.examples.stories import STORIES
from tests.house.tree import ROOT

SCENARIOS_MIN = 15
SEEDS = 4
"""Instances that are played at random in every run; `make soak` plays many more."""
ROWS = re.compile(r"(\d+) scenarios passed; (\d+) of (\d+) branches covered\.")


def test_every_example_has_its_story() -> None:
    assert examples() == sorted(STORIES)


@pytest.mark.parametrize("example", sorted(STORIES))
def test_an_example_loads_as_its_page_says_and_runs_to_its_end(
    example: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    folder = ROOT / "examples" / example

    async def play(agent: Agent) -> None:
        assert "\n".join(await differences(agent, folder, capsys)) == ""
        assert await whole(agent, example, "problems") == []
        assert await rule_problems(agent, folder) == []
        assert await whole(agent, example, "bpmn") == drawn(folder)["process.bpmn"]
        await STORIES[example](agent, start_of(folder))
        await instances(agent, folder, range(SEEDS))

    played(play)


@pytest.mark.parametrize("example", sorted(STORIES))
def test_the_files_of_an_example_are_what_its_outline_gives(example: str) -> None:
    folder = ROOT / "examples" / example
    stale = [
        name for name, text in drawn(folder).items() if (folder / name).read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run `make docs` and commit what it wrote"


@pytest.mark.parametrize("example", sorted(STORIES))
def test_the_outline_that_is_shown_of_an_example_reads_back_as_itself(example: str) -> None:
    bpmn = (ROOT / "examples" / example / "process.bpmn").read_text(encoding="utf-8")
    shown = outline_text(decompile(parse_bpmn(bpmn), example))
    again = compile_outline(*read_outline_text(shown)).document
    assert outline_text(decompile(again, example)) == shown


@pytest.mark.parametrize("example", sorted(STORIES))
def test_the_page_of_an_example_shows_all_scenarios_passed_and_all_branches_covered(example: str) -> None:
    page = (ROOT / "examples" / example / "README.md").read_text(encoding="utf-8")
    assert len(commands(page)) == 3
    found = ROWS.findall(page)
    assert len(found) == len(outlines(ROOT / "examples" / example))
    assert all(int(scenarios) >= SCENARIOS_MIN and covered == all_ for scenarios, covered, all_ in found)


def test_every_rule_of_an_example_has_test_cases() -> None:
    bare = [
        str(file)
        for example in examples()
        for file in rule_files(ROOT / "examples" / example)
        if not rule_arguments(file).get("tests")
    ]
    assert bare == []


def test_a_limit_that_is_moved_is_refused_by_the_cases_that_stand_on_it() -> None:
    arguments = rule_arguments(ROOT / "examples" / "loan-origination" / "rules" / "loan_assessment.dmn")
    moved = {**arguments, "dmn": arguments["dmn"].replace("&gt; 0.4<", "&gt;= 0.4<")}
    assert moved != arguments

    async def play(agent: Agent) -> None:
        refused = await agent.refusal("rule_save", **moved)
        assert refused["code"] == "rule.tests_fail"
        assert "'debt to income exactly 0.4'" in refused["message"]

    played(play)


def test_the_loader_says_what_it_can_load(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["nobody"], ["invoice-to-pay", "loan-origination"]):
        assert main([*words, "--data", ":memory:"]) == 2
        assert "|".join(examples()) in capsys.readouterr().err
    assert main(["invoice-to-pay", "--dat=x"]) == 2
    assert "--data" in capsys.readouterr().err


async def rule_problems(agent: Agent, folder: Path) -> list[Body]:
    """Return the problems of all tables of an example."""
    found: list[Body] = []
    for file in rule_files(folder):
        read = await agent.ask("rule_read", decision=file.stem, view="problems")
        found += read["content"]
    return found


async def whole(agent: Agent, process: str, view: str) -> object:
    """Return a view of a process, all its pages together."""
    body = await agent.ask("process_read", process=process, view=view)
    content = body["content"]
    while body.get("next_cursor"):
        body = await agent.ask("process_read", process=process, view=view, cursor=body["next_cursor"])
        content += body["content"]
    return content
