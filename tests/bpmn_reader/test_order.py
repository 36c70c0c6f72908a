"""What is read before any step has set it is found, with the way on which that happens; guarded reads are not."""

import pytest

from flowmaster.engine.bpmn.checks import check_process
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.forms import required_of
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.values import Json
from tests.bpmn_reader.models import bpmn, ext, flow, problems


def said(*steps: Json, **head: Json) -> list[tuple[str, str, str]]:
    """Return code, element and message of what is read without a value in an outline of these steps."""
    outline = {"process": "p", "roles": {"clerk": "Clerk"}, "data": {"amount": "number"}, **head}
    outline["start"] = {"needs": ["amount"]}
    outline["steps"] = list(steps)
    document = compile_outline(outline, picture=False).document
    return [
        (one.code, one.element, one.message)
        for one in check_process(read_processes(document, RUNNABLE)[0])
        if one.code in ("variable.unset", "variable.perhaps_null")
    ]


def ask(name: str, *into: str) -> Json:
    """Return a step that asks for yes or no."""
    return {name: {"ask": "clerk", "form": dict.fromkeys(into, "boolean"), "into": list(into)}}


def test_what_is_set_on_one_branch_alone_is_null_behind_the_join() -> None:
    found = said(
        {"if": "amount > 100", "then": [ask("approve", "approved")]},
        {"if": "approved", "then": [{"end": "yes"}]},
    )
    assert found == [
        (
            "variable.unset",
            "if_approved_to_yes",
            "The variable 'approved', read at 'approved?' (if_approved), has no value if the way is start -> amount > 100? "
            "no; `approved` is null then, and the instance stops.",
        )
    ]


def test_what_is_set_later_is_null_before() -> None:
    ((code, element, _),) = said(
        {"sum": {"set": {"total": "amount + tax"}}}, {"tax": {"set": {"tax": "amount * 0.2"}}}
    )
    assert (code, element) == ("variable.perhaps_null", "sum")


@pytest.mark.parametrize("step", [{"rule": "price", "into": "price"}, {"set": {"price": "line * 2"}}])
def test_what_each_turn_finds_and_gives_to_the_collection_is_not_read_before(step: dict[str, Json]) -> None:
    each: Json = {"item": "line", "in": "[1, 2]", "collect": "prices", "from": "price"}
    assert said({"find prices": {**step, "each": each}}, {"sum up": {"set": {"total": "sum(prices)"}}}) == []
    assert said({"sum up": {"set": {"total": "price"}}}, {"find prices": {**step, "each": each}}) != []


def test_what_a_group_collects_or_gives_is_set_behind_it() -> None:
    inner: Json = [{"price": {"set": {"price": "line * 2"}}}]
    each: Json = {"item": "line", "in": "[1, 2]", "collect": "prices", "from": "price"}
    total: Json = {"sum up": {"set": {"total": "sum(prices)"}}}
    assert said({"find prices": {"group": inner, "each": each}}, total) == []
    alone: Json = [{"price": {"set": {"price": "amount * 2"}}}]
    assert said({"find": {"group": alone, "into": {"prices": "[price]"}}}, total) == []
    before = said({"sum up": {"set": {"total": "prices[1] + 1"}}}, {"find": {"group": inner, "each": each}})
    assert [(code, element) for code, element, _ in before] == [("variable.perhaps_null", "sum_up")]


def test_a_read_that_the_same_condition_guards_is_right() -> None:
    approve: Json = {"if": "amount > 100", "then": [ask("approve", "approved")]}
    assert said(approve, {"if": "amount > 100 and approved", "then": [{"end": "yes"}]}) == []
    assert said(approve, {"if": "amount > 200 and not(approved)", "then": [{"end": "no"}]}) == []
    assert said(approve, {"if": "amount > 100", "then": [{"if": "approved", "then": [{"end": "yes"}]}]}) == []
    assert said(approve, {"if": "approved != null", "then": [{"end": "yes"}]}) == []
    assert said(approve, {"take": {"set": {"x": "if approved = null then false else approved"}}}) == []
    wider: Json = {"if": "amount > 50 and approved", "then": [{"end": "yes"}]}
    assert [code for code, _, _ in said(approve, wider)] == ["variable.unset"]


def test_a_guard_counts_no_longer_once_its_variable_has_changed() -> None:
    found = said(
        {"if": "amount > 100", "then": [ask("approve", "approved")]},
        {"raise": {"set": {"amount": "amount * 2"}}},
        {"if": "amount > 100 and approved", "then": [{"end": "yes"}]},
    )
    assert [element for _, element, _ in found] == ["if_amount_100_and_approved_to_yes"]


def test_a_join_waits_for_the_branch_that_sets_it() -> None:
    branches: Json = {"all": [[ask("approve", "approved")], [ask("check", "checked")]]}
    assert said(branches, {"if": "approved and checked", "then": [{"end": "yes"}]}) == []
    beside: Json = {
        "all": [[ask("approve", "approved")], [{"if": "approved", "then": [ask("check", "checked")]}]]
    }
    assert [code for code, _, _ in said(beside)] == ["variable.unset"]


def test_what_a_failed_step_would_have_set_is_null_behind_its_error() -> None:
    found = said(
        {
            "pay": {
                "call": "bank",
                "into": "receipt",
                "on": {"CLOSED": [{"note": {"set": {"text": "receipt.number"}}}]},
            }
        },
        {"file": {"set": {"number": "receipt.number"}}},
    )
    assert {element for _, element, _ in found} == {"note"}


