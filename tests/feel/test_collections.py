"""Paths, filters and indexes; and the corners of functions, types and ranges."""

import contextlib
from decimal import Decimal
from types import MappingProxyType

import pytest

from flowmaster.engine.feel.expression import (
    FeelLimitExceeded,
    FeelSyntaxError,
    Limits,
    compile_expression,
    compile_unary_tests,
)
from flowmaster.engine.feel.syntax import FunctionType, NamedType
from flowmaster.engine.feel.types import ANY, FeelType, coerce, is_subtype, resolve

PEOPLE = [{"name": "Ann", "age": 30}, {"name": "Bob", "age": 20}, {"name": "Cid"}]


def value(text: str, **variables: object) -> object:
    return compile_expression(text).value(variables)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("people.name", ["Ann", "Bob", "Cid"]),
        ("people.age", [30, 20, None]),
        ("people[age > 25].name", ["Ann"]),
        ("people[item.age > 25].name", ["Ann"]),
        ("people[age > limit].name", ["Ann"]),
        ("people[1].name", "Ann"),
        ("people[-1].name", "Cid"),
        ("people[n].name", "Bob"),
        ("people[n + 1].name", "Cid"),
        ("people[4]", None),
        ("people[0]", None),
        ("people[1.5]", None),
        ("people[half]", None),
        ("people[2.0].name", "Bob"),
        ("people[name]", None),
        ("people[true].name", ["Ann", "Bob", "Cid"]),
        ("people[false]", []),
        ("people[null]", []),
        ("people[age = null].name", ["Cid"]),
        ("[][n]", None),
        ("[][item > 1]", []),
        ("[][missing > 1]", []),
        ("nothing[1]", None),
        ("nothing[item = 1]", None),
        ("5[1]", 5),
        ("5[item = 5]", [5]),
        ("5[2]", None),
        ("[{item: 1}, {item: 5}][item > 2]", [{"item": 5}]),
        ("[[1, 2], [3]][1][2]", 2),
        ("[1, 2, 3][item > 1][1]", 2),
        ("{a: {b: 1}}.a.b", 1),
        ("{a: 1}.b", None),
        ("nothing.x", None),
        ('"a".x', None),
        ("[1].x", [None]),
        ("view.a", 1),
        ("view.b", None),
        ("for i in (0..3) return i", [1, 2]),
        ("for i in [0..3) return i", [0, 1, 2]),
        ('for i in ["a".."c"] return i', None),
        ("for i in (< 3) return i", None),
        ("for i in [1.5..3] return i", None),
        ("(=5).start", 5),
        ("(!= 5).test", None),
        ("(< [1])", None),
        ('[1.."a"]', None),
        ("6 in (!=5)", True),
        ('"a" in (!=5)', None),
        ("1 in (< null)", None),
        ('"a" in range("[1..)")', None),
        ('"a" in range("(..1]")', None),
        ('range("(..5)") in range("(..5)")', True),
        ('coincides(range("(..5)"), range("(..5)"))', True),
        ('coincides(range("(..5)"), [1..5))', False),
        ('coincides(range("[1..)"), [1..5))', False),
        ('overlaps(range("[1..)"), range("(..0]"))', False),
        ('overlaps(range("[1..)"), range("(..2]"))', True),
        ('includes(range("[1..)"), 0)', False),
        ('includes(range("(1..)"), 1)', False),
        ("includes((1..2), 2)", False),
        ("includes([1..2], 3)", False),
        ('meets(range("[1..)"), [1..2])', False),
        ("meets([1..2], (2..3])", False),
        ("10.5 * 2 - 21", 0),
        ("modulo(1.5, 0.5)", 0),
        ("floor(12345, -2)", 12300),
        ("decimal(1.555, 10)", Decimal("1.555")),
        ("0.0 ** 0", 1),
        ('@"P1Y" < @"P13M"', True),
        ('@"2020-01-01T00:00:00" < @"2020-01-01T00:00:01"', True),
        ("(function() 1) = (function() 1)", False),
        ("partial(1)", None),
        ("null(1)", None),
        ("1(2)", None),
        ("(function(a, b) a - b)(b: 1, a: 3)", 2),
        ("(function(a, b) a)(a: 3)", 3),
        ("(function(a, b) b)(a: 3)", None),
        ("(function(a: number, b: number) if b = null then a else b)(a: 3)", 3),
        ("(function(a, b) a)(a: 3, c: 1)", None),
        ("(function(a, b) a)(a: 3, a: 1)", None),
        ("floor(scale: 1)", None),
        ('substring(string: "abc", string: "bc", start position: 2)', None),
        ('string join(list: ["a", "b"], delimiter: "-")', "a-b"),
        ('substring(string: "abc", start position: 2)', "bc"),
        ("time(hour: 1, minute: 2, second: 3).offset", None),
        ("flatten([[[[1]]]])", [1]),
        ("max([1, 2.5, 2])", Decimal("2.5")),
        ('[1, 2] = [1, "a"]', False),
        ('context put({a: {}}, ["a", "b", "c"], 1)', {"a": {"b": {"c": 1}}}),
        ("x + 9999999999999999999999999999999999", 10**34),
        ("x - 1", 0),
        ("a.b + 1", None),
        ("b.c + 1", 3),
        ("not in scope", None),
        ("{r: (!=5), a: 6 in r, b: 5 in r, c: null in r}.a", True),
        ("{r: (!=5), b: 5 in r}.b", False),
        ("{r: (> 5), a: 6 in r, b: 5 in r}.a", True),
        ("{r: (>= 5), a: 6 in r, b: 4 in r}.b", False),
        ("{r: (= null), a: null in r}.a", True),
        ("{r: (= null), a: 5 in r}.a", False),
        ("{r: (!= null), a: null in r}.a", False),
        ("{r: (!= null), a: 5 in r}.a", True),
        ('{r: (!=5), c: "a" in r}.c', None),
        ('string(date and time("2020-01-01"))', "2020-01-01T00:00:00"),
        ('string(date(date("2020-01-01")))', "2020-01-01"),
        ('string(time(time("10:00:00")))', "10:00:00"),
        ('string(date and time(date and time("2020-01-01T00:00:00")))', "2020-01-01T00:00:00"),
        ('string(duration(duration("P1D")))', "P1D"),
        ('string(time(date("2020-01-01")))', "00:00:00Z"),
        ("modulo(1e6000, 1e-6000) >= 0", True),
        ("round up(9.999999999999999999999999999999999e6144, -6111) > 1", True),
        ('replace("abcdefghijk", "(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)", "$10$1")', "jak"),
        ("[][true]", []),
        ("10 + 1e40 - 1e40", 0),
        ("x instance of list", False),
    ],
)
def test_collections_answer_as_the_standard_asks(text: str, expected: object) -> None:
    variables: dict[str, object] = {
        "people": PEOPLE,
        "limit": 25,
        "n": 2,
        "half": Decimal("1.5"),
        "nothing": None,
        "view": MappingProxyType({"a": 1}),
        "x": 1,
        "b": {"c": 2},
    }
    expression = compile_expression(text, names=["not in scope"])
    assert expression.value(variables) == expected
    assert expression.evaluate(variables).value == expected


