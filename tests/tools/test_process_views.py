"""One model, many views: RACI, lanes by role, data, times, and the view of one who takes part."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from flowmaster.engine.bpmn.problem import Problem
from flowmaster.engine.bpmn.svg_problems import STUCK, WRONG, problem_notes
from flowmaster.engine.compare.picture import KINDS
from flowmaster.tools.data_urls import PNG
from tests.acceptance.agent import Agent, Body, played
from tests.acceptance.town import bpmn

EXAMPLES = sorted(path.parent for path in (Path(__file__).parents[2] / "examples").glob("*/process.yaml"))

CLAIM: dict[str, Any] = {
    "process": "claim",
    "lanes": False,
    "roles": {"clerk": "Clerks", "boss": "Bosses", "head": "Head of claims", "lawyer": "Lawyers"},
    "data": {
        "claim": {"number": "text", "email": "email", "sum": "number > 0"},
        "insured": "person",
        "score": "integer",
        "summary": "text",
        "complete": "boolean",
        "granted": "boolean",
        "paid": "text",
        "unused": "text",
    },
    "start": {"needs": ["claim", "insured"]},
    "steps": [
        {"rate": {"call": "rating", "with": {"sum": "claim.sum"}, "into": "score"}},
        {"summarise": {"agent": "Sum it up.", "with": {"claim": "claim"}, "into": "summary"}},
        {"check": {"ask": "clerk", "not": "insured", "form": {"complete": "boolean"}, "into": "complete", "remind": "PT24H", "within": "P2D", "late": {"escalate": "head"}}},
        {"if": "not(complete)", "then": [{"ask back": {"send": "papers missing", "via": "mail", "with": {"to": "claim.email"}}}, {"reply": {"wait": "P7D"}}]},
        {"grant": {"ask": "boss", "not": "check", "form": {"granted": "boolean"}, "into": "granted"}},
        {"if": "not(granted)", "then": [{"end": "refused"}]},
        {"pay": {"call": "bank", "with": {"sum": "claim.sum", "score": "score"}, "into": "paid", "on": {"CLOSED": [{"ask a lawyer": {"ask": "lawyer", "form": {}}}]}}},
        {"end": "paid out"},
    ],
}  # fmt: skip

RACI = {
    "rate": {"R": ["service rating"]},
    "summarise": {"R": ["AI agent"]},
    "check": {"R": ["Clerks"], "A": ["Bosses"], "C": ["AI agent"], "I": ["Head of claims"]},
    "ask_back": {"R": ["service mail"], "I": ["=claim.email"]},
    "grant": {"R": ["Bosses"]},
    "pay": {"R": ["service bank"], "I": ["Lawyers"]},
    "ask_a_lawyer": {"R": ["Lawyers"]},
}


async def shown(agent: Agent, view: str, process: str = "claim", **more: Any) -> Any:
    """Return all pages of a view of the newest draft."""
    body = await agent.ask("process_read", process=process, view=view, **more)
    content, cursor = body["content"], body.get("next_cursor")
    while cursor:
        body = await agent.ask("process_read", process=process, view=view, cursor=cursor, **more)
        content, cursor = content + body["content"], body.get("next_cursor")
    return content


def viewed(view: str, outline: Any = CLAIM, **more: Any) -> Any:
    found: list[Any] = []

    async def play(agent: Agent) -> None:
        given = {"bpmn": outline} if isinstance(outline, str) else {"outline": outline}
        process = (await agent.ask("process_create", **given))["process"]
        content = await shown(agent, view, process, **more)
        assert await shown(agent, view, process, **more) == content, "the same model gives the same view"
        found.append(content)

    played(play)
    return found[0]


def by_key(rows: list[Body], key: str) -> dict[str, Body]:
    return {row[key]: row for row in rows if key in row}


def elements_in(svg: str) -> list[str]:
    etree.fromstring(svg.encode())
    return re.findall(r'data-element="([^"]+)"', svg)


def test_each_letter_of_the_matrix_follows_from_the_model_and_tells_its_reason() -> None:
    rows = by_key(viewed("raci"), "element")
    letters = {key: {one: list(row[one]) for one in "RACI" if one in row} for key, row in rows.items()}
    assert letters == RACI
    assert rows["check"]["A"]["Bosses"] == "decides at 'grant', which who did this may not"
    assert rows["check"]["I"]["Head of claims"] == "gets it when it is late (after P2D)"
    assert rows["check"]["C"]["AI agent"] == "prepared it at 'summarise'"
    assert rows["pay"]["I"]["Lawyers"] == "goes on with 'ask a lawyer' at 'CLOSED'"
    assert rows["grant"]["open"] == "The model names nobody who answers for it."


def test_a_declared_owner_and_a_lane_answer_for_what_nobody_else_does() -> None:
    owned = {**CLAIM, "roles": {**CLAIM["roles"], "process_owner": "Process owner"}}
    rows = by_key(viewed("raci", owned), "element")
    assert rows["grant"]["A"] == {"Process owner": "owns the process"}
    in_lanes = {**CLAIM, "lanes": True}
    assert by_key(viewed("raci", in_lanes), "element")["pay"]["A"] == {"Bosses": "its lane"}


def test_a_process_without_lanes_is_drawn_in_lanes_by_role_with_its_hand_offs_counted() -> None:
    svg = viewed("swimlanes")
    for lane in ("Systems", "AI agents", "Clerks", "Bosses", "Lawyers"):
        assert f">{lane}</text>" in svg
    assert {"check", "grant", "pay", "start"} <= set(elements_in(svg))
    assert ">7 hand-offs between 5 lanes.</text>" in svg
    assert ">AI agents to Clerks: 1 (summarise, then check)</text>" in svg
    assert "<desc>7 hand-offs" in svg


def test_the_stored_model_keeps_its_own_lanes() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=CLAIM)
        before = await shown(agent, "bpmn")
        await shown(agent, "swimlanes")
        assert await shown(agent, "bpmn") == before
        assert "laneSet" not in before

    played(play)


def test_a_sub_process_with_several_roles_has_lanes_of_its_own() -> None:
    grouped = {**CLAIM, "steps": [{"all of it": {"group": CLAIM["steps"][:4]}}, *CLAIM["steps"][4:]]}
    svg = viewed("swimlanes", grouped)
    assert svg.count(">Several</text>") == 1
    assert elements_in(svg).count("lane_clerks") == 1


def test_the_data_view_tells_where_values_come_from_and_where_they_are_used_last() -> None:
    rows = by_key(viewed("data"), "name")
    assert rows["claim"]["type"] == {"number": "text", "email": "email", "sum": "number > 0"}
    assert rows["claim"]["set_by"] == [{"element": "claim", "how": "start input"}]
    assert {"element": "pay", "how": "input"} in rows["claim"]["read_by"]
    assert rows["claim"]["last_used"] == ["pay"]
    assert rows["claim"]["personal"] == ["claim.email"]
    assert rows["insured"]["personal"] == ["insured"]
    assert rows["score"]["set_by"] == [{"element": "rate", "how": "job"}]
    assert rows["summary"]["set_by"] == [{"element": "summarise", "how": "agent"}]
    assert rows["complete"]["set_by"] == [{"element": "check", "how": "form"}]
    (condition,) = rows["complete"]["read_by"]
    assert condition["how"].startswith("condition to ")
    assert rows["unused"]["notes"][0].startswith("Set by no step and no start")
    assert rows["paid"]["notes"][0].startswith("Read by no step by its name")


def test_a_rule_reads_what_its_decision_asks_for() -> None:
    table = {
        "decision": "limit", "inputs": ["amount"], "outputs": ["ok"],
        "rules": [["> 10", "true"], ["-", "false"]], "hit": "first",
    }  # fmt: skip
    outline = {
        "process": "buy",
        "data": {"amount": "number", "ok": "boolean"},
        "start": {"needs": ["amount"]},
        "steps": [{"judge": {"rule": "limit", "into": "ok"}}, {"end": "done"}],
    }

    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=outline)
        before = by_key(await shown(agent, "data", "buy"), "name")["amount"]
        assert before["notes"] == ["Read by no step by its name; 'judge' sees all data."]
        await agent.ask("rule_save", table=table)
        after = by_key(await shown(agent, "data", "buy"), "name")["amount"]
        assert after["read_by"] == [{"element": "judge", "how": "rule"}]
        assert "notes" not in after

    played(play)


def test_the_timeline_adds_up_declared_times_and_says_what_is_open() -> None:
    rows = viewed("timeline")
    steps, ends = by_key(rows, "element"), by_key(rows, "end")
    assert steps["check"]["lasts"] == {"at_most": "P2D", "why": "it escalates"}
    assert steps["check"]["reminders"] == ["PT24H"]
    assert steps["check"]["escalations"] == ["P2D to Head of claims"]
    assert steps["reply"]["lasts"] == {"at_least": "P7D", "at_most": "P7D", "why": "it waits"}
    assert steps["grant"]["begins"] == {"earliest": "PT0S", "latest": "P9D"}
    assert steps["grant"]["lasts"] == {"at_most": "open", "why": "no time is declared"}
    assert ends["refused"] == {
        "end": "refused", "name": "refused", "earliest": "PT0S", "declared": "P9D",
        "open_because_of": ["grant"], "open_total": 1,
    }  # fmt: skip
    chart = rows[0]["gantt"].splitlines()
    assert chart[:4] == ["gantt", "  title claim", "  dateFormat X", "  axisFormat day %j"]
    assert "  check :s0, 0, 172800" in chart
    assert "  reminder of check :milestone, m0_0, 86400, 86400" in chart
    assert "  reply :s1, 172800, 777600" in chart


@pytest.mark.parametrize(
    ("steps", "earliest", "latest"),
    [
        ([{"a": {"wait": "P1D"}}, {"b": {"wait": "P2D"}}], "P3D", "P3D"),
        ([{"all": [[{"a": {"wait": "P1D"}}], [{"b": {"wait": "P2D"}}]]}], "P2D", "P2D"),
        ([{"if": "ok", "then": [{"a": {"wait": "P1D"}}], "else": [{"b": {"wait": "PT36H"}}]}], "P1D", "P1DT12H"),
        ([{"g": {"group": [{"a": {"wait": "P9D"}}], "within": "P4D", "late": [{"end": "over"}]}}], "P4D", "P4D"),
        ([{"first": [[{"a": {"wait": {"message": "m", "key": "k"}}}], [{"b": {"wait": "P5D"}}]]}], "PT0S", "P5D"),
    ],
)  # fmt: skip
def test_ways_one_after_the_other_beside_each_other_and_instead_of_each_other(
    steps: list[Any], earliest: str, latest: str
) -> None:
    outline = {
        "process": "times",
        "data": {"ok": "boolean", "k": "text"},
        "start": {"needs": ["ok", "k"]},
        "steps": [*steps, {"end": "done"}],
    }
    done = by_key(viewed("timeline", outline), "end")["done"]
    assert (done["earliest"], done["latest"]) == (earliest, latest)


def test_a_role_sees_its_own_steps_and_its_hand_offs() -> None:
    (row,) = viewed("table", performer="clerk")
    assert row["element"] == "check"
    assert [one["element"] for one in row["comes_from"]] == ["summarise"]
    assert row["comes_from"][0]["who"] == "AI agents"
    assert sorted(one["element"] for one in row["goes_to"]) == ["ask_back", "grant"]
    words = viewed("words", performer="Clerks")
    assert words.startswith('What "Clerks" does in the process "claim".')
    assert '1. "check": clerk does it.' in words
    assert '   - It comes from AI agents: "summarise".' in words
    assert '   - Then it may go to Bosses: "grant".' in words
    assert "pay" not in words
    svg = viewed("swimlanes", performer="clerk")
    assert {"check", "summarise", "ask_back", "grant"} <= set(elements_in(svg))
    assert "pay" not in elements_in(svg)
    assert ">1 steps of Clerks, 3 hand-offs.</text>" in svg
    assert [one["element"] for one in viewed("raci", performer="Bosses")] == ["check", "grant"]
    assert viewed("words", performer="third_party").endswith("Nothing.\n")


@pytest.mark.parametrize(
    ("given", "code", "near"),
    [
        ({"view": "table", "performer": "clerx"}, "process.performer_unknown", "Clerks"),
        ({"view": "words", "performer": "clarks"}, "process.performer_unknown", "Clerks"),
        ({"view": "svg", "performer": "clerk"}, "process.view_unfiltered", "swimlanes"),
        ({"view": "swimlane"}, "arguments.invalid", "swimlanes"),
        ({"view": "racy"}, "arguments.invalid", "raci"),
    ],
)
def test_an_unknown_view_or_role_is_refused_with_those_there_are(
    given: dict[str, Any], code: str, near: str
) -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=CLAIM)
        refusal = await agent.refusal("process_read", process="claim", **given)
        assert refusal["code"] == code
        assert near in refusal["expected"]
        assert near in f"{refusal['message']} {refusal['fix']} {refusal['expected']}"

    played(play)


UNSOUND = bpmn(
    '<startEvent id="s"/><exclusiveGateway id="x"/><userTask id="l"/><userTask id="r"/><parallelGateway id="j"/>'
    '<endEvent id="e"/><sequenceFlow id="f0" sourceRef="s" targetRef="x"/><sequenceFlow id="f1" sourceRef="x" '
    'targetRef="l"><conditionExpression>=a &gt;</conditionExpression></sequenceFlow><sequenceFlow id="f2" '
    'sourceRef="x" targetRef="r"/><sequenceFlow id="f3" sourceRef="l" targetRef="j"/><sequenceFlow id="f4" '
    'sourceRef="r" targetRef="j"/><sequenceFlow id="f5" sourceRef="j" targetRef="e"/>'
)


def test_an_unsound_model_is_drawn_with_its_problems_marked() -> None:
    svg = viewed("svg", UNSOUND)
    assert {"s", "x", "l", "r", "j", "e"} <= set(elements_in(svg))
    for kind in (WRONG, STUCK):
        assert f">{kind.name}</text>" in svg
        assert kind.style.line in svg
    assert "The join 'j' waits in vain" in svg
    assert viewed("png", UNSOUND).startswith(PNG)
    assert "marked." not in viewed("svg"), "a sound model has no marks"


def test_several_problems_of_one_element_are_told_together_and_hints_are_not_marked() -> None:
    problems = [
        Problem("a.b", "x", "error", "First."),
        Problem("soundness.deadlock", "x", "warning", "Second."),
        Problem("soundness.cut_off", "y", "hint", "Third."),
        Problem("c.d", "z", "warning", "Fourth."),
    ]
    notes = problem_notes(problems)
    assert notes is not None
    assert {key: (note.sign, note.text) for key, note in notes.of.items()} == {"x": ("!", "First. Second.")}
    assert notes.lines == ["! First.", "? Second."]
    assert problem_notes(problems[2:]) is None


@pytest.mark.parametrize("view", ["swimlanes", "raci", "data", "timeline", "table", "mermaid"])
def test_an_unsound_model_has_every_view(view: str) -> None:
    assert viewed(view, UNSOUND) is not None


def test_a_model_of_five_hundred_elements_has_every_view() -> None:
    steps: list[Any] = []
    for number in range(100):
        steps += [
            {f"do {number}": {"ask": f"role {number % 3}", "form": {f"v{number}": "boolean"}, "into": f"v{number}"}},
            {"if": f"v{number}", "then": [{f"fix {number}": {"call": "x.y"}}]},
            {f"note {number}": {"set": {f"w{number}": f"v{number}"}}},
        ]  # fmt: skip
    big = {"process": "big", "roles": [f"role {number}" for number in range(3)], "steps": steps}

    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=big)
        for view in ("svg", "swimlanes"):
            assert elements_in(await shown(agent, view, "big")).count("do_99") == 1
        for view in ("raci", "data", "timeline"):
            rows = await shown(agent, view, "big")
            assert len(rows) > 100
        page = await agent.ask("process_read", process="big", view="raci")
        assert len(page["content"]) == 100

    played(play)


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_the_examples_have_every_view(folder: Path) -> None:
    async def play(agent: Agent) -> None:
        outline = (folder / "process.yaml").read_text(encoding="utf-8")
        process = (await agent.ask("process_create", outline=outline))["process"]
        table = {row["element"]: row for row in await shown(agent, "table", process)}
        raci = await shown(agent, "raci", process)
        assert {row["element"] for row in raci} <= set(table)
        assert all(row["R"] for row in raci), "each step of an example is somebody's"
        assert set(table) <= set(elements_in(await shown(agent, "swimlanes", process)))
        ends = by_key(await shown(agent, "timeline", process), "end")
        assert set(ends) <= set(table)
        for variable in await shown(agent, "data", process):
            assert variable["set_by"], variable

    played(play)


def test_the_examples_of_the_page_are_what_the_views_say() -> None:
    page = (Path(__file__).parents[2] / "docs" / "process-views.md").read_text(encoding="utf-8")
    pairs = re.findall(r"```text\nprocess_read (\{[^\n]*\})\n```\n```(json|text)\n(.*?)```", page, re.DOTALL)
    assert len(pairs) == 4

    async def play(agent: Agent) -> None:
        folder = next(path for path in EXAMPLES if path.name == "invoice-to-pay")
        await agent.ask("process_create", outline=(folder / "process.yaml").read_text(encoding="utf-8"))
        for call, kind, said in pairs:
            content = await shown(agent, **json.loads(call))
            if kind == "json":
                assert json.loads(said) in content
            else:
                assert content == said

    played(play)


def test_the_page_names_the_sign_of_each_kind_of_change() -> None:
    page = (Path(__file__).parents[2] / "docs" / "process-views.md").read_text(encoding="utf-8")
    for kind in KINDS.values():
        assert re.search(rf"^\| {kind.name} \| {re.escape(kind.sign)} \|", page, re.MULTILINE), kind
