"""Every word of the outline refuses what it cannot take: with its place, what is wrong and what is wanted."""

from typing import Any

import pytest

from flowmaster.engine.bpmn.vocabulary import fm
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.outline.problems import PROBLEMS_MAX, OutlineRefused, Problem
from flowmaster.engine.values import Json

HEAD: dict[str, Any] = {"process": "p", "roles": ["clerk"], "data": {"amount": "number", "lines": ["text"]}}


def problems_of(outline: Json) -> tuple[Problem, ...]:
    with pytest.raises(OutlineRefused) as caught:
        compile_outline(outline)
    return caught.value.problems


def step_problem(body: dict[str, Json]) -> Problem:
    found = problems_of({**HEAD, "steps": [{"a": body}, {"b": {"call": "b"}}]})
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("body", "path", "says"),
    [
        ({"ask": 5}, "ask", "names who does it"),
        ({"ask": {}}, "ask", "names who does it"),
        ({"ask": {"role": "clerk", "persn": "x"}}, "ask.persn", "Did you mean 'person'"),
        ({"ask": {"people": 5}}, "ask.people", "One or several texts"),
        ({"ask": "clerk", "not": []}, "not", "One or several texts"),
        ({"ask": "clerk", "not": [["b"]]}, "not[0]", "An exclusion is a text, not a list"),
        ({"ask": "clerk", "remind": {}}, "remind", "One or several texts"),
        ({"ask": "clerk", "escalate": "boss"}, "escalate", "`escalate` is a mapping"),
        ({"ask": "clerk", "escalate": {"soon": "clerk"}}, "escalate.soon", '"soon" is not a duration'),
        ({"ask": "clerk", "due": 5}, "due", "5 is not a date"),
        ({"ask": "clerk", "due": "today ("}, "due", "no valid FEEL"),
        ({"ask": "clerk", "priority": 101}, "priority", "101 is no priority"),
        ({"ask": "clerk", "priority": True}, "priority", "true is no priority"),
        ({"ask": "clerk", "form": 5}, "form", "A form is a mapping, not 5"),
        ({"ask": "clerk", "form": {"a": "nmber"}}, "form.a", "Did you mean 'number'"),
        ({"ask": "clerk", "into": 5}, "into", "`into` names variables, not 5"),
        ({"ask": "clerk", "into": "two words"}, "into", "cannot be the name of a variable"),
        ({"ask": "clerk", "title": []}, "title", "It is a text, not a list"),
        ({"ask": "clerk", "lane": "bos"}, "lane", "There is no role 'bos'"),
        ({"ask": "clerk", "late": "b"}, "late", "`late` needs `within`"),
        (
            {"ask": "clerk", "within": "P1D", "late": {"escalate": "clerk", "keep": True}},
            "late.keep",
            "no word",
        ),
        ({"call": "x", "within": "P1D", "late": {"then": [], "kep": 1}}, "late.kep", "Did you mean 'keep'"),
        ({"call": "x", "within": "P1D", "late": 5}, "late", "It is not said where this leads: 5"),
        ({"call": {}}, "call", "What `call` names is a text, not a mapping"),
        ({"call": "x", "headers": []}, "headers", "is no mapping of texts"),
        ({"call": "x", "headers": {"a": {}}}, "headers.a", "A header is a text, not a mapping"),
        ({"call": "x", "with": []}, "with", "`with` is a mapping, not a list"),
        ({"call": "x", "with": {"a": None}}, "with.a", "An expression is missing"),
        ({"call": "x", "retry": {"times": 3, "wiat": "P1D"}}, "retry.wiat", "Did you mean 'wait'"),
        ({"call": "x", "retry": {"wait": "soon"}}, "retry.wait", "not a duration"),
        ({"call": "x", "retry": 1000}, "retry.times", "1000 is no number of tries"),
        ({"call": "x", "each": 5}, "each", "5 is no loop"),
        ({"call": "x", "each": {"item": "l"}}, "each", "goes through a list (`in`)"),
        ({"call": "x", "each": {"in": "lines", "collect": "r"}}, "each", "belong together"),
        (
            {"call": "x", "each": {"in": "lines", "sequential": 1}},
            "each.sequential",
            "neither true nor false",
        ),
        ({"call": "x", "repeat": 3}, "repeat", "3 is no repetition"),
        (
            {"call": "x", "repeat": {"while": "amount > 1", "max": 0}},
            "repeat.max",
            "0 is no number of rounds",
        ),
        (
            {"call": "x", "repeat": {"test_first": "no"}},
            "repeat.test_first",
            '"no" is neither true nor false',
        ),
        ({"call": "x", "on": "b"}, "on", '`on` says where errors lead, not "b"'),
        ({"call": "x", "on": [5]}, "on[0]", "A handler is a mapping, not 5"),
        ({"call": "x", "on": {"X": None}}, "on.X", "It is not said where this leads: nothing"),
        ({"call": "x", "on": {"X": {"then": "b", "keep": True}}}, "on.X.keep", "no word here"),
        (
            {"call": "x", "on": [{"error": "X", "then": "b", "keep": True}]},
            "on[0].keep",
            "always ends the step",
        ),
        ({"call": "x", "on": [{"error": "X", "signal": "y", "then": "b"}]}, "on[0]", "not error and signal"),
        ({"call": "x", "on": [{"then": "b"}]}, "on[0]", "must stand here."),
        ({"call": "x", "on": [{"every": "often", "then": "b"}]}, "on[0].every", "is not a repetition"),
        ({"call": "x", "undo": [{"c": {"call": "c"}}, {"d": {"call": "d"}}]}, "undo", "one named step"),
        ({"rule": "r", "into": ["a"]}, "into", "is a text, not a list"),
        ({"set": []}, "set", "`set` is a mapping, not a list"),
        ({"set": {"a": 1}, "into": "b"}, "into", "names its variables itself"),
        ({"agent": []}, "agent", "What stands behind `agent` is a text"),
        ({"agent": "Look", "tools": 5}, "tools", "One or several texts"),
        ({"run": "q", "pass_all": "yes"}, "pass_all", '"yes" is neither true nor false'),
        ({"send": {"message": "m", "signl": 1}}, "send.signl", "Did you mean 'signal'"),
        ({"send": "m", "retry": 3}, "retry", "`retry` needs `via`"),
        ({"wait": 5}, "wait", "5 does not say what is waited for"),
        ({"wait": {"after": "PT1H", "message": "m"}}, "wait", "not after and message"),
        ({"wait": {"until": 5}}, "wait.at", "5 is not a date"),
        ({"throw": {"message": "m", "signal": "s"}}, "throw", "not message and signal"),
        ({"group": 5}, "group", "Steps are a list, not 5"),
        ({"group": [{"c": {"call": "c"}}], "events": "x"}, "events[0]", "A handler is a mapping"),
        ({"group": [{"c": {"call": "c"}}], "transaction": 1}, "transaction", "neither true nor false"),
    ],
)
def test_a_word_refuses_what_it_cannot_take(body: dict[str, Json], path: str, says: str) -> None:
    problem = step_problem(body)
    assert problem.path == f"steps[0].a.{path}"
    assert says in problem.message
    assert problem.expected is not None or problem.fix


