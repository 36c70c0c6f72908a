"""Values in answers read as FEEL and JSON, whatever they are written in; and every refusal says where, and what to do."""

from typing import Any

import pytest

from tests.acceptance.agent import Agent, played

BIG = "1234567890123456789012345678901234"
QUOTE: dict[str, Any] = {
    "process": "quote",
    "tool": "Makes a quote",
    "data": {"kind": "small|large", "b": "any"},
    "start": {"needs": ["kind", "b?"]},
    "steps": [
        {"book": {"ask": "clerk", "form": {"rush": "boolean"}}},
        {"approve": {"ask": "clerk", "form": {"ok": "boolean"}}},
        {"end": "over"},
    ],
}


def python_in(text: str) -> list[str]:
    """Return the words of Python that a text has in place of values."""
    return [word for word in ("None", "True", "False", "Decimal(", "{'", "['") if word in text]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("[true, null, {a: true}]", '[true, null, {"a": true}]'),
        (f"{BIG} * 100", f"{BIG}00"),
        ("1.50", "1.5"),
        ('"a ""b"', None),
        ('"say \\"no\\""', '"say \\"no\\""'),
    ],
)
def test_an_evaluation_says_its_value_as_feel_writes_it(expression: str, said: str | None) -> None:
    async def play(agent: Agent) -> None:
        if said is None:
            await agent.refusal("rule_evaluate", expression=expression)
        else:
            told = await agent.ask("rule_evaluate", expression=expression)
            assert told["why"].endswith(f" gave {said}."), told["why"]

    played(play)


def test_a_long_value_is_said_to_a_bounded_length() -> None:
    async def play(agent: Agent) -> None:
        for value in ("x" * 100_000, list(range(50_000)), {"a" * 5_000: [[[None]]]}):
            told = await agent.ask("rule_evaluate", expression="v", inputs={"v": value})
            assert len(told["why"]) < 250
            assert told["why"].endswith("....")

    played(play)


def test_an_incident_says_values_as_feel_writes_them() -> None:
    outline: dict[str, Any] = {
        "process": "p",
        "data": {"b": "any", "list": "any"},
        "start": {"needs": ["b?", "list?"]},
        "steps": [
            {"if": "b > 5", "then": [{"end": "big"}]},
            {"each one": {"call": "x", "each": "one in list"}},
        ],
    }

    async def play(agent: Agent) -> None:
        await agent.published(outline)
        told = (await agent.started("p"))["incidents"][0]["message"]
        assert "gave null instead of true or false with b = null." in told
        told = (await agent.started("p", b=True))["incidents"][0]["message"]
        assert "with b = true." in told
        told = (await agent.started("p", b=1, list={"a": True}))["incidents"][0]["message"]
        assert 'gave {"a": true}, expected a list.' in told

    played(play)


@pytest.mark.parametrize(
    ("given", "said"), [(1.5, "1.5"), (True, "true"), ("x", '"x"'), (["a"], "a list"), ({}, None)]
)
def test_an_outline_that_is_none_is_refused_with_its_value_its_form_and_a_fix(given: Any, said: str) -> None:
    async def play(agent: Agent) -> None:
        told = await agent.refusal("process_create", outline=given)
        assert said is None or f"not {said}." in told["message"]
        assert python_in(told["message"]) == []
        assert told.get("fix")

    played(play)


def test_wrong_inputs_and_answers_are_told_as_json_with_the_word_that_is_near() -> None:
    async def play(agent: Agent) -> None:
        await agent.published(QUOTE)
        told = await agent.refusal("instance_start", process="quote", variables={"kind": "smal"})
        assert told["message"].endswith('"smal" is not one of ["small", "large"]. Did you mean \'small\'?')
        told = await agent.refusal("instance_start", process="quote", variables={"kind": True})
        assert told["message"].endswith('true is not one of ["small", "large"].')
        instance = (await agent.started("quote", kind="small"))["instance"]
        task = await agent.task(instance)
        told = await agent.refusal("task_act", task=task, action="complete", variables={"rush": [None]})
        assert "[null] is not of type 'boolean'." in told["message"]

    played(play)


@pytest.mark.parametrize(
    ("schema", "value", "said"),
    [
        ({"const": True}, False, "true was expected."),
        ({"minimum": 1.5}, 1.25, "1.25 is less than the minimum of 1.5."),
        ({"pattern": "^a$"}, "b", '"b" does not match "^a$".'),
        ({"format": "date"}, "x", "\"x\" is not a 'date'."),
        ({"anyOf": [{"type": "null"}]}, True, "true is not valid under any of the given schemas."),
        ({"not": {}}, True, "true should not be valid under {}."),
        ({"properties": {"a": False}}, {"a": True}, "true is not allowed."),
        ({"required": ["a"]}, {"b": True}, "'a' is a required property."),
    ],
)
def test_a_value_against_its_schema_is_told_as_json(schema: Any, value: Any, said: str) -> None:
    outline: Any = {
        "process": "p",
        "data": {"v": {"schema": schema}},
        "start": {"needs": ["v"]},
        "steps": ["end"],
    }

    async def play(agent: Agent) -> None:
        await agent.published(outline)
        told = await agent.refusal("instance_start", process="p", variables={"v": value})
        assert told["message"].endswith(f"is wrong: {said}")

    played(play)