def test_a_filter_over_nothing_still_pays_for_its_condition() -> None:
    expression = compile_expression("[][count(for i in 1..1000000000 return i) > 1]")
    with pytest.raises(FeelLimitExceeded):
        expression.value({})
    assert compile_expression("[][missing = 1]").evaluate({}).warnings == ()


def test_shared_lists_never_make_a_bounded_looking_comparison_hang() -> None:
    levels = ", ".join(f"l{number + 1}: [l{number}, l{number}]" for number in range(40))
    nested = f"{{l0: [x, 1], {levels}}}.l40"
    with pytest.raises(FeelLimitExceeded):
        compile_expression(f"{nested} = {nested}").value({"x": 1})


def test_a_function_of_the_variables_hides_a_built_in_of_its_name() -> None:
    expression = compile_expression("sum(1, 2)", names=["sum"])
    double = compile_expression("function(a, b) a * 10 + b").value({})
    assert expression.value({"sum": double}) == 12
    assert expression.value({"sum": 5}) == 3
    assert expression.value({}) == 3
    assert "sum" in expression.names


def test_what_cannot_be_folded_is_left_to_the_evaluation() -> None:
    assert compile_expression('count(split("' + "a," * 4000 + '", ","))').value({}) == 4001


def test_types_are_named_as_they_are_written() -> None:
    number = FeelType("number")
    assert str(FeelType("context", entries=(("a", number),))) == "context<a: number>"
    assert str(FeelType("function", number, parameters=(number, ANY))) == "function<number, Any> -> number"
    assert str(FeelType("list", number)) == "list<number>"
    assert str(FeelType("string", name="tName")) == "tName"
    assert resolve(FunctionType((NamedType("nothing"),), NamedType("number"))) is None
    assert resolve(FunctionType((), NamedType("nothing"))) is None


def test_types_are_compared_by_their_parts() -> None:
    number, text = FeelType("number"), FeelType("string")
    assert is_subtype(FeelType("list", number), FeelType("list"))
    assert is_subtype(FeelType("list", number), FeelType("list", number))
    assert not is_subtype(FeelType("list"), FeelType("list", number))
    wide = FeelType("context", entries=(("a", number), ("b", text)))
    narrow = FeelType("context", entries=(("a", number),))
    assert is_subtype(wide, narrow)
    assert not is_subtype(narrow, wide)
    assert is_subtype(FeelType("Null"), number)
    assert not is_subtype(text, number)
    assert is_subtype(text, ANY)
    assert coerce(["a", "b"], text) == (None, False)
    assert coerce([["a"]], text) == ("a", True)


@pytest.mark.parametrize(
    "text",
    [
        "x instance of function<> -> number",
        "x instance of list<context<a: list<number>, b c: range<date>>>",
        "x instance of my.name",
        "x instance of my-name",
        "x instance of context<>",
        "x instance of function<number,> -> number",
        "x instance of context<a: number,>",
    ],
)
def test_types_are_read(text: str) -> None:
    compile_expression(text).value({"x": 1})


@pytest.mark.parametrize("text", ["? > 1, (? < 0)", "not(? > 1)", "(1, 2)", "not((1), (2))", "(1) and true"])
def test_tests_in_parentheses_are_read_or_refused_but_never_crash(text: str) -> None:
    with contextlib.suppress(FeelSyntaxError):
        compile_unary_tests(text).value({"?": 5})


def test_limits_of_one_evaluation_are_its_own() -> None:
    expression = compile_expression("count(for i in 1..n return i)")
    with pytest.raises(FeelLimitExceeded):
        expression.evaluate({"n": 1000}, limits=Limits(steps=100))
    assert expression.evaluate({"n": 1000}).value == 1000
    with pytest.raises(FeelLimitExceeded) as caught:
        expression.evaluate({"n": 1000}, limits=Limits(items=100))
    assert "items" in caught.value.message
