"""Boxed expressions: contexts, relations, lists, functions, invocations, conditionals, loops and filters."""

import pytest

from tests.dmn.models import answer, compiled, data, decision, evaluate, literal


def entry(name: str, logic: str, kind: str = "") -> str:
    variable = f'<variable name="{name}" typeRef="{kind}"/>' if name else ""
    return f"<contextEntry>{variable}{logic}</contextEntry>"


def context(*entries: str) -> str:
    return f"<context>{''.join(entries)}</context>"


def test_a_context_answers_its_entries_or_its_last_nameless_one() -> None:
    assert answer(context(entry("a", literal("1")), entry("b c", literal("a + x"))), x=5) == {
        "a": 1,
        "b c": 6,
    }
    assert answer(context(entry("a b", literal("1")), entry("", literal("a b + 1")))) == 2


def test_an_entry_is_fitted_to_its_type() -> None:
    assert answer(context(entry("a", literal("[1]"), "number"))) == {"a": 1}
    assert answer(context(entry("a", literal('"x"'), "number"))) == {"a": None}


def test_lists_and_relations_hold_what_their_cells_answer() -> None:
    assert answer(f"<list>{literal('1')}{literal('x + 1')}</list>", x=1) == [1, 2]
    relation = (
        '<relation><column name="a"/><column name="b"/>'
        f"<row>{literal('1')}{literal('x')}</row><row>{literal('2')}{literal('null')}</row></relation>"
    )
    assert answer(relation, x=9) == [{"a": 1, "b": 9}, {"a": 2, "b": None}]


def test_functions_are_invoked_by_name() -> None:
    function = (
        '<functionDefinition><formalParameter name="a b" typeRef="number"/><formalParameter name="c"/>'
        f"{literal('a b - c')}</functionDefinition>"
    )
    call = (
        f"<invocation>{literal('f')}<binding><parameter name='c'/>{literal('1')}</binding>"
        f"<binding><parameter name='a b'/>{literal('x')}</binding></invocation>"
    )
    assert answer(context(entry("f", function), entry("", call)), x=5) == 4
    assert answer(context(entry("f", function), entry("", call)), x="no number") is None
    assert answer(context(entry("f", function), entry("", literal("f(5)")))) is None
    wrong = f"<invocation>{literal('f')}<binding><parameter name='z'/>{literal('1')}</binding></invocation>"
    assert answer(context(entry("f", function), entry("", wrong))) is None
    bare = f"<invocation>{literal('g')}</invocation>"
    none = f"<functionDefinition>{literal('7')}</functionDefinition>"
    assert answer(context(entry("g", none), entry("", bare))) == 7
    empty = "<functionDefinition/>"
    assert answer(context(entry("g", empty), entry("", literal("g")))) is None


@pytest.mark.parametrize(
    ("condition", "expected"), [("true", "yes"), ("false", "no"), ("null", "no"), ('"text"', None)]
)
def test_a_conditional_takes_a_branch_by_a_boolean(condition: str, expected: object) -> None:
    logic = (
        f"<conditional><if>{literal('x')}</if><then>{literal(chr(34) + 'yes' + chr(34))}</then>"
        f"<else>{literal(chr(34) + 'no' + chr(34))}</else></conditional>"
    )
    values = {"true": True, "false": False, "null": None, '"text"': "text"}
    assert answer(logic, x=values[condition]) == expected


def test_filters_and_loops_see_their_variables() -> None:
    items = literal("items")
    assert answer(
        f"<filter><in>{items}</in><match>{literal('item > 1')}</match></filter>", items=[1, 2, 3]
    ) == [2, 3]
    assert answer(f"<filter><in>{items}</in><match>{literal('2')}</match></filter>", items=[1, 5]) == 5
    loop = "<{0} iteratorVariable='my x'><in>{1}</in><{2}>{3}</{2}></{0}>"
    double = literal("my x * 2")
    assert answer(loop.format("for", items, "return", double), items=[1, 2]) == [2, 4]
    partial = literal("count(partial)")
    assert answer(loop.format("for", items, "return", partial), items=[7, 7]) == [0, 1]
    some = loop.format("some", items, "satisfies", literal("my x > 1"))
    every = loop.format("every", items, "satisfies", literal("my x > 1"))
    assert answer(some, items=[1, 2]) is True
    assert answer(every, items=[1, 2]) is False
    assert answer(every, items=None) is None
    assert answer(some, items=[None]) is None


def test_a_decision_without_logic_answers_what_it_is_given() -> None:
    body = decision("d1", "") + decision("d2", literal("d1 + 1"), decisions="d1")
    assert evaluate(body, "d2", d1=4).value == 5
    assert evaluate(body, "d1").value is None


def test_an_empty_text_is_null() -> None:
    assert answer("<literalExpression><text/></literalExpression>") is None
    assert answer("<literalExpression/>") is None


def test_the_type_of_a_decision_is_kept() -> None:
    body = data("x") + decision("d1", literal("x"), inputs="x", kind="number")
    whole = compiled(body).decision("d1")
    assert whole.evaluate({"x": [5]}).value == 5
    result = whole.evaluate({"x": "five"})
    assert result.value is None
    assert "d1" in result.warnings[0].text
