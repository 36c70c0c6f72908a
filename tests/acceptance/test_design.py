"""Designing a process: what is refused, what the refusal names, and that its proposed edits mend the model."""

from pathlib import Path
from typing import Any

import pytest

from flowmaster.engine.values import Json
from tests.acceptance.agent import Agent, Body, body_of, played, whole_state
from tests.acceptance.town import LEAVE, LETTER, bpmn, settled
from tests.engine.cases import E, S, flows, job, user

LAUGHS = "".join(f'<!ENTITY l{number + 1} "{f"&l{number};" * 10}">' for number in range(9))
FILE = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
PLAIN = bpmn(S + '<task id="a"/>' + E + flows("s a", "a e"))

UNREADABLE: dict[str, tuple[str, str]] = {
    "not XML": ("hello", "bpmn:line 1"),
    "cut off": (PLAIN[:300], "bpmn:line 1"),
    "a tag not closed": (PLAIN.replace("<task", "\n<task").replace('id="a"/>', 'id="a">'), "bpmn:line 2"),
    "an external entity": (FILE + PLAIN.replace('"a"/>', '"a" name="&x;"/>'), "bpmn:line 1"),
    "an entity without type": (PLAIN.replace('id="a"/>', 'id="a" name="&x;"/>'), "bpmn:line 1"),
    "a billion laughs": (f'<!DOCTYPE d [<!ENTITY l0 "ha">{LAUGHS}]>' + PLAIN, "bpmn:line 1"),
    "a parameter entity": (
        '<!DOCTYPE d [<!ENTITY % p SYSTEM "http://127.0.0.1:1/p">%p;]>' + PLAIN,
        "bpmn:line 1",
    ),
    "another root": ("<html/>", "bpmn:line 1"),
    "ids that stand twice": (PLAIN.replace('id="e"', 'id="a"'), "bpmn:line 1"),
}
"""Files that cannot be read, and the place that the refusal names."""


@pytest.mark.parametrize("what", list(UNREADABLE))
def test_a_file_that_cannot_be_read_is_refused_with_its_line_and_nothing_is_saved(what: str) -> None:
    async def play(agent: Agent) -> None:
        before = whole_state(agent.app)
        xml, path = UNREADABLE[what]
        refusal = await agent.refusal("process_create", bpmn=xml)
        assert refusal["code"].startswith("bpmn.")
        assert refusal["path"].startswith(path)
        assert "root:" not in str(refusal)
        assert whole_state(agent.app) == before

    played(play)


def test_a_decision_file_with_entities_is_refused_and_nothing_is_saved() -> None:
    async def play(agent: Agent) -> None:
        before = whole_state(agent.app)
        for dmn in (f"{FILE}<definitions>&x;</definitions>", "<definitions", "hello", "<html/>"):
            refusal = await agent.refusal("rule_save", dmn=dmn)
            assert refusal["code"].startswith("dmn.")
            assert refusal["path"]
            assert "root:" not in str(refusal)
        assert whole_state(agent.app) == before

    played(play)


OUTLINES: dict[str, tuple[Json, str, str]] = {
    "malformed": ("process: [", "outline.malformed", "outline:line 1"),
    "an alias": ("process: &a p\nsteps: [*a]", "outline.malformed", "outline:line 1"),
    "a condition over an undeclared variable": (
        {
            "process": "q",
            "data": {"amount": "number"},
            "steps": [{"if": "amuont > 1", "then": [{"end": "x"}]}],
        },
        "outline.variable_unknown",
        "steps[0].if",
    ),
    "an undeclared role": (
        {"process": "q", "roles": ["clerk"], "steps": [{"a": {"ask": "clrk"}}]},
        "outline.role_unknown",
        "steps[0].a.ask",
    ),
    "a jump to nowhere": (
        {"process": "q", "steps": [{"a": {"call": "x"}}, {"goto": "b"}]},
        "outline.step_unknown",
        "steps[1].goto",
    ),
    "an unknown word": (
        {"process": "q", "roles": ["clerk"], "steps": [{"a": {"ask": "clerk", "withing": "PT1H"}}]},
        "outline.word_unknown",
        "steps[0].a.withing",
    ),
}
"""Outlines that are wrong, with the code and place of the refusal."""


