"""Fuel: hostile expressions end with a named error, never with a hang or an exception of Python."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel.evaluation import QUIET
from flowmaster.engine.feel.expression import (
    Expression,
    FeelLimitExceeded,
    FeelSyntaxError,
    Limits,
    compile_expression,
    compile_unary_tests,
    to_json,
)

SMALL = Limits(steps=20_000, depth=40, characters=10_000, items=1_000)


@pytest.mark.parametrize(
    "text",
    [
        "for i in 1..1000000000000 return i",
        "count(for i in 1..100000, j in 1..100000 return i)",
        "some i in 1..1000000000 satisfies i < 0",
        "every i in 1..1000000000 satisfies i > 0",
        "{f: function(g, n) g(g, n + 1), r: f(f, 0)}.r",
        "{f: function(g, n) if n = 0 then 0 else 1 + g(g, n - 1), r: f(f, 1000)}.r",
        '{f: function(g, s) g(g, s + s), r: f(f, "aaaaaaaa")}.r',
        "{f: function(g, l) g(g, concatenate(l, l)), r: f(f, [1, 2, 3])}.r",
        "{f: function(g, l) g(g, append(l, l)), r: f(f, [1])}.r",
        '{f: function(g, s) g(g, string join([s, s, s], s)), r: f(f, "aaaaaaaa")}.r',
        "flatten(for i in 1..100 return for j in 1..100 return [i, j])",
        "distinct values(for i in 1..900 return {a: i})",
        "for i in 1..900 return for j in partial return 1",
        "(1..2)[1] + count((for i in 1..10000000 return 1)[item > 0])",
        '@"-999999999-01-01" in (for d in @"-999999999-01-01"..@"999999999-01-01" return d)',
    ],
)
def test_work_without_end_is_stopped(text: str) -> None:
    expression = compile_expression(text)
    with pytest.raises(FeelLimitExceeded) as caught:
        expression.evaluate({}, limits=SMALL)
    assert caught.value.code == "feel.limit_exceeded"
    assert caught.value.fix


def test_a_value_that_holds_itself_many_times_over_costs_as_much_as_it_seems() -> None:
    levels = ", ".join(f"l{number + 1}: [l{number}, l{number}]" for number in range(40))
    nested = f"{{l0: [1, 1], {levels}}}.l40"
    with pytest.raises(FlowMasterError) as caught:
        to_json(compile_expression(nested).value({}))
    assert caught.value.code == "feel.limit_exceeded"
    assert compile_expression(f"string({nested})").value({}) is None
    with pytest.raises(FeelLimitExceeded):
        compile_expression(f"{nested} = {nested}").evaluate({}, limits=SMALL)
    with pytest.raises(FeelLimitExceeded):
        compile_expression(f"flatten({nested})").evaluate({}, limits=SMALL)


def test_python_s_own_stack_is_never_what_ends_an_evaluation() -> None:
    text = "{f: function(g, n) if n = 0 then 0 else 1 + g(g, n - 1), r: f(f, 5000)}.r"
    with pytest.raises(FeelLimitExceeded):
        compile_expression(text).evaluate({}, limits=Limits(steps=10**9, depth=10**9))
    with pytest.raises(FeelLimitExceeded):
        compile_expression(text).value({})


def test_texts_and_lists_of_bounded_expressions_are_bounded_too() -> None:
    big = "a" * 900_000
    with pytest.raises(FeelLimitExceeded):
        compile_expression("x + x").value({"x": big})
    with pytest.raises(FeelLimitExceeded):
        QUIET.hold(10**9)
    QUIET.hold(5)
    QUIET.spend(10**9)


def test_each_call_costs_a_step_and_deep_work_within_calls_ends_by_name() -> None:
    calls = "{f: function(g, n) if n = 0 then 0 else g(g, n - 1), r: f(f, 20)}.r"
    assert compile_expression(calls).evaluate({}).value == 0
    with pytest.raises(FeelLimitExceeded, match="more than 10 steps"):
        compile_expression(calls).evaluate({}, limits=Limits(steps=10))
    inner = "g(g, n - 1)"
    for _ in range(40):
        inner = f"1 + ({inner})"
    deep = f"{{f: function(g, n) if n = 0 then 0 else {inner}, r: f(f, 95)}}.r"
    with pytest.raises(FeelLimitExceeded, match="nested calls"):
        compile_expression(deep).value({})


def test_lists_that_are_nested_too_deep_have_no_text_and_are_not_flattened() -> None:
    deep: list[object] = [1]
    for _ in range(150):
        deep = [deep]
    for text, part in (("string(x)", "more than 100,000 values"), ("flatten(x)", "nested too deeply")):
        result = compile_expression(text).evaluate({"x": deep})
        assert result.value is None
        assert part in result.warnings[0].text


def test_only_so_many_warnings_are_kept() -> None:
    result = compile_expression('for i in 1..200 return i + "a"').evaluate({})
    assert len(result.warnings) == 50


WORDS = [
    *[
        "1",
        "2.5",
        "a",
        "b",
        "?",
        "-",
        "+",
        "*",
        "/",
        "**",
        "=",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        ".",
        "..",
        "and",
        "or",
        "not",
        "in",
        "if",
        "then",
        "else",
        "for",
        "return",
    ],
    *[
        "some",
        "every",
        "satisfies",
        "between",
        "instance",
        "of",
        "function",
        "number",
        "list",
        "<",
        ">",
        "null",
        "true",
        "false",
        "@",
        "external",
        "item",
    ],
    '"a"',
    '"\\u00e9"',
    '@"2020-01-01"',
    '@"P1D"',
    "date(",
    "sum(",
    "matches(",
    "sort(",
    "string join(",
    "partial",
    "//",
    "/*",
    "*/",
    "\n",
    " ",
    "🐎",
]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=25))
def test_no_text_makes_anything_but_a_value_or_a_named_error(words: list[str]) -> None:
    for compile_text in (compile_expression, compile_unary_tests):
        for joint in ("", " "):
            _run(compile_text, joint.join(words))


def _run(compile_text: Callable[[str], Expression], text: str) -> None:
    """Evaluate a text; only the named errors may come out."""
    with contextlib.suppress(FeelSyntaxError, FeelLimitExceeded):
        result = compile_text(text).evaluate({"a": [1, {"b": 2}], "b": "x", "?": 1}, limits=SMALL)
        try:
            to_json(result.value)
        except FlowMasterError as error:
            if error.code != "feel.not_a_value":
                raise


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40))
def test_no_characters_make_anything_but_a_value_or_a_named_error(text: str) -> None:
    for source in (
        text,
        f'"{text}"',
        f"{{{text}}}",
        f'matches("{text}", "{text}")',
        f'@"{text}"',
        f"date({text})",
    ):
        _run(compile_expression, source)


LONG = "a" * 1_000_000
MANY = list(range(200_000))
HOSTILE = {
    "text": LONG,
    "other": "a" * 999_999 + "a",
    "list": MANY,
    "more": [*MANY[:-1], 199_999],
    "mixed": [*MANY, None],
    "short": "a" * 3000,
}


@pytest.mark.parametrize(
    "text",
    [
        "for i in 1..1000000 return upper case(text)",
        "for i in 1..1000000 return substring(text, 2)",
        "for i in 1..1000000 return trim(text)",
        "for i in 1..1000000 return to base64(text)",
        "every i in 1..1000000 satisfies not(contains(text, other + other))",
        "every i in 1..1000000 satisfies text = other",
        "every i in 1..1000000 satisfies text <= other",
        "every i in 1..1000000 satisfies text between other and other",
        "every i in 1..1000000 satisfies text in [other..other]",
        "every i in 1..1000000 satisfies text in (<= other, < other)",
        "every i in 1..1000000 satisfies list = more",
        "every i in 1..1000000 satisfies list instance of list<number>",
        "every i in 1..1000000 satisfies count(mixed[item instance of list<string>]) = 0",
        "every i in 1..1000000 satisfies mixed instance of list<number>",
        "for i in 1..1000000 return sublist(list, 2)",
        "for i in 1..1000000 return (function(l: list<number>) count(l))(list)",
        "for i in 1e6144..1 return i",
        "some i in 1..1e6144 satisfies i < 0",
        'matches(short, "^(a+)+\\1b$")',
        'matches(text, "(a+)+$")',
        'replace(short, "a", text)',
        'split(text, "[a]")',
        "distinct values(for i in list return [i])",
        'string join(for i in 1..100000 return "a", text)',
    ],
)
def test_work_on_large_values_is_paid_for_by_their_size(text: str) -> None:
    with pytest.raises(FeelLimitExceeded):
        compile_expression(text).evaluate(HOSTILE, limits=Limits(steps=100_000))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "10 ** 999999999",
            "2 ** 999999999.5",
            "exp(1e6000)",
            "1e6144 * 10",
            "log(0)",
            "date(1e6144, 1, 1)",
        ),
        *(
            'number("1e99999999999999999999")',
            "time(1, 1, 1e6144)",
            "list[1e6144]",
            "substring(text, 1e6144)",
        ),
        *('@"P1Y" * 1e6000', '@"PT1S" / 1e-6000', '@"2020-01-01" + @"P99999999999999999999D"'),
        *("from unix timestamp(1e6144)", "date(text)", "duration(text)", "number(text)", "from base64(text)"),
        *(
            'range("[" + substring(text, 100) + "..2]")',
            'matches("a", "(a{0,1000}){0,1000}b")',
            "sublist(list, 1e6144)",
        ),
        *(
            "product(for i in 1..1000 return 9e6000)",
            "matches(short, substring(text, 2))",
            "partition(list, 0.5)",
        ),
    ],
)
def test_extreme_sizes_have_no_answer_instead_of_much_work(text: str) -> None:
    result = compile_expression(text).evaluate(HOSTILE)
    assert result.value is None
    assert result.warnings


def test_a_text_or_a_number_too_long_to_read_is_refused() -> None:
    for text in ("1" * 300_000, "1e999999999999", '"' + "a" * 300_000 + '"', "[" * 100_000, "-" * 1000 + "1"):
        with pytest.raises(FeelSyntaxError):
            compile_expression(text)
