"""The built-in functions: every example of the reference is run, and their faults are null with a warning."""

import re

import pytest

from flowmaster.engine.feel.builtins.library import BUILTINS, TOPICS
from flowmaster.engine.feel.evaluation import DEFAULT
from flowmaster.engine.feel.expression import compile_expression

EXAMPLES = [
    (name, match.group(1).strip())
    for name, function in BUILTINS.items()
    for match in re.finditer(r"Example: (.+)", function.document)
]


def value(text: str, **variables: object) -> object:
    return compile_expression(text).value(variables)


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_each_example_of_the_reference_is_true(name: str, example: str) -> None:
    result = compile_expression(example).evaluate({}, at=1_700_000_000_000)
    assert result.value is True, (example, result.warnings)


def test_each_function_has_a_document_with_an_example_and_a_topic() -> None:
    for name, function in BUILTINS.items():
        assert "Example: " in function.document, name
        assert function.topic in TOPICS, name


@pytest.mark.parametrize("name", sorted(BUILTINS))
@pytest.mark.parametrize("count", range(6))
def test_no_function_raises_for_arguments_of_any_kind(name: str, count: int) -> None:
    kinds = [
        "null",
        '"a"',
        "1",
        "-1.5",
        "[]",
        "[1, null]",
        "{a: 1}",
        '@"P1D"',
        '@"2020-01-01"',
        "[1..2]",
        "true",
    ]
    for shift in range(len(kinds)):
        arguments = ", ".join(kinds[(shift + position * 3) % len(kinds)] for position in range(count))
        expression = compile_expression(f"{name}({arguments})")
        expression.evaluate({}, limits=DEFAULT)


NULLS = [
    'abs("1")',
    "abs(null)",
    "abs()",
    "abs(1, 2)",
    "abs(m: 1)",
    "sqrt(-1)",
    "log(0)",
    "log(-1)",
    "exp(100000)",
    "modulo(1, 0)",
    "decimal(1, 7000)",
    "decimal(1, -7000)",
    "round up(1.5, null)",
    "floor(1.5, null)",
    'number("a")',
    'number("1e")',
    'number("")',
    'number("1,0", ",", ",")',
    'number("1", "x", ".")',
    'number("1", ",", "x")',
    'substring("abc", 0)',
    'substring("abc", 4)',
    'substring("abc", -4)',
    'substring("abc", 1, 0)',
    "sum([])",
    "sum(null)",
    'sum([1, "a"])',
    "sum([true])",
    "product([])",
    "mean([])",
    "median([])",
    "stddev([1])",
    'mode(["a"])',
    'min([1, "a"])',
    "min({a: 1})",
    "sublist([1, 2], 0)",
    "sublist([1, 2], 3)",
    "sublist([1, 2], 1, 3)",
    "sublist([1, 2], 1, 0)",
    "insert before([1], 3, 1)",
    "remove([1], 2)",
    "list replace([1], 2, 3)",
    "list replace([1], function(a) true, 3)",
    "list replace([1], function(a, b) 1, 3)",
    "concatenate([1], null)",
    "concatenate()",
    "flatten(null)",
    'string join([1], ",")',
    "sort([1, 2], function(a, b) 1)",
    'sort([1, "a"])',
    "sort([{}, {}])",
    "partition([1], 0)",
    "context([{key: 1, value: 1}])",
    'context([{key: "a"}])',
    'context([{key: "a", value: 1}, {key: "a", value: 2}])',
    "context([1])",
    "context put({}, [], 1)",
    'context put({a: 1}, ["a", "b"], 1)',
    "context merge([1])",
    'get value({a: 1}, ["a", 1])',
    'date("2020-02-30")',
    "date(2020, 1.5, 1)",
    "date(2020, 13, 1)",
    'time("25:00:00")',
    "time(24, 0, 0)",
    'time(1, 1, 1, duration("PT19H"))',
    'date and time("x")',
    'date and time(date and time("2020-01-01T00:00:00"), "No/Where")',
    'duration("P")',
    'from unix timestamp(1, "No/Where")',
    "from unix timestamp(10 ** 20)",
    'range("1..2")',
    'range("[..]")',
    'range("[..2)")',
    'range("(..)")',
    'range("[2..1]")',
    'range("[a..b]")',
    'range("[1..)x")',
    "coincides(1, [1..2])",
    'before(1, "a")',
    'overlaps([1..2], ["a".."b"])',
    'from base64("*")',
    "not(1)",
    "not(null)",
    'assert(1, false, "no")',
    "assert(1, null)",
    'matches("a", "[")',
    'replace("a", "b", "$")',
    'replace("a", "b", "\\x")',
    'replace("a", "b*", "x")',
    'split("a", "")',
    'extract("a", "(")',
    '@"nothing"',
]


