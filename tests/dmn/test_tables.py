"""Decision tables: hit policies, defaults, allowed values, and random tables against testing rule by rule."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowmaster.engine.dmn.compact import table_to_dmn
from flowmaster.engine.dmn.compiled import CompiledDecision
from flowmaster.engine.dmn.reader import read_dmn
from flowmaster.engine.dmn.run import DecisionResult
from flowmaster.engine.feel.expression import compile_expression, compile_unary_tests
from flowmaster.engine.feel.temporal import Date
from flowmaster.engine.values import Json
from tests.dmn import models


def table(hit: str, rows: list[list[str]], **more: Json) -> CompiledDecision:
    """Compile a table with the inputs a and b, and the output o unless others are given."""
    inputs: list[Json] = [{"name": "a"}, {"name": "b"}]
    form: dict[str, Json] = {
        "decision": "t",
        "hit": hit,
        "inputs": inputs,
        "outputs": [{"name": "o"}],
        "rules": rows,
    }
    return read_dmn(table_to_dmn({**form, **more})).compile().decision("t")


def ask(decision: CompiledDecision, a: object = None, b: object = None) -> DecisionResult:
    return decision.evaluate({"a": a, "b": b})


def test_a_number_of_more_digits_than_are_kept_stands_apart_from_its_neighbours() -> None:
    huge = table("F", [[str(10**40), "-", "1"], ["> 1e40", "-", "2"], ["< 1e40", "-", "3"]])
    assert [ask(huge, a).value for a in (10**40, Decimal("1.1e40"), 5, None)] == [1, 2, 3, None]
    close = table("F", [["1e-6176", "-", "1"], ["0", "-", "2"], ["-", "-", "3"]])
    assert [ask(close, a).value for a in (Decimal("1e-6176"), 0, 1, -1)] == [1, 2, 3, 3]


TWO = [["> 0", "-", "1"], ["> 5", "-", "2"], ["> 5", "true", "2"]]


@pytest.mark.parametrize(
    ("hit", "a", "b", "expected", "rules"),
    [
        ("U", 3, None, 1, [1]),
        ("U", 6, None, None, []),
        ("U", 0, None, None, []),
        ("F", 6, None, 1, [1]),
        ("A", 6, None, None, [1, 2]),
        ("A", 3, None, 1, [1]),
        ("R", 6, True, [1, 2, 2], [1, 2, 3]),
        ("R", 0, None, None, []),
        ("C", 6, False, [1, 2], [1, 2]),
        ("C+", 6, True, 5, [1, 2, 3]),
        ("C<", 6, True, 1, [1, 2, 3]),
        ("C>", 6, True, 2, [1, 2, 3]),
        ("C#", 6, True, 3, [1, 2, 3]),
        ("C#", 0, True, 0, []),
        ("C", 0, True, [], []),
        ("C+", 0, True, None, []),
    ],
)
def test_each_hit_policy_picks_its_way(
    hit: str, a: object, b: object, expected: object, rules: list[int]
) -> None:
    result = ask(table(hit, TWO), a, b)
    assert result.value == expected
    assert [match.rule for match in result.matched] == rules
    assert bool(result.warnings) == (expected is None)


def test_equal_outputs_are_no_conflict_for_any() -> None:
    assert ask(table("A", [["> 0", "-", "[1]"], ["> 5", "-", "[1]"]]), 6).value == [1]


def test_priority_and_output_order_follow_the_output_values() -> None:
    rows = [["> 0", "-", '"low"'], ["> 5", "-", '"high"'], ["> 7", "-", '"other"']]
    outputs: list[Json] = [{"name": "o", "values": ["high", "medium", "low"]}]
    assert ask(table("P", rows, outputs=outputs), 6).value == "high"
    assert ask(table("O", rows, outputs=outputs), 8).value == ["high", "low", "other"]
    assert ask(table("P", rows), 8).value == "low"


def test_several_outputs_make_a_context_and_keep_their_priority() -> None:
    rows = [["> 0", "-", '"a"', "2"], ["> 0", "-", '"a"', "1"], ["> 0", "-", '"b"', "1"]]
    outputs: list[Json] = [{"name": "o", "values": '"b","a"'}, {"name": "p q", "values": [1, 2]}]
    assert ask(table("P", rows, outputs=outputs), 1).value == {"o": "b", "p q": 1}
    assert ask(table("F", rows, outputs=outputs), 1).value == {"o": "a", "p q": 2}
    ordered = ask(table("O", rows, outputs=outputs), 1).value
    assert isinstance(ordered, list)
    assert ordered[1:] == [{"o": "a", "p q": 1}, {"o": "a", "p q": 2}]


def test_aggregations_need_fitting_outputs() -> None:
    rows = [["-", "-", '"x"'], ["-", "-", "1"]]
    assert ask(table("C+", rows)).value is None
    assert ask(table("C<", rows)).value is None
    assert ask(table("C#", rows)).value == 2


def test_the_default_output_is_answered_when_no_rule_matches() -> None:
    outputs: list[Json] = [{"name": "o", "default": '"none"'}, {"name": "p"}]
    decision = table("U", [["1", "-", "1", "2"]], outputs=outputs)
    assert ask(decision, 2).value == {"o": "none", "p": None}
    assert ask(decision, 1).value == {"o": 1, "p": 2}
    computed = table("U", [["1", "-", "1"]], outputs=[{"name": "o", "default": "a + 1"}])
    assert ask(computed, 2).value == 3


def test_a_value_outside_of_the_input_values_is_null_with_a_warning() -> None:
    inputs: list[Json] = [{"name": "a", "values": [1, 2]}, {"name": "b"}]
    decision = table("F", [["-", "-", "1"]], inputs=inputs)
    assert ask(decision, 1).value == 1
    assert ask(decision, None).value == 1
    result = ask(decision, 3)
    assert result.value is None
    assert "a = 3" in result.warnings[0].text


def test_a_match_tells_what_was_asked_and_answered() -> None:
    match = ask(table("F", [["< 1", "-", '"x"'], ["> 1", "a", "a * 2"]]), 4, 4).matched[0]
    assert match == ("t", 2, "rule_2", {"a": 4, "b": 4}, {"o": 8})


def test_outputs_are_fitted_to_their_types() -> None:
    typed: list[Json] = [{"name": "o", "type": "number"}]
    assert ask(table("F", [["-", "-", "[5]"]], outputs=typed)).value == 5
    result = ask(table("F", [["-", "-", '"x"']], outputs=typed))
    assert result.value is None
    assert result.warnings
    assert ask(table("F", [["-", "-", "a"]], outputs=typed), [7]).value == 7


def test_cells_may_depend_on_other_inputs() -> None:
    decision = table("F", [["> b", "-", '"more"'], ["b", "-", '"same"'], ["-", "-", '"less"']])
    assert [ask(decision, a, 5).value for a in (6, 5, 4)] == ["more", "same", "less"]


def test_a_table_without_rules_or_inputs_answers_null_or_its_only_row() -> None:
    assert ask(table("F", [])).value is None
    assert table("F", [['"x"']], inputs=[]).evaluate({}).value == "x"


CELLS = st.one_of(
    st.sampled_from(
        [
            "-",
            "null",
            "true",
            "not(null)",
            '"a"',
            '"a", "b"',
            'not("a")',
            '< "b"',
            '["a".."c")',
            '@"2020-01-01"',
            '> @"2020-01-01"',
            '[@"2019-01-01"..@"2020-06-01")',
            "not(false)",
            "[1, 2]",
            "[[1..3], 7]",
            "1, [3..4]",
            "not(1, > 5)",
            "? > 2",
            "b",
            "!= 3",
            "(0.5..2.5]",
            "< -1, > 8",
            "1.5",
            "]2..4[",
        ]
    ),
    st.builds(
        lambda sign, number: f"{sign}{number}",
        st.sampled_from(["<", "<=", ">", ">=", "", "= "]),
        st.integers(-2, 9),
    ),
    st.builds(lambda low, size: f"[{low}..{low + size}]", st.integers(-2, 9), st.integers(0, 4)),
)
INPUTS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 11),
    st.decimals(-3, 11, places=1),
    st.sampled_from(["a", "b", "c", "", "zz", "\x00"]),
    st.integers(-400, 300).map(
        lambda days: Date(2020, 1, 1) if not days else Date(2019 + days % 3, days % 12 + 1, 1)
    ),
    st.just([1]),
    st.just({"x": 1}),
)


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8), st.lists(st.tuples(INPUTS, INPUTS), max_size=8)
)
def test_a_table_answers_as_if_each_rule_were_tested_by_itself(
    rows: list[tuple[str, str]], inputs: list[tuple[object, object]]
) -> None:
    decision = table("R", [[a, b, str(number)] for number, (a, b) in enumerate(rows)])
    tests = [(compile_unary_tests(a), compile_unary_tests(b)) for a, b in rows]
    for a, b in inputs:
        expected = [
            number
            for number, (first, second) in enumerate(tests)
            if first.value({"?": a, "a": a, "b": b}) and second.value({"?": b, "a": a, "b": b})
        ]
        assert ask(decision, a, b).value == (expected or None), (a, b)


def test_a_large_table_finds_its_rule_at_once() -> None:
    rows = [[f"[{number * 10}..{number * 10 + 10})", "-", str(number)] for number in range(2000)]
    decision = table("U", rows)
    assert ask(decision, Decimal("12345.5")).value == 1234
    assert ask(decision, 20_000).value is None


def typed(hit: str, rows: list[list[str]], kind: str = "string") -> CompiledDecision:
    """Compile a table whose columns have types, so that it can be asked without a scope."""
    inputs: list[Json] = [{"name": "a", "type": "number"}, {"name": "b", "type": "string"}]
    return table(hit, rows, inputs=inputs, outputs=[{"name": "o", "type": kind}])


@pytest.mark.parametrize("hit", ["F", "U", "A", "R", "C#", "P"])
def test_a_typed_constant_table_answers_as_an_untyped_one(hit: str) -> None:
    rows = [["< 5", '"x", "y"', '"1"'], [">= 5", '"x"', '"2"'], ["7", "-", '"2"'], ["> 9", '< "b"', '"3"']]
    quick, slow = typed(hit, rows, "" if hit in ("R", "C#") else "string"), table(hit, rows)
    for a in (None, 1, Decimal("4.5"), 5, 7, 10, [7], "7", True):
        for b in (None, "x", "y", "z", "a", ["x"], 5):
            left, right = ask(quick, a, b), ask(slow, a if not isinstance(a, (str, bool)) else None, b)
            if isinstance(a, list) or isinstance(b, list) or (b == 5):
                continue
            assert left.value == right.value, (a, b)
            assert [match[1:] for match in left.matched] == [match[1:] for match in right.matched]


def test_a_typed_table_reads_its_inputs_by_their_types() -> None:
    decision = typed("F", [["7", '"x"', '"found"']])
    assert ask(decision, [7], ["x"]).value == "found"
    result = ask(decision, "7", "x")
    assert result.value is None
    assert "number" in result.warnings[0].text


def test_an_answer_of_another_type_is_null_with_a_warning_in_a_constant_table_too() -> None:
    result = ask(typed("F", [["-", "-", "5"]]), 1, "x")
    assert result.value is None
    assert result.warnings


def test_an_answer_that_does_not_fit_its_decision_is_null_also_where_the_columns_are_typed() -> None:
    table = (
        '<decisionTable hitPolicy="FIRST"><input><inputExpression typeRef="number"><text>a</text></inputExpression>'
        '</input><output name="o"/><rule><inputEntry><text>&lt; 5</text></inputEntry><outputEntry><text>"few"</text>'
        "</outputEntry></rule><rule><inputEntry><text>-</text></inputEntry><outputEntry><text>7</text></outputEntry>"
        "</rule></decisionTable>"
    )
    body = models.data("a", "number") + models.decision("d1", table, inputs="a", kind="number")
    assert models.evaluate(body, "d1", a=6).value == 7
    wrong = models.evaluate(body, "d1", a=4)
    assert [match.rule for match in wrong.matched] == [1]
    assert "does not fit the type number" in wrong.warnings[0].text
    assert wrong.value is None


def test_an_overlap_in_a_constant_table_names_its_rules() -> None:
    result = ask(typed("U", [["> 1", "-", '"a"'], ["> 2", "-", '"b"']]), 3, "x")
    assert result.value is None
    assert "rules 1, 2" in result.warnings[0].text


def test_syntax_errors_in_cells_name_their_line_in_the_document() -> None:
    text = table_to_dmn({"decision": "t", "inputs": ["a"], "outputs": ["o"], "rules": [["1", "2"]]})
    broken = read_dmn(text.replace("<text>1</text>", "<text>\n(1</text>")).compile()
    line = next(number for number, row in enumerate(text.splitlines(), 1) if "<text>1</text>" in row)
    assert broken.errors[0].code == "feel.syntax"
    assert f"line {line + 1}" in broken.errors[0].message


def test_a_dash_as_output_is_null() -> None:
    text = table_to_dmn({"decision": "t", "inputs": ["a"], "outputs": ["o"], "rules": [["1", "2"]]})
    decision = read_dmn(text.replace("<text>2</text>", "<text>-</text>")).compile().decision("t")
    assert decision.evaluate({"a": 1}).value is None
    assert not decision.evaluate({"a": 1}).warnings


def test_cells_of_kinds_that_have_no_index_are_tested_one_by_one() -> None:
    rows = [['@"PT1H"', "-", "1"], ['> @"PT2H"', "-", "2"], ['[@"10:00:00"..@"11:00:00"]', "-", "3"]]
    decision = table("R", rows)
    assert ask(decision, _value('@"PT3H"')).value == [2]
    assert ask(decision, _value('@"PT60M"')).value == [1]
    assert ask(decision, _value('@"10:30:00"')).value == [3]


def _value(text: str) -> object:
    return compile_expression(text).value({})
