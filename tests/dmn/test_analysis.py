"""Static analysis of tables: findings with an example, the same as brute force finds."""

from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from flowmaster.engine.dmn.analysis import problems
from flowmaster.engine.dmn.compact import table_to_dmn
from flowmaster.engine.dmn.problem import Problem
from flowmaster.engine.dmn.reader import read_dmn
from flowmaster.engine.feel.expression import compile_expression
from flowmaster.engine.values import Json
from tests.dmn.models import data, decision, literal, model


def found(rows: list[list[str]], hit: str = "U", **more: Json) -> list[Problem]:
    inputs: list[Json] = [{"name": "a", "type": "number"}, {"name": "b", "type": "boolean"}]
    form: dict[str, Json] = {
        "decision": "t",
        "hit": hit,
        "inputs": inputs,
        "outputs": [{"name": "o"}],
        "rules": rows,
    }
    return problems(read_dmn(table_to_dmn({**form, **more})))


def codes(rows: list[list[str]], hit: str = "U", **more: Json) -> list[str]:
    return [problem.code for problem in found(rows, hit, **more)]


def test_a_complete_table_has_no_problems() -> None:
    assert codes([["< 5", "-", "1"], [">= 5", "true", "2"], [">= 5", "false", "3"]]) == []


def test_a_gap_is_shown_with_an_example() -> None:
    problem = found([["< 5", "-", "1"], ["> 5", "true", "2"]])[0]
    assert (problem.code, problem.severity) == ("rule.gap", "warning")
    assert problem.example in ({"a": "5", "b": "true"}, {"a": "6", "b": "false"}, {"a": "5", "b": "false"})
    assert codes([["< 5", "-", "1"]], outputs=[{"name": "o", "default": "1"}]) == []


def test_an_overlap_is_an_error_where_only_one_rule_may_match() -> None:
    rows = [["< 5", "-", "1"], [">= 5", "-", "2"], ["3", "-", "3"]]
    problem = found(rows)[0]
    assert (problem.code, problem.severity, problem.rules) == ("rule.overlap", "error", (1, 3))
    assert problem.example["a"] == "3"
    assert codes(rows, "A") == ["rule.overlap", "rule.subsumed"]
    assert codes(rows, "R") == []
    assert codes([["< 5", "-", "1"], ["-", "-", "1"]], "A") == ["rule.subsumed"]


def test_a_covered_rule_is_an_error_where_it_conflicts_and_else_a_hint() -> None:
    rows = [["< 5", "-", "1"], ["3", "true", "2"], [">= 5", "-", "3"]]
    severities = {
        hit: [(p.severity, p.rules, p.example["a"]) for p in found(rows, hit) if p.code == "rule.subsumed"]
        for hit in ("U", "A", "C", "R")
    }
    assert severities == {
        "U": [("error", (1, 2), "3")],
        "A": [("error", (1, 2), "3")],
        "C": [],
        "R": [],
    }
    assert [p.code for p in found([["3", "true", "2"], ["< 5", "-", "1"], [">= 5", "-", "3"]], "F")] == []


def test_rules_that_are_meant_to_match_together_are_told_only_if_they_answer_the_same() -> None:
    summed = [
        ["-", "-", "10"],
        ["> 5", "-", "20"],
        ["> 9", "-", "30"],
        ["> 9", "true", "40"],
        ["> 9", "true", "40"],
    ]
    for hit in ("C", "C+", "C<", "C>", "C#", "R"):
        (told,) = found(summed, hit)
        assert (told.code, told.severity, told.rules) == ("rule.subsumed", "hint", (4, 5))
        assert "answers the same" in told.message
    several: list[Json] = [{"name": "o"}, {"name": "p"}]
    rows = [["-", "-", "1", "a"], ["> 5", "-", "1", "b"], ["> 9", "-", "1", "a"]]
    assert [told.rules for told in found(rows, "R", outputs=several)] == [(1, 3)]


def test_several_gaps_are_shown_and_they_differ() -> None:
    gaps = [p.example for p in found([["1", "-", "1"], ["3", "-", "1"]], "F") if p.code == "rule.gap"]
    assert len({gap["a"] for gap in gaps}) == len(gaps) >= 1
    inputs: list[Json] = [{"name": "a", "values": ["x", "y", "z"]}, {"name": "b", "values": ["x", "y", "z"]}]
    diagonal = [['"x"', '"x"', "1"], ['"y"', '"y"', "1"], ['"z"', '"z"', "1"]]
    shown = [tuple(p.example.values()) for p in found(diagonal, inputs=inputs) if p.code == "rule.gap"]
    assert 3 <= len(shown) <= 5