@pytest.mark.parametrize("text", NULLS)
def test_a_fault_in_a_function_is_null_with_a_warning(text: str) -> None:
    result = compile_expression(text).evaluate({})
    assert result.value is None
    if text not in ("not(null)", "sum([])", "product([])", "mean([])", "median([])"):
        assert result.warnings
        assert result.warnings[0].line == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count(1)", 1),
        ("abs([-1])", 1),
        ('upper case(["a"])', "A"),
        ("is()", True),
        ("all(true, null)", None),
        ("any(false, null)", None),
        ("any(true, null)", True),
        ("all([])", True),
        ("mode([])", []),
        ("max()", None),
        ('min("b", "a")', "a"),
        ('max(date("2020-01-01"), date("2021-01-01")).year', 2021),
        ("sublist([1, 2, 3], -2)", [2, 3]),
        ("sublist([1, 2, 3], -2, 1)", [2]),
        ("insert before([1, 2], -1, 9)", [1, 9, 2]),
        ("remove([1, 2, 3], -1)", [1, 2]),
        ("index of([1, null, 1], null)", [2]),
        ("list contains([1, null], null)", True),
        ("append([], null)", [None]),
        ('distinct values([1, 1.0, "1", true, [1], [1], null, null])', [1, "1", True, [1], None]),
        ("duplicate values([1, 2, 1, 1])", [1]),
        ('number("1 000,5", " ", ",") = 1000.5', True),
        ('number(" 12 ")', 12),
        ('number(from: "1,5", grouping separator: null, decimal separator: ",") = 1.5', True),
        ('string join(["a", null, "b"])', "ab"),
        ('substring before("abc", "")', ""),
        ('substring after("abc", "")', "abc"),
        ('substring after("abc", "x")', ""),
        ('replace("abab", "a(.)", "$1$9")', "bb"),
        ('split("a1b2c", "\\d")', ["a", "b", "c"]),
        ("get value({a: 1}, [])", {"a": 1}),
        ('get value({a: 1}, ["a", "b"])', None),
        ('day of week(@"2024-02-29T10:00:00")', "Thursday"),
        ('day of year(@"2024-12-31")', 366),
        ('week of year(@"2021-01-03")', 53),
        ('time(10, 20, 30.5) = time("10:20:30")', True),
        ('string(time(10, 20, 30.5, duration("-PT1H")))', "10:20:30.5-01:00"),
        (
            'string(date and time(@"2020-06-01T10:00:00Z", "Europe/Paris"))',
            "2020-06-01T12:00:00@Europe/Paris",
        ),
        ('string(date and time(@"2020-06-01T10:00:00", "Europe/Paris"))', "2020-06-01T10:00:00@Europe/Paris"),
        ('string(from unix timestamp(0, "Asia/Tokyo"))', "1970-01-01T09:00:00@Asia/Tokyo"),
        ('unix timestamp(@"1970-01-01T00:00:01")', 1000),
        ('string(last day of month(@"2024-02-10T10:00:00"))', "2024-02-29T10:00:00"),
        ('range("(..10]").end included', True),
        ('range("[@\\"2020-01-01\\"..@\\"2020-02-01\\"]").start = @"2020-01-01"', True),
        ('range("[\\"a\\"..\\"b\\"]").end', "b"),
        ("met by((1..5], [0..1])", False),
        ('meets([1..2], range("[2..)"))', True),
        ('includes(range("(..5]"), [1..5])', True),
        ('starts(1, range("(..5]"))', False),
        ('finishes(5, range("[1..)"))', False),
        ('before(range("[1..)"), 5)', False),
        ('after(range("(..5]"), 1)', False),
        ("sort([3, 1, 2])", [1, 2, 3]),
        ("sort([], function(a, b) a < b)", []),
        ('list replace([1, 2], function(item, newItem) item = 2, "x")', [1, "x"]),
        ('string join(["a", null, "b"], ", ", "[", "]")', "[a, b]"),
        ('string join([], ", ", "[", "]")', "[]"),
        ("includes((< 5), 3)", True),
        ("includes((< 5), 5)", False),
        ("includes((>= 5), 5)", True),
        ("not([true])", False),
        ("not(negand: [[false]])", True),
        ("is defined(missing)", False),
        ("get or else(missing, 1)", 1),
    ],
)
def test_functions_answer_as_documented(text: str, expected: object) -> None:
    assert value(text) == expected
    assert type(value(text)) is type(expected)


def test_now_and_today_answer_the_moment_that_was_passed_in() -> None:
    at = 1_700_000_000_123
    assert str(compile_expression("now()").value({}, at=at)) == "2023-11-14T22:13:20.123Z"
    assert str(compile_expression("today()").value({}, at=at)) == "2023-11-14"
    tokyo = compile_expression("now()").evaluate({}, at=at, zone="Asia/Tokyo").value
    assert str(tokyo) == "2023-11-15T07:13:20.123@Asia/Tokyo"
    assert compile_expression("today()").evaluate({}, at=at, zone="Asia/Tokyo").value != value("today()")


def test_a_built_in_is_a_value_that_can_be_passed_on() -> None:
    assert value("(function(f, x) f(x))(sqrt, 16)") == 4
    assert value("[abs][1](-3)") == 3
    assert value("abs instance of function<number> -> number") is True
