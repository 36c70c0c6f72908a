"""A wrong outline is refused as a whole: every problem with its place, its line, what is allowed and the fix."""

import json
from typing import Any

import pytest

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.outline.problems import OutlineRefused, Problem
from flowmaster.engine.values import Json
from flowmaster.tools.outline_text import read_outline_text

HEAD = "process: p\nroles: {clerk: Clerks}\ndata: {amount: number, ok: boolean}\nsteps:\n"


def problems_of(text: str) -> tuple[Problem, ...]:
    read = read_outline_text(text)
    with pytest.raises(OutlineRefused) as caught:
        compile_outline(read.value, read.lines)
    return caught.value.problems


def the_problem(steps: str) -> Problem:
    found = problems_of(HEAD + steps)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("steps", "code", "path", "says"),
    [
        ("  - a: {ask: clrk}", "outline.role_unknown", "steps[0].a.ask", "Did you mean 'clerk'?"),
        (
            "  - a: {ask: clerk, witin: PT1H}",
            "outline.word_unknown",
            "steps[0].a.witin",
            "Did you mean 'within'",
        ),
        (
            "  - a: {ask: clerk, deadline: PT1H}",
            "outline.word_unknown",
            "steps[0].a.deadline",
            "word here is `within`",
        ),
        (
            "  - a: {ask: clerk, within: soon}",
            "outline.value_wrong",
            "steps[0].a.within",
            '"soon" is not a duration',
        ),
        ("  - a: {user: clerk}", "outline.kind_unclear", "steps[0].a", "Did you mean `ask`?"),
        ("  - a: {ask: clerk, call: x}", "outline.kind_unclear", "steps[0].a", "`ask` and `call`"),
        ("  - {ask: clerk}", "outline.step_unnamed", "steps[0]", "has no name"),
        ("  - a: clerk", "outline.value_wrong", "steps[0].a", "not what is done"),
        ("  - approve", "outline.value_wrong", "steps[0]", "is no step"),
        ("  - {goto: b}", "outline.step_unknown", "steps[0].goto", "no step 'b'"),
        ("  - a: {call: x}\n  - a: {call: y}", "outline.name_twice", "steps[1].a", "already that of"),
        ("  - end: x\n  - a: {call: y}", "outline.step_unreachable", "steps[1].a", "Nothing leads here"),
        ("  - {if: amount >, then: []}", "outline.expression_wrong", "steps[0].if", "no valid FEEL"),
        (
            "  - {if: amuont > 1, then: []}",
            "outline.variable_unknown",
            "steps[0].if",
            "Did you mean 'amount'?",
        ),
        ("  - a: {set: {ok: approved}}", "outline.variable_unknown", "steps[0].a.set.ok", "'approved'"),
        ("  - {choose: []}", "outline.value_wrong", "steps[0].choose", "list of cases"),
        ("  - {all: [[{a: {call: x}}]]}", "outline.value_wrong", "steps[0].all", "at least two"),
        (
            "  - {first: [[{a: {call: x}}], [{wait: P1D}]]}",
            "outline.value_wrong",
            "steps[0].first[0]",
            "`wait`",
        ),
        ("  - {wait: payment}", "outline.value_wrong", "steps[0].wait", "waited for"),
        ("  - a: {call: x, within: PT1H}", "outline.value_wrong", "steps[0].a.within", "needs `late`"),
        (
            "  - a: {call: x, within: PT1H, late: {escalate: clerk}}",
            "outline.value_wrong",
            "steps[0].a.late",
            "`ask`",
        ),
        (
            "  - a: {call: x, retry: often}",
            "outline.value_wrong",
            "steps[0].a.retry.times",
            "number of tries",
        ),
        ("  - a: {call: x, each: lines}", "outline.value_wrong", "steps[0].a.each", "gone through"),
        ("  - {end: {error: X, message: y}}", "outline.value_wrong", "steps[0].end", "Exactly one"),
        ("  - a: {bpmn: <bpmn:task>}", "bpmn.malformed", "bpmn", "malformed"),
        ("  - a: {bpmn: '<!DOCTYPE x><bpmn:task/>'}", "bpmn.malformed", "bpmn", "malformed"),
    ],
)
def test_a_problem_names_its_place_and_the_way_out(steps: str, code: str, path: str, says: str) -> None:
    problem = the_problem(steps)
    assert (problem.code, problem.path) == (code, path)
    assert says in problem.message
    if not path.startswith("bpmn"):
        assert problem.line >= 5