def test_gaps_are_found_between_texts_that_almost_touch_and_beside_the_last_day() -> None:
    texts: list[Json] = [{"name": "a", "type": "string"}]
    (told,) = found([['<= "x"', "1"], ['>= "x\\t"', "2"]], inputs=texts)
    assert '"x' < str(told.example["a"]) < '"x\t'
    days: list[Json] = [{"name": "a", "type": "date"}]
    (told,) = found([['date("999999999-12-31")', "1"]], inputs=days)
    assert told.example == {"a": '@"999999999-12-30"'}
    assert codes([['<= date("999999999-12-31")', "1"]], inputs=days) == []


def test_a_null_cell_is_for_missing_values() -> None:
    assert codes([["null", "-", "1"], ["not(null)", "-", "2"]]) == []
    assert codes([["null", "-", "1"], [">= 0", "-", "2"], ["< 0", "-", "2"]]) == []


def test_types_of_the_model_bound_what_is_looked_at() -> None:
    kinds = '<itemDefinition name="tLevel"><typeRef>string</typeRef><allowedValues><text>"x", "y"</text></allowedValues></itemDefinition>'
    table = (
        '<decisionTable id="dt"><input><inputExpression typeRef="tLevel"><text>a</text></inputExpression></input>'
        '<output name="o" typeRef="number"/><rule><inputEntry><text>"x"</text></inputEntry>'
        '<outputEntry><text>"one"</text></outputEntry></rule></decisionTable>'
    )
    told = problems(model(kinds + data("a", "tLevel") + decision("d1", table, inputs="a")))
    assert [(p.code, p.rules, dict(p.example)) for p in told] == [
        ("rule.output_type", (1,), {}),
        ("rule.gap", (), {"a": '"y"'}),
    ]


def test_answers_that_cannot_be_meant_are_found() -> None:
    assert "rule.output_type" in codes([["-", "-", '"x"']], "C+")
    assert "rule.order_missing" in codes([["-", "-", '"x"']], "P")
    assert "rule.output_type" in codes([["-", "-", "1"]], outputs=[{"name": "o", "type": "boolean"}])
    wrong_default = codes([["-", "-", "true"]], outputs=[{"name": "o", "type": "boolean", "default": "1"}])
    assert wrong_default == ["rule.output_type"]


def test_answers_that_are_computed_or_null_are_left_alone() -> None:
    rows = [["< 5", "-", "null"], ["[5..9]", "-", "a * 2"], ["> 9", "-", "-"]]
    assert codes(rows, outputs=[{"name": "o", "type": "number"}]) == []
    inputs: list[Json] = [{"name": "net price", "type": "number"}]
    blank = [["-", "net price * 2"]]
    assert codes(blank, inputs=inputs, outputs=[{"name": "o", "type": "number"}]) == []


def test_a_priority_table_with_computed_answers_is_looked_at_without_an_order() -> None:
    outputs: list[Json] = [{"name": "o", "type": "string", "values": ["high", "low"]}]
    rows = [["< 5", "-", '"low"'], ["< 9", "-", 'if b then "high" else "low"'], [">= 9", "-", '"low"']]
    assert "rule.unreachable" not in codes(rows, "P", outputs=outputs)


def test_allowed_values_that_are_no_feel_bound_nothing() -> None:
    kinds = '<itemDefinition name="tOdd"><typeRef>string</typeRef><allowedValues><text>((</text></allowedValues></itemDefinition>'
    table = (
        '<decisionTable id="dt"><input><inputExpression typeRef="tOdd"><text>a</text></inputExpression></input>'
        '<output name="o"/><rule><inputEntry><text>"x"</text></inputEntry><outputEntry><text>1</text></outputEntry>'
        "</rule></decisionTable>"
    )
    told = problems(model(kinds + data("a", "tOdd") + decision("d1", table, inputs="a")))
    assert "rule.gap" in [one.code for one in told]