def test_a_check_says_what_its_condition_gave() -> None:
    outline: Any = {**QUOTE, "start": {"needs": ["kind", "b?"], "checks": {"b is small": "b < 5"}}}

    async def play(agent: Agent) -> None:
        await agent.published(outline)
        told = await agent.refusal("instance_start", process="quote", variables={"kind": "small", "b": 9})
        assert told["message"] == "b is small (`b < 5` gave false.)"
        told = await agent.refusal("instance_start", process="quote", variables={"kind": "small"})
        assert told["message"] == "b is small (`b < 5` gave null.)"

    played(play)


@pytest.mark.parametrize(
    ("dmn", "code", "says"),
    [
        (
            " ",
            "dmn.not_xml",
            "Line 1: The document is not XML at column 1: Start tag expected, '<' not found.",
        ),
        (
            "<a>\n&b;</a>",
            "dmn.not_xml",
            "Line 2: The document is not XML at column 3: Entity 'b' not defined.",
        ),
        (
            "\ufeff<!DOCTYPE a>",
            "dmn.doctype_forbidden",
            "Line 1: A document type declaration is not accepted",
        ),
        (
            '<?xml version="1.0"?>\n<!-- a -->\n<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
            "dmn.doctype_forbidden",
            "Line 3: A document type declaration is not accepted",
        ),
    ],
)
def test_a_file_that_is_no_dmn_is_refused_in_plain_words(dmn: str, code: str, says: str) -> None:
    async def play(agent: Agent) -> None:
        told = await agent.refusal("rule_save", dmn=dmn)
        assert told["code"] == code
        assert told["message"].startswith(says)
        assert "<string>" not in told["message"]
        assert told["fix"]

    played(play)


@pytest.mark.parametrize(
    ("operation", "arguments", "message"),
    [
        ("rule_evaluate", {"inputs": 1}, "`inputs` should be an object, not 1."),
        ("process_edit", {"process": "p", "edits": []}, "`edits` should have at least 1 entry, not 0."),
        ("process_edit", {"process": "p", "edits": {}}, "`edits` should be a list, not an object."),
        (
            "process_edit",
            {"process": "p", "edits": [{}] * 501},
            "`edits` should have at most 500 entries, not 501.",
        ),
        ("task_find", {"limit": 2.5}, "`limit` should be an integer, not 2.5."),
        ("task_read", {"task": 5}, "`task` should be a string, not 5."),
        ("event_send", {"kind": "signal", "dry_run": 1}, "`dry_run` should be true or false, not 1."),
    ],
)
def test_what_an_argument_should_be_is_told_in_words_of_json(
    operation: str, arguments: dict[str, Any], message: str
) -> None:
    async def play(agent: Agent) -> None:
        told = await agent.refusal(operation, **arguments)
        assert told["code"] == "arguments.invalid"
        assert told["message"] == message

    played(play)


@pytest.mark.parametrize(
    ("outline", "code", "path"),
    [
        ("x", "outline.value_wrong", "outline"),
        ({"process": "p", "steps": ["end"], "stepz": 1}, "outline.word_unknown", "stepz"),
        ({"process": "p", "steps": [{"a": {"foo": 1}}]}, "outline.kind_unclear", "steps[0].a"),
        ({"process": "p", "steps": ["end"], "scenarios": [{}]}, "scenario.name_missing", "scenarios[0].name"),
        (
            {"process": "p", "steps": ["end"], "scenarios": [{"name": "a", "foo": 1}]},
            "scenario.word_unknown",
            None,
        ),
    ],
)
def test_each_refusal_of_an_outline_says_what_to_do(outline: Any, code: str, path: str | None) -> None:
    async def play(agent: Agent) -> None:
        told = await agent.refusal("process_create", outline=outline)
        assert told["code"] == code
        assert path in (None, told["path"])
        assert told["fix"]
        assert told["expected"]

    played(play)


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"table": {"x": 1}}, "table.x"),
        ({"table": {}}, "table.decision"),
        ({"table": {"decision": "d", "inputs": ["b"], "outputs": ["a"], "rules": [["1"]]}}, "table.rules[0]"),
        ({"table": {"outputs": ["a"], "rules": [], "hit": "BEST"}, "decision": "d"}, "table.hit"),
        ({"table": {"document": 5}}, "table.document"),
        ({"table": "amount,level\n1"}, None),
    ],
)
def test_a_table_is_refused_at_its_place_in_the_call(arguments: dict[str, Any], path: str | None) -> None:
    async def play(agent: Agent) -> None:
        told = await agent.refusal("rule_save", **arguments)
        assert told["path"] == path if path else not told["path"].startswith("table.")

    played(play)