def test_all_problems_come_together_and_each_has_its_line() -> None:
    found = problems_of(
        HEAD + "  - a: {ask: nobody}\n  - b:\n      call: x\n      retyr: 3\n  - {goto: nowhere}\n"
    )
    assert [(one.code, one.line) for one in found] == [
        ("outline.role_unknown", 5),
        ("outline.word_unknown", 8),
        ("outline.step_unknown", 9),
    ]


def test_a_text_where_an_expression_belongs_is_told_how_to_be_quoted() -> None:
    problem = the_problem("  - a: {set: {ok: yes please}}")
    assert problem.code in ("outline.variable_unknown", "outline.expression_wrong")
    assert "yes please" in str(problem)


@pytest.mark.parametrize(
    ("head", "path", "says"),
    [
        ("process: two words\nsteps: [{end: x}]", "process", "cannot be an id"),
        ("steps: [{end: x}]", "process", "does not name its process"),
        ("process: p", "steps", "no steps"),
        ("process: p\nstep: []\nsteps: [{end: x}]", "step", "Did you mean 'steps'"),
        ("process: p\ndata: {a: nmber}\nsteps: [{end: x}]", "data.a", "Did you mean 'number'"),
        ("process: p\ndata: {a: number around 5}\nsteps: [{end: x}]", "data.a", "not understood"),
        ("process: p\ndata: {a b: text}\nsteps: [{end: x}]", "data.a b", "name of a variable"),
        (
            "process: p\ndata: {a: text}\nstart: {needs: [b]}\nsteps: [{end: x}]",
            "start.needs[0]",
            "not declared",
        ),
        ("process: p\nstart: {message: a, every: P1D}\nsteps: [{end: x}]", "start", "Exactly one"),
        ("process: p\nscenarios: [{name: a}]\nsteps: [{end: x}]", "scenarios[0].expect", "what it expects"),
        (
            "process: p\nscenarios: [{name: a, lke: b, expect: {end: x}}]\nsteps: [{end: x}]",
            "scenarios[0].lke",
            "like",
        ),
    ],
)
def test_the_head_is_checked_too(head: str, path: str, says: str) -> None:
    found = problems_of(head)
    assert found[0].path == path
    assert says in found[0].message


@pytest.mark.parametrize(
    "value",
    [None, 5, "text", [], {"process": 5, "steps": 5}, {"process": "p", "steps": [None, [], 7, {"a": None}]}],
)
def test_anything_else_than_an_outline_is_refused(value: Json) -> None:
    with pytest.raises(OutlineRefused):
        compile_outline(value)


def test_blocks_inside_of_blocks_have_a_limit() -> None:
    steps: list[Any] = [{"end": "x"}]
    for _ in range(60):
        steps = [{"if": "true", "then": steps}]
    with pytest.raises(OutlineRefused, match="deeper than"):
        compile_outline({"process": "p", "steps": steps})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\na: 2", "Line 2: the key 'a' stands twice"),
        ("a: &x 1\nb: *x", "Anchors and aliases"),
        ("a: !!python/object:os.system x", "tag"),
        ("a: [1, 2", "malformed"),
        ("a: \x00", "cannot stand"),
        ('a: "\\ud800"', "surrogate"),
        ("{" * 200, "deep|malformed"),
        ("[a]: 1\n? [b]\n: 2", "key is a text|malformed"),
        ("x" * 1_000_001, "characters"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(FlowMasterError, match=says) as caught:
        read_outline_text(text)
    assert caught.value.code.startswith("outline.")


def test_numbers_are_exact_and_only_true_and_false_are_booleans() -> None:
    read = read_outline_text("on: yes\na: 1.50\nb: 007\nc: 2026-01-01\nd: true\ne: 1e3\nf:\n")
    assert json.dumps(read.value, default=str) == (
        '{"on": "yes", "a": "1.50", "b": "007", "c": "2026-01-01", "d": true, "e": "1E+3", "f": null}'
    )


def test_feel_may_stand_unquoted_inside_braces() -> None:
    read = read_outline_text('{if: count(a, b) > 1 and x in ["p", "q"], note?: text, then: [{end: b}]}')
    assert read.value == {
        "if": 'count(a, b) > 1 and x in ["p", "q"]',
        "note?": "text",
        "then": [{"end": "b"}],
    }


def test_what_was_decided_and_what_is_open_is_said() -> None:
    text = "process: p\nsteps:\n  - a: {ask: clerk, into: fine}\n  - b: {ask: clerk, form: other}\n  - c: {ask: clerk}\n"
    done = compile_outline(read_outline_text(text).value)
    assert any("clerk" in one for one in done.defaults)
    assert any("fine" in one for one in done.defaults)
    assert any("'other'" in one for one in done.open_questions)
    assert any("'c'" in one for one in done.open_questions)
