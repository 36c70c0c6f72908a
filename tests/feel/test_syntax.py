"""Reading expressions: names with blanks and signs, literals, and errors that name line and column."""

import sys
from decimal import Decimal

import pytest

from flowmaster.engine.feel.expression import (
    Expression,
    FeelSyntaxError,
    compile_expression,
    compile_unary_tests,
)


def value(text: str, variables: dict[str, object] | None = None) -> object:
    return compile_expression(text, names=variables or ()).value(variables or {})


@pytest.mark.parametrize(
    ("text", "line", "column", "part"),
    [
        ("1 +", 1, 4, "ends too early"),
        ("", 1, 1, "ends too early"),
        ("1 2", 1, 3, "does not belong"),
        ("amount foo", 1, 8, "does not belong"),
        ("(1", 1, 3, "`)`"),
        ("[1, 2", 1, 6, "`]`"),
        ("[1..2", 1, 6, "end of the range"),
        ("{a 1}", 1, 5, "key"),
        ("{a: 1, a: 2}", 1, 8, "twice"),
        ("{a: 1", 1, 6, "`}`"),
        ("{: 1}", 1, 2, "key"),
        ("if a then b", 1, 12, "`else`"),
        ("if a else b", 1, 6, "`then`"),
        ("for x in a", 1, 11, "`return`"),
        ("for in a return 1", 1, 5, "variable"),
        ("some x in a", 1, 12, "`satisfies`"),
        ("some x", 1, 6, "variable"),
        ("a between 1", 1, 12, "`and`"),
        ("a instance b", 1, 12, "`of`"),
        ("a instance of 1", 1, 15, "type"),
        ("a instance of number<text>", 1, 27, "ends too early"),
        ("a.1", 1, 2, "does not belong"),
        ("a.", 1, 3, "name"),
        ('"abc', 1, 1, "not closed"),
        ("/* abc", 1, 1, "not closed"),
        ("a == b", 1, 3, "equality is `=`"),
        ("f(a: 1, 2)", 1, 10, "mixed"),
        ("f(1", 1, 4, "`)`"),
        ("12abc", 1, 1, "neither"),
        ("#", 1, 1, "unexpected"),
        ("a\n + \n  and", 3, 3, "`and`"),
        ("function(a b", 1, 13, "`)`"),
        ("function(,) 1", 1, 10, "parameter"),
        ("1e99999", 1, 1, "too large"),
    ],
)
def test_an_error_names_line_and_column(text: str, line: int, column: int, part: str) -> None:
    with pytest.raises(FeelSyntaxError) as caught:
        compile_expression(text)
    assert caught.value.code == "feel.syntax"
    assert caught.value.path == f"line {line}, column {column}"
    assert f"(line {line}, column {column})" in caught.value.message
    assert part in caught.value.message


@pytest.mark.parametrize("text", ["", "<", "not(1", "not(1,", "1,", "> 1 2", "not(1) 2", "((1)"])
def test_faulty_tests_are_refused(text: str) -> None:
    with pytest.raises(FeelSyntaxError):
        compile_unary_tests(text)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 500 + "1" + ")" * 500,
        "[" * 500 + "]" * 500,
        "{a:" * 300 + "1" + "}" * 300,
        "-" * 2000 + "1",
        "1" + "+1" * 500,
        "a" + ".b" * 500,
        "a" + "[1]" * 500,
        "f" + "()" * 500,
        "if a then " * 300 + "1",
        "1" + " = 1" * 500,
        "a instance of " + "list<" * 100 + "number" + ">" * 100,
        "not(" * 300 + "true" + ")" * 300,
        "function() " * 300 + "1",
        '"' + "a" * 300_000 + '"',
        "for a in " * 300 + "1",
    ],
)
def test_hostile_nesting_is_a_syntax_error_and_no_crash(text: str) -> None:
    for read in (compile_expression, compile_unary_tests):
        with pytest.raises(FeelSyntaxError):
            read(text)


def test_where_the_stack_is_large_enough_the_limit_of_nesting_has_a_name() -> None:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        assert compile_expression("(" * 99 + "1" + ")" * 99).value({}) == 1
        with pytest.raises(FeelSyntaxError, match="nested deeper than 100 levels"):
            compile_expression("(" * 101 + "1" + ")" * 101)
    finally:
        sys.setrecursionlimit(before)