@pytest.mark.parametrize("what", list(OUTLINES))
def test_a_wrong_outline_is_refused_with_its_place_and_nothing_is_saved(what: str) -> None:
    async def play(agent: Agent) -> None:
        before = whole_state(agent.app)
        outline, code, path = OUTLINES[what]
        refusal = await agent.refusal("process_create", outline=outline)
        assert (refusal["code"], refusal["path"]) == (code, path)
        assert whole_state(agent.app) == before

    played(play)


DATA = (
    '<extensionElements><fm:data name="amount" input="true">{"type": "number"}</fm:data></extensionElements>'
)
CHOICE = '<exclusiveGateway id="g"/><task id="a"/><task id="b"/>' + E
WAYS = flows("s g", "g a: amount &gt; 100", "g b: amount &gt; 200", "a e", "b e")

UNPUBLISHABLE: dict[str, tuple[str, str, str]] = {
    "two start events": (
        S + '<startEvent id="t"/><task id="a"/>' + E + flows("s a", "t a", "a e"), "process.start_ambiguous", "t",
    ),
    "no default": (DATA + S + CHOICE + WAYS, "gateway.default_missing", "g"),
    "an undeclared variable": (
        DATA + S + CHOICE.replace('id="g"', 'id="g" default="f3"') + WAYS.replace("amount &gt; 100", "ammount &gt; 1"),
        "variable.unknown", "f2",
    ),
    "a call of itself on every way": (
        DATA + S + '<callActivity id="c" calledElement="p"/>' + E + flows("s c", "c e"), "call.endless", "c",
    ),
    "a flow to nowhere": (S + '<task id="a"/>' + E + flows("s a", "a e", "a x"), "flow.target_unknown", "f3"),
    "a flow out of the end": (S + '<task id="a"/>' + E + flows("s a", "a e", "e a"), "end.has_outgoing", "e"),
    "a boundary event that leads to itself": (
        S + user("a") + '<boundaryEvent id="x" attachedToRef="a"><timerEventDefinition><timeDuration>PT1H'
        "</timeDuration></timerEventDefinition></boundaryEvent>" + E + flows("s a", "a e", "x e", "a x"),
        "boundary.has_incoming", "x",
    ),
}  # fmt: skip
"""Models that are refused, with the rule and the element that the refusal names."""


async def mended(agent: Agent, refusal: Body) -> Body | None:
    """Play the edits that refusals of publishing propose until none comes, and return the last refusal if any."""
    for _ in range(5):
        (hint,) = refusal["next"]
        if hint["operation"] != "process_edit":
            return refusal
        await agent.ask(hint["operation"], **hint["arguments"])
        answer = await agent.answer("process_publish", {"process": "p"})
        if not answer.refused:
            return None
        refusal = body_of(answer)
    return refusal


@pytest.mark.parametrize("what", list(UNPUBLISHABLE))
def test_publishing_is_refused_with_rule_element_and_edits_that_mend_it(what: str) -> None:
    async def play(agent: Agent) -> None:
        body, code, element = UNPUBLISHABLE[what]
        await agent.ask("process_create", bpmn=bpmn(body))
        before = whole_state(agent.app)
        refusal = await agent.refusal("process_publish", process="p")
        assert (refusal["code"], refusal["path"]) == ("process.has_errors", f"element:{element}")
        (problem,) = [one for one in refusal["expected"] if one["code"] == code]
        assert (problem["element"], problem["severity"]) == (element, "error")
        assert problem["line"] >= 1
        assert problem["fix"]
        assert whole_state(agent.app) == before
        left = await mended(agent, refusal)
        assert (left is None) == ("fix_edit" in problem), left

    played(play)


def test_processes_that_call_each_other_without_end_are_refused_wherever_the_circle_closes() -> None:
    def calling(process: str, called: str, data: str = "") -> str:
        call = f'<callActivity id="c" calledElement="{called}"/>'
        return bpmn(data + S + call + E + flows("s c", "c e"), process)

    async def play(agent: Agent) -> None:
        for process, called in (("one", "two"), ("two", "three")):
            await agent.published(None, bpmn=calling(process, called))
        await agent.ask("process_create", bpmn=calling("three", "one", DATA))
        refusal = await agent.refusal("process_publish", process="three")
        (problem,) = [one for one in refusal["expected"] if one["code"] == "call.endless"]
        assert problem["element"] == "c"
        assert "one -> two -> three" in problem["message"]
        await agent.published(None, bpmn=calling("three", "four"))

    played(play)