@pytest.mark.parametrize(
    ("step", "path", "says"),
    [
        ({"if": "amount > 1"}, "steps[0]", "`if` needs `then`"),
        ({"if": None, "then": []}, "steps[0].if", "The condition is missing"),
        ({"choose": [5]}, "steps[0].choose[0]", "A case is a mapping, not 5"),
        ({"choose": [{"then": []}, {"else": []}]}, "steps[0].choose", "Only one case may be without"),
        ({"any": [{"if": "amount > 1", "than": []}]}, "steps[0].any[0].than", "Did you mean 'then'"),
        ({"all": {"one": {"call": "x"}}}, "steps[0].all", "at least two branches"),
        ({"goto": []}, "steps[0].goto", "The target is a text, not a list"),
        ({"end": []}, "steps[0].end", "The name of an end is a text"),
        ({"end": {"eror": "X"}}, "steps[0].end.eror", "Did you mean 'error'"),
        ({"end": {"terminate": "yes"}}, "steps[0].end.terminate", "neither true nor false"),
        ({"first": [[{"wait": "P1D"}], [{"x": {"call": "x"}}]]}, "steps[0].first[1]", "begins with a `wait`"),
        ({}, "steps[0]", "a mapping is no step"),
        (7, "steps[0]", "7 is no step"),
        ({"a": {"title": "b"}}, "steps[0].a", "It is not said what is done at 'a'"),
        ({"name": 5, "call": "x"}, "steps[0]", "This `call` step has no name"),
        ({"a": {"cal": "x"}}, "steps[0].a", "Did you mean 'call'"),
    ],
)
def test_a_block_refuses_what_it_cannot_take(step: Json, path: str, says: str) -> None:
    found = problems_of({**HEAD, "steps": [step]})
    assert path in [problem.path for problem in found]
    assert any(says in problem.message for problem in found if problem.path == path), found