def test_an_error_inside_a_group_is_thrown_where_it_stands() -> None:
    group: Json = {
        "examine": {
            "group": [
                ask("approve", "approved"),
                {"if": "not(approved)", "then": [{"end": {"error": "DECLINED"}}]},
            ],
            "on": {"DECLINED": [{"note": {"set": {"text": "approved"}}}, {"end": "declined"}]},
        }
    }
    assert said(group, {"if": "approved", "then": [{"end": "yes"}]}) == []
    late: Json = {
        "examine": {
            "group": [ask("approve", "approved")],
            "within": "P1D",
            "late": [{"note": {"set": {"x": "approved"}}}],
        }
    }
    assert [element for _, element, _ in said(late)] == ["note"]
    job: Json = {
        "examine": {
            "group": [ask("approve", "approved"), {"pay": {"call": "bank", "into": "receipt"}}],
            "on": {"CLOSED": [{"note": {"set": {"x": "approved"}}}, {"take": {"set": {"y": "receipt"}}}]},
        }
    }
    assert [element for _, element, _ in said(job)] == ["take"]


def test_steps_that_may_set_anything_and_handlers_are_left_alone() -> None:
    assert (
        said({"pay": {"call": "bank"}}, {"if": "late", "then": [{"set late": {"set": {"late": "true"}}}]})
        == []
    )
    events: Json = [{"message": "stop", "then": [{"note": {"set": {"x": "approved"}}}]}]
    assert said(ask("approve", "approved"), events=events) == []


def test_a_join_that_all_ways_reach_leads_on() -> None:
    found = said(
        {"if": "amount > 100", "then": [ask("approve", "approved")]},
        {"all": [[{"left": {"call": "l", "into": "x"}}], [{"right": {"call": "r", "into": "y"}}]]},
        {"if": "approved", "then": [{"end": "yes"}]},
    )
    assert [(code, element) for code, element, _ in found] == [("variable.unset", "if_approved_to_yes")]


@pytest.mark.parametrize(("votes", "is_told"), [(2, True), (10, False)])
def test_a_search_that_grows_too_large_says_nothing(votes: int, is_told: bool) -> None:
    names = [f"vote{number}" for number in range(votes)]
    steps: list[Json] = [
        {"if": name, "then": [{f"note {name}": {"set": {f"n_{name}": "amount"}}}]} for name in names
    ]
    found = said(
        {"if": "amount > 100", "then": [ask("approve", "approved")]},
        ask("vote", *names),
        *steps,
        {"if": f"({' or '.join(names)}) and approved", "then": [{"end": "yes"}]},
    )
    assert [code for code, _, _ in found] == ["variable.unset"] * is_told


@pytest.mark.parametrize(("values", "is_told"), [(2, True), (9, False)])
def test_a_condition_that_tells_too_much_apart_is_not_judged(values: int, is_told: bool) -> None:
    listed = ", ".join(map(str, range(values)))
    wide = " and ".join(f"x{number} in ({listed})" for number in range(values))
    numbers = {f"x{number}": "number" for number in range(values)}
    found = said(
        {"if": "amount > 100", "then": [ask("approve", "approved")]},
        {"count": {"ask": "clerk", "form": dict(numbers), "into": list(numbers)}},
        {"if": f"{wide} and approved", "then": [{"end": "yes"}]},
    )
    assert [code for code, _, _ in found] == ["variable.unset"] * is_told


def test_links_are_followed() -> None:
    jump = '<intermediate{}Event id="{}"><linkEventDefinition name="on"/></intermediate{}Event>'
    script = '<scriptTask id="{}"><extensionElements>{}</extensionElements></scriptTask>'
    model = bpmn(
        ext("""<fm:data name='amount' input='true'>{"type": "number"}</fm:data>""")
        + '<startEvent id="s"/>'
        + jump.format("Throw", "away", "Throw")
        + jump.format("Catch", "back", "Catch")
        + script.format("read", "<zeebe:script expression='=total + 1' resultVariable='more'/>")
        + script.format("sum", "<zeebe:script expression='=amount * 2' resultVariable='total'/>")
        + '<endEvent id="e"/>'
        + flow("s", "away")
        + flow("back", "read")
        + flow("read", "sum")
        + flow("sum", "e")
    )
    (found,) = [one for one in problems(model) if one.code == "variable.perhaps_null"]
    assert found.element == "read"
    assert "s -> away -> back -> read" in found.message


def test_groups_are_followed() -> None:
    found = said(
        {"inner": {"group": [{"if": "amount > 3", "then": [ask("approve", "approved")]}]}},
        {"if": "approved", "then": [{"end": "yes"}]},
    )
    assert [code for code, _, _ in found] == ["variable.unset"]


def test_a_check_of_an_answer_knows_what_the_form_requires() -> None:
    def judged(check: str, **form: str) -> list[str]:
        task: dict[str, Json] = {"ask": "clerk", "form": dict(form), "checks": {"right": check}}
        return [code for code, _, _ in said({"weigh": {**task, "into": ["gross", "net"]}})]

    fields = {"gross": "number", "net": "number"}
    assert judged("net <= gross", **fields) == []
    assert judged("net <= gross", **{"gross": "number", "net?": "number"}) == ["variable.perhaps_null"]
    later: Json = {"set": {"limit": "amount * 2"}}
    weigh: dict[str, Json] = {"ask": "clerk", "form": dict(fields), "checks": {"right": "net < limit"}}
    assert [code for code, _, _ in said({"weigh": {**weigh, "into": "net"}}, {"later": later})] == [
        "variable.perhaps_null"
    ]


def test_a_form_of_components_requires_what_it_says() -> None:
    form: Json = {
        "components": [
            {"type": "group", "components": [{"key": "net", "validate": {"required": True}}]},
            {"key": "gross", "validate": {"required": True}},
            {"key": "note", "validate": {}},
            "nothing",
        ]
    }
    assert sorted(required_of(form)) == ["gross", "net"]
    assert sorted(required_of("none")) == []