def test_a_process_that_is_reached_over_two_calls_is_no_circle() -> None:
    def calling(process: str, *called: str, data: str = "") -> str:
        calls = "".join(f'<callActivity id="{one}_" calledElement="{one}"/>' for one in called)
        ids = ["s", *(f"{one}_" for one in called), "e"]
        return bpmn(data + S + calls + E + flows(*map(" ".join, zip(ids, ids[1:], strict=False))), process)

    async def play(agent: Agent) -> None:
        for process, called in (("left", ["last"]), ("right", ["last"]), ("top", ["left", "right"])):
            await agent.published(None, bpmn=calling(process, *called))
        await agent.published(None, bpmn=calling("start", "top", data=DATA))
        await agent.ask("process_create", bpmn=calling("last", "start", data=DATA))
        refusal = await agent.refusal("process_publish", process="last")
        (problem,) = [one for one in refusal["expected"] if one["code"] == "call.endless"]
        assert "start -> top -> right -> last" in problem["message"]

    played(play)


def test_a_call_that_can_be_avoided_may_lead_back() -> None:
    body = (
        S + '<exclusiveGateway id="g" default="f2"/><callActivity id="c" calledElement="p"/>' + E
        + flows("s g", "g e", "g c: false", "c e")
    )  # fmt: skip

    async def play(agent: Agent) -> None:
        await agent.published(None, bpmn=bpmn(body))
        assert (await agent.started("p"))["status"] == "completed"

    played(play)


def test_a_failing_scenario_refuses_publishing_and_tells_what_differs() -> None:
    wrong = {**LEAVE, "scenarios": [{**LEAVE["scenarios"][0], "expect": {"end": "refused"}}]}

    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=wrong)
        before = whole_state(agent.app)
        refusal = await agent.refusal("process_publish", process="leave")
        assert (refusal["code"], refusal["path"]) == ("process.scenarios_fail", "scenarios")
        assert refusal["expected"][0]["differences"][0]["got"] == ["done"]
        assert whole_state(agent.app) == before

    played(play)


def test_a_batch_with_one_wrong_edit_changes_nothing_and_order_does_not_matter() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        good: list[Body] = [
            {"add_after": "second look", "step": {"third look": {"ask": "boss"}}},
            {"add_after": "check", "step": {"second look": {"ask": "clerk"}}},
            {"rename": "sign", "to": "Sign it"},
        ]
        for wrong, path in (
            ({"delete": "nothing"}, "edits[3]"),
            ({"set": "check", "wihtin": "PT1H"}, "edits[3].wihtin"),
        ):
            before = whole_state(agent.app)
            refusal = await agent.refusal("process_edit", process="leave", edits=[*good, wrong])
            assert refusal["path"] == path
            assert whole_state(agent.app) == before
        bpmn_before = (await agent.ask("process_read", process="leave", view="bpmn"))["content"]
        edited = await agent.ask("process_edit", process="leave", edits=good)
        assert {change["element"] for change in edited["diff"] if "element" in change} >= {"sign"}
        after = (await agent.ask("process_read", process="leave", view="bpmn"))["content"]
        for element in ("check", "sign", "book"):
            assert f'id="{element}"' in bpmn_before
            assert f'id="{element}"' in after

    played(play)


def test_an_edit_of_a_draft_that_is_not_the_newest_is_refused() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        edit: dict[str, Any] = {"process": "leave", "edits": [{"rename": "check", "to": "look"}]}
        await agent.ask("process_edit", **edit, base_draft=1)
        before = whole_state(agent.app)
        refusal = await agent.refusal("process_edit", **edit, base_draft=1)
        assert (refusal["code"], refusal["path"], refusal["expected"]) == ("draft.stale", "base_draft", 2)
        assert whole_state(agent.app) == before

    played(play)