def test_a_negative_duration_is_refused_with_one_that_is_none() -> None:
    async def play(agent: Agent) -> None:
        told = await agent.refusal("event_send", kind="message", name="m", ttl="-PT5S")
        assert told["fix"] == 'Write it without the minus, for example "ttl": "PT48H".'
        told = await agent.refusal("work_finish", job="x", failure="f", backoff="-PT5S")
        assert told["fix"] == 'Write it without the minus, for example "backoff": "PT48H".'

    played(play)


def test_a_word_that_is_nearly_allowed_is_answered_with_the_allowed_one() -> None:
    async def play(agent: Agent) -> None:
        told = await agent.refusal("task_act", task="t", action="complet")
        assert told["fix"].startswith("Did you mean 'complete'")
        assert told["fix"].endswith('For example: "action": "complete".')
        told = await agent.refusal("task_act", task="t", action="zzz")
        assert told["fix"] == 'For example: "action": "claim".'
        told = await agent.refusal("task_act", task="t", action=7)
        assert told["fix"] == 'For example: "action": "claim".'
        await agent.published(QUOTE)
        instance = (await agent.started("quote", kind="small"))["instance"]
        for wrong, near in (
            ("end", "over"),
            ("APPROVE", "approve"),
            ("app", "approve"),
            ("aprove", "approve"),
        ):
            told = await agent.refusal(
                "instance_control", instance=instance, action="move", from_="book", to=wrong
            )
            assert told["message"].split(" Did you mean ")[1].startswith(repr(near))
            assert told["expected"] == ["start", "book", "approve", "over"]

    played(play)


def test_a_whole_number_may_be_written_with_a_point_where_an_integer_stands() -> None:
    async def play(agent: Agent) -> None:
        await agent.published(QUOTE)
        for number in range(3):
            await agent.started("quote", kind="small", b=number)
        assert len((await agent.ask("task_find", limit=2.0))["items"]) == 2
        assert (await agent.ask("process_read", process="quote", version=1.0))["version"] == 1
        told = await agent.ask("rule_evaluate", expression="string(v)", inputs={"v": 2.0})
        assert told["result"] == "2"
        await agent.refusal("task_find", limit=1e300)
        told = await agent.ask("instance_batch", action="pause", process="quote", version=1.0, dry_run=True)
        assert told["meant"] == 3

    played(play)


@pytest.mark.parametrize("operation", ["process_read", "process_draw"])
def test_a_version_and_a_draft_are_not_shown_at_once(operation: str) -> None:
    async def play(agent: Agent) -> None:
        await agent.published(QUOTE)
        told = await agent.refusal(operation, process="quote", version=1, draft=1)
        assert (told["code"], told["path"]) == ("arguments.invalid", "draft")
        for one in ({"version": 1}, {"draft": 1}):
            await agent.ask(operation, process="quote", **one)

    played(play)


def test_an_edit_that_gives_two_steps_one_name_is_warned_of() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=QUOTE)
        edits = [{"rename": "book", "to": "Approve"}]
        told = await agent.ask("process_edit", process="quote", edits=edits)
        assert [
            (one["element"], one["severity"])
            for one in told["problems"]
            if one["code"] == "element.name_twice"
        ] == [("approve", "warning")]

    played(play)


def test_the_id_of_a_process_has_an_end() -> None:
    long, most = "p" * 201, "p" * 200
    bpmn = (
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">'
        '<process id="{}" isExecutable="true"><startEvent id="s"/></process></definitions>'
    )

    async def play(agent: Agent) -> None:
        told = await agent.refusal("process_create", outline={**QUOTE, "process": long})
        assert (told["code"], told["path"]) == ("outline.id_wrong", "process")
        assert told["message"] == "process: The id has 201 characters."
        told = await agent.refusal("process_create", bpmn=bpmn.format(long))
        assert (told["code"], told["expected"]) == ("process.id_too_long", "at most 200 characters")
        assert (await agent.ask("process_create", bpmn=bpmn.format(most)))["process"] == most
        await agent.ask("process_create", outline=QUOTE)
        edits = [{"extract": "book", "to": long}]
        told = await agent.refusal("process_edit", process="quote", edits=edits)
        assert (told["code"], told["path"]) == ("edit.value_wrong", "edits[0].to")

    played(play)