@pytest.mark.parametrize(
    ("text", "variables", "expected"),
    [
        ("order.net price + 1", {"order": {"net price": 5}}, 6),
        ("first name + last name", {"first name": "a", "last name": "b"}, "ab"),
        ("first  name", {"first name": "a"}, "a"),
        ("a-b", {"a-b": 1, "a": 5, "b": 3}, 1),
        ("a - b", {"a-b": 1, "a": 5, "b": 3}, 2),
        ("Person's age + 1", {"Person's age": 1}, 2),
        ("values in a list", {"values in a list": 3}, 3),
        ("some x in values in a list satisfies x = 1", {"values in a list": [1]}, True),
        ("b and c", {"b and c": 7, "b": True, "c": True}, 7),
        ("A.b c", {"A": {"b c": 1}}, 1),
        ("A.b c + 1", {"A": {"b c": 1}}, 2),
        ("if A.x then A.y else A.z", {"A": {"x": True, "y": 1}}, 1),
        ("🐎 + 1", {"🐎": 1}, 2),
        ("größe", {"größe": 1}, 1),
        ("date", {"date": 5}, 5),
        ('date("2020-01-01").year', {"date": 5}, 2020),
        ("count + count([1])", {"count": 5}, 6),
        ("{a b: 1, c+d: 2, e: a b + c+d}.e", {}, 3),
        ('{"a\\"b": 1}', {}, {'a"b': 1}),
        ('{"x y": 1}.x y', {}, 1),
        ("for loop var in [1, 2] return loop var * 2", {}, [2, 4]),
        ("(function(my arg) my arg + 1)(1)", {}, 2),
        ("(function(my arg: number, b) my arg + b)(b: 1, my arg: 2)", {}, 3),
        ("[{a b: 1}][a b = 1].a b", {}, [1]),
        ("true", {"true": 1}, True),
        ("?", {"?": 4}, 4),
    ],
)
def test_names_may_have_blanks_signs_and_keywords(
    text: str, variables: dict[str, object], expected: object
) -> None:
    assert compile_expression(text, names=[*variables, "a b", "b c"]).value(variables) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r'"a\nb\t\"\\"', 'a\nb\t"\\'),
        (r'"\u00e9\U01F40E"', "é🐎"),
        (r'"\ud83d\udc0e"', "🐎"),
        (r'"\ud83d"', "\ufffd"),
        (r'"\d\.\x"', r"\d\.\x"),
        (r'"\u12"', r"\u12"),
        (r'"\U110000"', r"\U110000"),
        ("{order: {net price: 5}}.order.net price", 5),
        ("{order: {a b c: 5}, d: order.a b c + 1}.d", 6),
        ("1.50", Decimal("1.50")),
        (".5", Decimal("0.5")),
        ("1e2", 100),
        ("1.5E-1", Decimal("0.15")),
        ("1 // comment\n + 2", 3),
        ("1 /* a * b */ + 2", 3),
        ("\u00a01\u2003+\ufeff1", 2),
        ("[1,2 , 3]", [1, 2, 3]),
        ("[1..3].end", 3),
        ("]1..3[.start included", False),
        ("(1..3].end included", True),
        ("{}", {}),
        ("[]", []),
        ("null", None),
        ('@"P1D".days', 1),
        ('@ "P1D".days', 1),
        ("[< 5, > 1][1].end", 5),
        ("(function() 5)()", 5),
        ("for i in 3..1 return i", [3, 2, 1]),
        ("for i in [1..3] return i", [1, 2, 3]),
        ("for i in (1..3] return i", [2, 3]),
        ("for i in 1..2, j in i..2 return [i, j]", [[1, 1], [1, 2], [2, 2]]),
        ("for i in 0..4 return if i = 0 then 1 else i * partial[-1]", [1, 1, 2, 6, 24]),
        ('for d in @"2020-02-28"..@"2020-03-01" return d.day', [28, 29, 1]),
        ("for i in 5 return i", [5]),
        ("for i in null return i", None),
        ("for i in 1.5..3 return i", None),
        ('for i in "a".."b" return i', None),
        ("for i in [1], j in null return i", None),
        ("some i in [1, 2], j in [2] satisfies i = j", True),
        ("every i in [] satisfies false", True),
        ("some i in null satisfies true", None),
        ("every i in [1, null] satisfies i > 0", None),
        ("some i in [null, 1] satisfies i > 0", True),
        ('some i in [1] satisfies "a"', None),
    ],
)
def test_literals_and_constructs_are_read_as_written(text: str, expected: object) -> None:
    assert value(text) == expected