def test_a_column_that_allows_nothing_leaves_no_gap_and_no_rule_alive() -> None:
    table = (
        '<decisionTable id="dt"><input><inputExpression typeRef="number"><text>a</text></inputExpression>'
        '<inputValues><text>(3..3)</text></inputValues></input><output name="o"/><rule><inputEntry><text>3</text>'
        "</inputEntry><outputEntry><text>1</text></outputEntry></rule></decisionTable>"
    )
    told = problems(model(data("a", "number") + decision("d1", table, inputs="a")))
    assert [one.code for one in told] == ["rule.never_matches"]


def test_a_problem_shows_only_what_it_says() -> None:
    wrong = {p.code: p.body() for p in found([["< 5", "-", "1"]])}["rule.gap"]
    assert set(wrong) == {"code", "element", "severity", "message", "example", "fix"}
    plain = Problem("x.wrong", "It is wrong.", "t", "hint").body()
    assert plain == {"code": "x.wrong", "element": "t", "severity": "hint", "message": "It is wrong."}


def test_rules_that_ask_for_other_variables_are_left_out_and_the_rest_is_looked_at() -> None:
    rows = [["> b", "-", "1"], ["< 5", "-", "2"], ["3", "-", "3"]]
    told = {problem.code: problem.rules for problem in found(rows)}
    assert told == {"rule.overlap": (2, 3), "rule.subsumed": (2, 3), "rule.not_analysed": (1,)}


def test_a_priority_table_tells_rules_that_others_always_outrank() -> None:
    outputs: list[Json] = [{"name": "o", "type": "string", "values": ["high", "low"]}]
    rows = [["< 5", "-", '"low"'], ["< 9", "-", '"high"'], [">= 9", "-", '"low"']]
    assert [(p.code, p.rules) for p in found(rows, "P", outputs=outputs)] == [
        ("rule.unreachable", (1,)),
        ("rule.subsumed", (2, 1)),
    ]


def test_dead_rules_are_found() -> None:
    assert codes([["-", "-", "1"], ["3", "-", "2"]], "F") == ["rule.unreachable", "rule.subsumed"]
    together = [["< 5", "-", "1"], [">= 5", "-", "2"], ["[3..7]", "-", "3"]]
    assert [(p.code, p.rules, p.example["a"]) for p in found(together, "F")] == [
        ("rule.unreachable", (3,), "3")
    ]
    assert "rule.never_matches" in codes([["-", "-", "1"], ["(3..3)", "-", "2"]], "F")
    assert "rule.never_matches" in codes([["-", "-", "1"], ["not(<= 3, > 3)", "-", "2"]], "F")


def test_cells_of_another_type_are_errors() -> None:
    assert "rule.type_mismatch" in codes([['"x"', "-", "1"], ["-", "-", "2"]], "F")


def test_outputs_outside_of_the_output_values_are_errors() -> None:
    assert "rule.output_not_allowed" in codes([["-", "-", '"x"']], outputs=[{"name": "o", "values": ["y"]}])


def test_input_values_bound_what_is_looked_at() -> None:
    inputs: list[Json] = [{"name": "a", "type": "string", "values": ["x", "y"]}]
    assert codes([['"x"', "1"], ['"y"', "2"]], inputs=inputs) == []
    assert codes([['"x"', "1"]], inputs=inputs) == ["rule.gap"]


def test_columns_without_types_are_analysed_by_what_their_cells_name() -> None:
    inputs: list[Json] = [{"name": "a"}, {"name": "b"}]
    assert codes([["< 1", "-", "1"], [">= 1", "-", "1"]], inputs=inputs) == []
    assert codes([["true", "-", "1"], ["false", "-", "1"]], inputs=inputs) == []
    assert codes([['"x"', "-", "1"]], inputs=inputs) == ["rule.gap"]
    days = [['< @"2020-01-01"', "-", "1"], ['>= @"2020-01-01"', "-", "1"]]
    assert codes(days, inputs=inputs) == []
    assert codes(days, inputs=[{"name": "a", "type": "date"}, {"name": "b"}]) == []