@pytest.mark.parametrize(
    ("head", "path", "says"),
    [
        ({"process": []}, "process", "The id of a process is a text"),
        ({"name": []}, "name", "`name` is a text"),
        ({"lanes": "no"}, "lanes", "neither true nor false"),
        ({"roles": 5}, "roles", "Roles are a mapping, not 5"),
        ({"roles": {"a": {}, "b": ["c"]}}, "roles.b", "The name of a role is a text"),
        ({"types": []}, "types", "Types are a mapping"),
        ({"types": {"T": "nmber"}}, "types.T", "Did you mean 'number'"),
        ({"data": []}, "data", "Data are a mapping, not a list"),
        ({"data": {"a": []}}, "data.a", "is no type"),
        ({"data": {"a": "date > 5"}}, "data.a", "is not understood"),
        ({"forms": []}, "forms", "Forms are a mapping"),
        ({"forms": {"f": 5}}, "forms.f", "A form is a mapping"),
        ({"start": 5}, "start", "`start` is a mapping, not 5"),
        ({"start": [{"message": "m"}, 5]}, "start[1]", "`start` is a mapping, not 5"),
        ({"start": {"need": []}}, "start.need", "Did you mean 'needs'"),
        ({"start": {"needs": 5}}, "start.needs", "`needs` lists inputs, not 5"),
        ({"start": {"needs": [[]]}}, "start.needs[0]", "An input is a text"),
        ({"start": {"checks": 5}}, "start.checks", "`checks` are a mapping, not 5"),
        ({"start": {"checks": [5]}}, "start.checks[0]", "A check is a mapping, not 5"),
        ({"start": {"checks": [{"that": "true", "messge": "x"}]}}, "start.checks[0].messge", "'message'"),
        ({"start": {"goto": "nowhere"}}, "start.goto", "There is no step 'nowhere'"),
        ({"start": {"into": 5, "message": "m"}}, "start.into", "`into` names variables"),
        ({"start": {"form": 5}}, "start.form", "A form is a mapping"),
        ({"start": {"extra": 5}}, "start.extra", "One or several texts"),
        ({"bpmn": 5}, "bpmn", "`bpmn` is XML as text, not 5"),
        ({"bpmn": ["<a/>", 5]}, "bpmn", "`bpmn` is XML as text"),
        ({"events": {"message": "m", "then": "b"}}, "events[0].then", "stands in another group"),
        ({"scenarios": "x"}, "scenarios", "Scenarios are a list"),
        ({"scenarios": [{"name": f"s{n}"} for n in range(501)]}, "scenarios", "at most 500 scenarios"),
    ],
)
def test_the_head_refuses_what_it_cannot_take(head: dict[str, Json], path: str, says: str) -> None:
    found = problems_of({"process": "p", "steps": [{"b": {"call": "b"}}], **head})
    assert any(problem.path == path and says in problem.message for problem in found), found