def test_names_are_the_variables_an_expression_reads_from_outside() -> None:
    def names(text: str, known: tuple[str, ...] = ()) -> tuple[set[str], set[str]]:
        expression = compile_expression(text, names=known)
        return set(expression.names), set(expression.names_perhaps)

    assert names("a.b + sum(c)") == ({"a", "c"}, set())
    assert names("for x in xs return x + y") == ({"xs", "y"}, set())
    assert names("{a: 1, b: a + c}") == ({"c"}, set())
    assert names("items[price > limit and item.x = 1]") == ({"items"}, {"price", "limit"})
    assert names("(function(a) a + b)(c)") == ({"b", "c"}, set())
    assert names("some x in xs satisfies x = y") == ({"xs", "y"}, set())
    assert names("my var + 1", ("my var",)) == ({"my var"}, set())
    assert names("f(1)") == ({"f"}, set())
    assert set(compile_unary_tests("> limit, ? = x").names) == {"limit", "x"}


def test_constant_expressions_are_known_as_such() -> None:
    assert compile_expression('date("2020-01-01") + duration("P1D")').is_constant
    assert compile_expression("1 + 2").constant == 3
    assert not compile_expression("1 / 0").is_constant
    assert not compile_expression("now()").is_constant
    assert not compile_expression("x").is_constant


def test_an_expression_is_shown_by_its_text() -> None:
    expression = compile_expression("1 + x")
    assert isinstance(expression, Expression)
    assert repr(expression) == "Expression('1 + x')"
    assert expression.text == "1 + x"


@pytest.mark.parametrize(
    ("tests", "given", "expected"),
    [
        ("-", None, True),
        ("5", 5, True),
        ("5", Decimal("5.0"), True),
        ("5", "5", False),
        ("< 5", 4, True),
        ("< 5", None, False),
        ("1, 2, 3", 2, True),
        ("not(1, 2)", 3, True),
        ("not(1, 2)", 2, False),
        ("not(null)", 2, True),
        ("not([1..5))", 5, True),
        ("not((1..5), > 7)", 5, True),
        ("not((1..5], > 7)", 5, False),
        ("not(x = 8) and ? = 1", 1, True),
        ("not(< 5)", None, False),
        ("[1..5]", 5, True),
        ("(1..5)", 5, False),
        ('"a", "b"', "b", True),
        ("? > 3 and ? < 6", 5, True),
        ("? in [1, 2]", 2, True),
        ("x", 7, True),
        ("> x", 8, True),
        ("[1, 2]", 2, True),
        ("null", None, True),
        ("x > 3", "anything", True),
        ("x > 30", "anything", False),
        ("true", True, True),
        ("x > 3", True, True),
        ('contains(?, "b")', "abc", True),
        ("[x..10]", 8, True),
        ("[x..null]", 8, False),
        ("string length(?)", "a", False),
        ('@"2020-01-01"', "2020-01-01", False),
        ("not(true) or x = 7", 1, True),
    ],
)
def test_unary_tests_test_the_input(tests: str, given: object, expected: bool) -> None:
    expression = compile_unary_tests(tests)
    assert expression.value({"?": given, "x": 7}) is expected
    assert expression.evaluate({"?": given, "x": 7}).value is expected


def test_unary_tests_without_an_input_test_null() -> None:
    assert compile_unary_tests("null").value({}) is True


@pytest.mark.parametrize("word", ["true", "false", "null"])
def test_an_entry_named_like_a_constant_does_not_stand_for_it(word: str) -> None:
    assert value(f'{{"{word}": 1, b: {word}}}.b = {word}') is True