def test_gaps_between_texts_that_are_close_and_beside_the_last_date_are_found() -> None:
    inputs: list[Json] = [{"name": "a", "type": "string"}]
    (gap,) = found([['<= "a"', "1"], ['>= "a\\u0005"', "2"]], inputs=inputs)
    assert (gap.code, gap.example) == ("rule.gap", {"a": '"a\x01"'})
    dates: list[Json] = [{"name": "a", "type": "date"}]
    last = '@"999999999-12-31"'
    (gap,) = found([[f"< {last}", "1"]], inputs=dates)
    assert (gap.code, gap.example) == ("rule.gap", {"a": last})
    assert codes([[f"<= {last}", "1"]], inputs=dates) == []


def test_what_is_not_analysed_is_said() -> None:
    assert codes([["> b", "-", "1"]]) == ["rule.not_analysed"]
    inputs: list[Json] = [{"name": f"i{number}", "type": "number"} for number in range(18)]
    rows = [["-"] * column + ["> 5"] + ["-"] * (17 - column) + ["1"] for column in range(18)]
    assert codes(rows, "F", inputs=inputs) == ["rule.gap"]


def test_a_table_that_combines_too_much_is_looked_at_in_part() -> None:
    choose = Random(170)
    inputs: list[Json] = [{"name": f"i{number}", "type": "boolean"} for number in range(40)]
    rows = [["-"] * 40 + ["1"] for _ in range(170)]
    for row in rows:
        for place in choose.sample(range(40), 3):
            row[place] = choose.choice(["true", "false"])
    (hint,) = [problem for problem in found(rows, "F", inputs=inputs) if problem.code == "rule.not_analysed"]
    assert hint.severity == "hint"
    assert "too many inputs" in hint.message


def test_syntax_errors_of_models_are_problems() -> None:
    problem = problems(model(decision("d1", literal("1 +"))))[0]
    assert (problem.code, problem.severity, problem.decision) == (
        "feel.syntax",
        "error",
        "d1",
    ) or problem.decision


def test_a_table_without_rules_has_nothing_to_analyse() -> None:
    assert codes([]) == []


def test_only_a_few_overlaps_are_listed() -> None:
    rows = [[f"{number}", "-", f"{number}"] for number in range(20)] * 2
    assert codes(rows).count("rule.overlap") == 5


NUMBERS = st.integers(0, 4)
CELLS = st.one_of(
    st.just("-"),
    NUMBERS.map(str),
    st.builds(lambda sign, number: f"{sign} {number}", st.sampled_from(["<", "<=", ">", ">="]), NUMBERS),
    st.builds(lambda a, b: f"[{min(a, b)}..{max(a, b)})", NUMBERS, NUMBERS),
    st.builds(lambda a, b: f"not({a}, {b})", NUMBERS, NUMBERS),
)
ROWS = st.lists(st.tuples(CELLS, st.sampled_from(["-", "true", "false"])), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_findings_are_those_of_brute_force(rows: list[tuple[str, str]]) -> None:
    inputs: list[Json] = [{"name": "a", "type": "number"}, {"name": "b", "type": "boolean"}]
    form: dict[str, Json] = {
        "decision": "t",
        "hit": "R",
        "inputs": inputs,
        "outputs": [{"name": "o"}],
        "rules": [[a, b, str(number)] for number, (a, b) in enumerate(rows)],
    }
    ask = read_dmn(table_to_dmn(form)).compile().decision("t")
    domain = [(Decimal(step) / 2, b) for step in range(-2, 11) for b in (True, False)]
    matches = [ask.evaluate({"a": a, "b": b}).value or [] for a, b in domain]
    unique = problems(read_dmn(table_to_dmn({**form, "hit": "U"})))
    gap = any(problem.code == "rule.gap" for problem in unique)
    assert gap == any(not rules for rules in matches)
    overlap = any(problem.code == "rule.overlap" for problem in unique)
    assert overlap == any(isinstance(rules, list) and len(rules) > 1 for rules in matches)
    for problem in unique:
        if problem.example:
            given_values = {
                name: compile_expression(text).value({}) for name, text in problem.example.items()
            }
            rules = ask.evaluate(given_values).value or []
            assert isinstance(rules, list)
            assert (len(rules) > 1) == (problem.code in ("rule.overlap", "rule.subsumed"))
    first = problems(read_dmn(table_to_dmn({**form, "hit": "F"})))
    dead = {
        problem.rules[0] - 1
        for problem in first
        if problem.code in ("rule.never_matches", "rule.unreachable")
    }
    reached = {rules[0] for rules in matches if isinstance(rules, list) and rules}
    assert dead == set(range(len(rows))) - reached