def test_instances_keep_their_version_and_new_ones_take_the_newest(tmp_path: Path) -> None:
    async def play(agent: Agent) -> None:
        await agent.published(LETTER)
        old = await agent.started("letter", number="1")
        await agent.ask("process_edit", process="letter", edits=[{"delete": "file"}])
        assert (await agent.started("letter", number="2"))["version"] == 1
        first = await agent.ask("process_read", process="letter", version=1, view="bpmn")
        assert (await agent.ask("process_publish", process="letter"))["version"] == 2
        assert await agent.ask("process_read", process="letter", version=1, view="bpmn") == first
        assert (await agent.started("letter", number="3"))["version"] == 2
        pinned = await agent.ask("instance_start", process="letter", version=1, variables={"number": "4"})
        assert pinned["version"] == 1
        sent = await agent.ask("event_send", kind="message", name="answer", correlation_key="1")
        assert sent["delivered"] == [old["instance"]]
        read = await agent.ask("instance_read", instance=old["instance"])
        assert (read["version"], [wait["element"] for wait in read["waiting"]]) == (1, ["file"])

    played(play, tmp_path)


LISTENER = (
    '<extensionElements><zeebe:taskListeners><zeebe:taskListener eventType="canceling" type="x"/>'
    "</zeebe:taskListeners></extensionElements>"
)


def test_what_a_plain_model_leaves_open_is_a_warning_and_what_cannot_run_is_named() -> None:
    body = (
        S + '<userTask id="u"/><exclusiveGateway id="g"/><task id="x">' + LISTENER + "</task>" + job("w") + E
        + flows("s u", "u g", "g x: amount &gt; 1", "g w: amount &lt; 0", "x e", "w e")
    )  # fmt: skip

    async def play(agent: Agent) -> None:
        await agent.ask("process_create", bpmn=bpmn(body))
        published = await agent.ask("process_publish", process="p")
        found = {(one["code"], one["element"]) for one in published["problems"]}
        assert {
            ("task.performer_missing", "u"),
            ("task.form_missing", "u"),
            ("gateway.default_missing", "g"),
            ("element.not_executable", "x"),
        } <= found
        assert {one["severity"] for one in published["problems"]} <= {"warning", "hint"}
        await agent.started("p", amount=2)
        task = await agent.task("p:1")
        await agent.ask("task_act", task=task, action="complete")
        (incident,) = (await agent.ask("instance_read", instance="p:1"))["incidents"]
        assert (incident["element"], incident["code"]) == ("x", "element.not_executable")

    played(play)


@pytest.mark.parametrize(
    "view", ["outline", "bpmn", "svg", "png", "table", "mermaid", "problems", "versions"]
)
def test_a_view_of_what_is_not_there_is_refused(view: str) -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        for arguments, code, path in (
            ({"process": "leaves"}, "process.unknown", "process"),
            ({"process": "leave", "version": 9}, "process.version_unknown", "version"),
            ({"process": "leave", "draft": 9}, "draft.unknown", "draft"),
        ):
            refusal = await agent.refusal("process_read", view=view, **arguments)
            assert (refusal["code"], refusal["path"]) == (code, path)
        wrong = await agent.refusal("process_read", process="leave", view="words of wisdom")
        assert (wrong["code"], wrong["path"]) == ("arguments.invalid", "view")

    played(play)


def test_creating_a_process_that_exists_says_so_and_the_versions_list_its_drafts() -> None:
    async def play(agent: Agent) -> None:
        outline = {"process": "short", "steps": [{"look": {"ask": "clerk", "form": {}}}]}
        first = await agent.ask("process_create", outline=outline)
        assert not any("exists" in told for told in first.get("defaults", ()))
        again = await agent.ask("process_create", outline=outline, reason="once more")
        assert again["defaults"][0] == "'short' exists: this is its draft 2."
        await agent.ask("process_publish", process="short")
        third = await agent.ask("process_create", outline=outline)
        assert third["defaults"][0] == (
            "'short' exists: this is its draft 3; version 1 stays in force until it is published."
        )
        listed = (await agent.ask("process_read", process="short", view="versions"))["content"]
        assert [each.get("draft", each.get("version")) for each in listed] == [3, 2, 1, 1]
        assert listed[1]["note"] == "once more"

    played(play)