@pytest.mark.parametrize(
    ("expect", "path", "says"),
    [
        ({"exactly": "yes", "end": "x"}, "expect.exactly", "true or false"),
        ({"path": 5}, "expect.path", "Names of steps"),
        ({"variables": [1]}, "expect.variables", "A mapping stands here"),
        ({"end": []}, "expect.end", "A text stands here"),
        ({"escalated": 5}, "expect.escalated", "Names of steps"),
    ],
)
def test_a_scenario_refuses_what_it_cannot_expect(expect: Json, path: str, says: str) -> None:
    outline: Json = {**HEAD, "steps": [{"end": "x"}], "scenarios": {"name": "s", "expect": expect}}
    (found,) = problems_of(outline)
    assert (found.code, found.path) == ("scenario.value_wrong", f"scenarios[0].{path}")
    assert says in found.message


def test_the_messages_of_a_scenario_are_a_list() -> None:
    scenario: Json = {"name": "s", "messages": "paid", "expect": {"end": "x"}}
    (found,) = problems_of({**HEAD, "steps": [{"end": "x"}], "scenarios": [scenario]})
    assert (found.path, found.message) == ("scenarios[0].messages", "Messages are a list.")


def test_steps_in_groups_are_out_of_reach_and_an_end_is_no_target() -> None:
    group: Json = {"g": {"group": [{"inner": {"call": "x"}}]}}
    (found,) = problems_of({**HEAD, "steps": [group, {"goto": "inner"}]})
    assert "stands in another group" in found.message
    decision: Json = {"if": "amount > 1", "then": [{"goto": "paid"}]}
    (found,) = problems_of({**HEAD, "steps": [decision, {"end": "paid"}]})
    assert found.fix == "An end is no target: write `{end: paid}` there."


def test_what_stands_in_events_is_checked_like_all_else() -> None:
    jump: Json = {"g": {"group": [{"inner": {"call": "x"}}, {"goto": "nowhere"}]}}
    events: Json = [{"signal": "s", "then": [jump]}]
    (found,) = problems_of({**HEAD, "steps": [{"b": {"call": "b"}}], "events": events})
    assert (found.code, found.path) == ("outline.step_unknown", "events[0].then[0].g.group[1].goto")


def test_an_exclusion_beside_the_main_way_may_name_a_step_or_a_variable() -> None:
    asked: Json = {"check": {"ask": "clerk", "not": ["b", "requester"], "form": "f"}}
    undone: Json = {
        "b": {"ask": "clerk", "form": "f", "undo": {"back": {"ask": "clerk", "not": "b", "form": "f"}}}
    }
    outline: Json = {
        "process": "p",
        "steps": [undone],
        "events": [{"signal": "s", "then": [asked]}],
    }
    document = compile_outline(outline).document
    assert [one.attributes() for one in document.element("check").extensions(fm("exclude"))] == [
        {"step": "b"},
        {"person": "=requester"},
    ]
    assert [one.attributes() for one in document.element("back").extensions(fm("exclude"))] == [{"step": "b"}]


def test_types_that_nest_without_end_are_refused() -> None:
    kind: Json = "text"
    for _ in range(20):
        kind = {"a": kind}
    assert [one.code for one in problems_of({**HEAD, "data": {"deep": kind}, "steps": ["end"]})] == [
        "outline.type_too_deep"
    ]
    own: Json = {"T": {"next?": "T"}}
    found = problems_of({"process": "p", "types": own, "data": {"t": "T"}, "steps": ["end"]})
    assert {one.code for one in found} == {"outline.type_too_deep"}


def test_an_outline_has_a_limit_of_steps_and_of_problems_told() -> None:
    steps: list[Json] = [{f"s{number}": {"call": "x"}} for number in range(5002)]
    (found,) = problems_of({"process": "p", "steps": steps})
    assert (found.code, found.path) == ("outline.too_long", "steps[5000]")
    assert len(problems_of({"process": "p", "steps": [7] * 100})) == PROBLEMS_MAX


def test_a_problem_shows_only_what_it_says() -> None:
    bare, whole = Problem("a.b", "Wrong.", "x"), Problem("a.b", "Wrong.", "x", 3, "a text", "Write it.")
    assert bare.body() == {"code": "a.b", "message": "Wrong.", "path": "x"}
    assert whole.body() == {**bare.body(), "line": 3, "expected": "a text", "fix": "Write it."}
    assert (str(bare), str(whole)) == ("x: Wrong.", "x (line 3): Wrong. Fix: Write it.")
