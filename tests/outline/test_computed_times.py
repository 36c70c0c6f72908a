"""What steps compute as a time is declared as one, so that FEEL reads it as what it is; elsewhere it is warned of."""

from typing import Any

import pytest

from flowmaster.engine.bpmn.checks import check_process
from flowmaster.engine.bpmn.problem import Problem
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.edits.apply import apply_edits
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.outline.compile import Compiled, compile_outline
from flowmaster.engine.outline.decompile import decompile
from flowmaster.engine.values import Json
from tests.acceptance.agent import Agent, played

PERIOD = 'if priority = "P1" then duration("PT15M") else duration("PT1H")'
HEAD: dict[str, Any] = {
    "process": "p",
    "roles": ["clerk"],
    "data": {"priority": "P1|P2", "due": "date", "seen": "boolean"},
    "start": {"needs": ["priority", "due"]},
}


def built(*steps: Json, **head: Json) -> Compiled:
    return compile_outline({**HEAD, **head, "steps": list(steps)})


def declared(*steps: Json) -> dict[str, Json]:
    """Return what the compiler declares beside what the outline does."""
    data = decompile(built(*steps).document)["data"]
    assert isinstance(data, dict)
    return {name: type_ for name, type_ in data.items() if name not in HEAD["data"]}


def texts(compiled: Compiled) -> list[Problem]:
    """Return the warnings of times that are kept as texts."""
    read = read_processes(compiled.document, RUNNABLE)[0]
    return [one for one in check_process(read) if one.code == "variable.time_as_text"]


@pytest.mark.parametrize(
    ("assigned", "expected"),
    [
        ({"period": PERIOD}, {"period": "duration"}),
        ({"period": PERIOD, "twice": 2}, {"period": "duration"}),
        (
            {"start": "today()", "end": "now()", "hour": 'time("10:00:00")'},
            {"end": "datetime", "hour": "time", "start": "date"},
        ),
        ({"left": "due - today()"}, {"left": "duration"}),
        ({"text": "string(due)"}, {}),
        ({"mixed": 'if priority = "P1" then duration("PT1H") else "soon"'}, {}),
        ({"mixed": 'if priority = "P1" then today() else now()'}, {}),
        ({"order.day": "today()"}, {}),
        ({"due": "today()"}, {}),
    ],
)
def test_a_computed_time_is_declared(assigned: dict[str, Json], expected: dict[str, Json]) -> None:
    assert declared({"compute": {"set": assigned}}) == expected


def test_what_is_computed_from_a_computed_time_is_declared_too() -> None:
    steps: list[Json] = [{"first": {"set": {"period": PERIOD}}}, {"then": {"set": {"double": "2 * period"}}}]
    assert declared(*steps) == {"double": "duration", "period": "duration"}


def test_what_is_computed_over_many_steps_is_found_for_a_few_of_them() -> None:
    steps: list[Json] = [{"first": {"set": {"p0": PERIOD}}}]
    steps += [{f"step {n}": {"set": {f"p{n}": f"2 * p{n - 1}"}}} for n in range(1, 6)]
    assert declared(*steps) == dict.fromkeys(("p0", "p1", "p2"), "duration")


def test_what_another_step_writes_otherwise_is_not_declared() -> None:
    first: Json = {"first": {"set": {"period": PERIOD}}}
    assert declared(first, {"ask": {"call": "x", "into": "period"}}) == {}
    assert declared(first, {"none": {"set": {"period": None}}}) == {"period": "duration"}
    assert declared(first, {"text": {"set": {"period": '"PT1H"'}}}) == {}
    assert declared(first, {"ask": {"ask": "clerk", "form": {"period": "text"}}}) == {}
    assert declared({"each": {"set": {"period": PERIOD}, "repeat": {"max": 2}}}) == {}
    assert declared(first, {"tell": {"call": "x", "into": {"period": 'duration("P1D")'}}}) == {
        "period": "duration"
    }


def test_the_answer_says_so_and_the_outline_stays_as_it_is_then() -> None:
    compiled = built({"compute": {"set": {"period": PERIOD}}}, {"more": {"set": {"x": "2 * period"}}})
    assert "'period' is declared as `duration`, since 'compute' computes one." in compiled.defaults
    assert texts(compiled) == []
    shown = decompile(compiled.document)
    again = compile_outline(shown)
    assert decompile(again.document) == shown
    assert not any("is declared as" in one for one in again.defaults)


def test_without_declarations_and_in_edits_it_is_warned_of() -> None:
    steps: list[Json] = [{"compute": {"set": {"period": PERIOD}}}, {"more": {"set": {"x": "2 * period"}}}]
    bare = compile_outline({"process": "p", "steps": steps})
    (problem,) = texts(bare)
    assert (problem.element, problem.fix_edit) == ("compute", None)
    assert "`period: duration`" in problem.fix
    added = apply_edits(
        built({"look": {"ask": "clerk", "into": "seen"}}).document, [{"add_after": "look", "steps": steps}]
    ).document
    (problem,) = texts(bare._replace(document=added))
    assert problem.fix_edit == {"set_data": {"period": "duration"}}
    assert problem.fix_edit is not None
    mended = apply_edits(added, [problem.fix_edit]).document
    assert texts(bare._replace(document=mended)) == []


def test_the_whole_of_what_a_script_computes_may_be_its_output() -> None:
    steps: list[Json] = [
        {"compute": {"set": {"period": PERIOD}, "outputs": {"span": "period", "other": "z.y"}}},
        {"more": {"set": {"x": "2 * span"}}},
    ]
    (problem,) = texts(compile_outline({"process": "p", "steps": steps}))
    assert "'span'" in problem.message


def test_a_time_that_nothing_computes_with_is_not_warned_of() -> None:
    steps: list[Json] = [{"compute": {"set": {"period": PERIOD}}}, {"wait": {"after": "=period"}}]
    assert texts(compile_outline({"process": "p", "steps": steps})) == []


def test_a_computed_duration_is_computed_with_at_run_time() -> None:
    outline: dict[str, Any] = {
        **HEAD,
        "steps": [
            {"compute": {"set": {"period": PERIOD}}},
            {"look": {"ask": "clerk", "into": "seen", "within": "=2 * period", "late": [{"end": "late"}]}},
            {"end": "done"},
        ],
        "scenarios": [
            {
                "name": "nobody looks",
                "given": {"priority": "P1", "due": "2030-01-01"},
                "answers": {"look": None},
                "clock": ["PT31M"],
                "expect": {"end": "late", "variables": {"period": "PT15M"}},
            }
        ],
    }

    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=outline)
        tested = await agent.ask("process_test", process="p")
        assert tested["failed"] == 0, tested

    played(play)
