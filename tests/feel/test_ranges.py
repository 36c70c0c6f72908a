"""Ranges: their texts, their iteration, and the functions of the standard's table 78 against its formulas."""

from collections.abc import Callable
from itertools import product

import pytest

from flowmaster.engine.feel.expression import compile_expression

Ends = tuple[int, int, bool, bool]
RANGES: list[Ends] = [
    (low, high, low_in, high_in)
    for low, high in ((1, 3), (1, 5), (3, 5), (5, 8), (2, 4), (3, 3))
    for low_in, high_in in product((True, False), repeat=2)
]
POINTS = range(10)


def value(text: str, **variables: object) -> object:
    return compile_expression(text, names=list(variables)).value(variables)


def text_of(ends: Ends) -> str:
    return f"{'[' if ends[2] else '('}{ends[0]}..{ends[1]}{']' if ends[3] else ')'}"


def _before(a: Ends, b: Ends) -> bool:
    return a[1] < b[0] or ((not a[3] or not b[2]) and a[1] == b[0])


def _meets(a: Ends, b: Ends) -> bool:
    return a[3] and b[2] and a[1] == b[0]


def _overlaps(a: Ends, b: Ends) -> bool:
    return (a[1] > b[0] or (a[1] == b[0] and a[3] and b[2])) and (
        a[0] < b[1] or (a[0] == b[1] and a[2] and b[3])
    )


def _overlaps_before(a: Ends, b: Ends) -> bool:
    return (
        (a[0] < b[0] or (a[0] == b[0] and a[2] and not b[2]))
        and (a[1] > b[0] or (a[1] == b[0] and a[3] and b[2]))
        and (a[1] < b[1] or (a[1] == b[1] and (not a[3] or b[3])))
    )


def _finishes(a: Ends, b: Ends) -> bool:
    return a[3] == b[3] and a[1] == b[1] and (a[0] > b[0] or (a[0] == b[0] and (not a[2] or b[2])))


def _includes(a: Ends, b: Ends) -> bool:
    return (a[0] < b[0] or (a[0] == b[0] and (a[2] or not b[2]))) and (
        a[1] > b[1] or (a[1] == b[1] and (a[3] or not b[3]))
    )


def _starts(a: Ends, b: Ends) -> bool:
    return a[0] == b[0] and a[2] == b[2] and (a[1] < b[1] or (a[1] == b[1] and (not a[3] or b[3])))


def _swapped(relation: Callable[[Ends, Ends], bool]) -> Callable[[Ends, Ends], bool]:
    return lambda a, b: relation(b, a)


RELATIONS: dict[str, Callable[[Ends, Ends], bool]] = {
    "before": _before,
    "after": _swapped(_before),
    "meets": _meets,
    "met by": _swapped(_meets),
    "overlaps": _overlaps,
    "overlaps before": _overlaps_before,
    "overlaps after": _swapped(_overlaps_before),
    "finishes": _finishes,
    "finished by": _swapped(_finishes),
    "includes": _includes,
    "during": _swapped(_includes),
    "starts": _starts,
    "started by": _swapped(_starts),
    "coincides": lambda a, b: a == b,
}
WITH_POINT: dict[str, Callable[[Ends, int], bool]] = {
    "before": lambda a, point: a[1] < point or (a[1] == point and not a[3]),
    "after": lambda a, point: a[0] > point or (a[0] == point and not a[2]),
    "finished by": lambda a, point: a[3] and a[1] == point,
    "includes": lambda a, point: (
        (a[0] < point or (a[0] == point and a[2])) and (a[1] > point or (a[1] == point and a[3]))
    ),
    "started by": lambda a, point: a[2] and a[0] == point,
}
MIRRORS = {"before": "after", "after": "before", "finished by": "finishes", "includes": "during"}


@pytest.mark.parametrize("name", RELATIONS)
def test_two_ranges_relate_as_the_standard_defines(name: str) -> None:
    call = compile_expression(f"{name}(a, b)")
    ranges = {ends: value(text_of(ends)) for ends in RANGES}
    for a, b in product(RANGES, repeat=2):
        assert call.value({"a": ranges[a], "b": ranges[b]}) is RELATIONS[name](a, b), (a, b)


@pytest.mark.parametrize("name", WITH_POINT)
def test_a_range_and_a_point_relate_as_the_standard_defines(name: str) -> None:
    mirror = MIRRORS.get(name, "starts")
    calls = compile_expression(f"{name}(a, b)"), compile_expression(f"{mirror}(b, a)")
    for ends, point in product(RANGES, POINTS):
        given = {"a": value(text_of(ends)), "b": point}
        assert [call.value(given) for call in calls] == [WITH_POINT[name](ends, point)] * 2, (ends, point)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[18..21)", "[18..21)"),
        ("]18..21[", "(18..21)"),
        (" ( 1 .. 2 ] ", "(1..2]"),
        ("[2..)", "(>= 2)"),
        ("(2..)", "(> 2)"),
        ("(..2)", "(< 2)"),
        ("]..2]", "(<= 2)"),
        ("[-1.5..-.5]", "[-1.5..-0.5]"),
        ("[1e2..1E3]", "[100..1000]"),
        ('["a]..b".."z"]', '["a]..b".."z"]'),
        ('["\\u0041".."z"]', '["A".."z"]'),
        ('[@"2021-01-01"..@"2021-01-02"]', '[@"2021-01-01"..@"2021-01-02"]'),
        ('[date("2021-01-01")..date(2021, 1, 2)]', '[@"2021-01-01"..@"2021-01-02"]'),
        (
            '[date and time("2021-01-01T00:00:00Z")..@"2021-01-02T00:00:00Z"]',
            '[@"2021-01-01T00:00:00Z"..@"2021-01-02T00:00:00Z"]',
        ),
        ('[duration("-P1D")..@"PT1H"]', '[@"-P1D"..@"PT1H"]'),
        ('(..time("10:00:00")]', '(<= @"10:00:00")'),
    ],
)
def test_a_text_becomes_the_range_it_writes(text: str, expected: str) -> None:
    assert value("range(t)", t=text) == value(expected)


@pytest.mark.parametrize(
    "text",
    [
        *("", "[", "[..]", "(..)", "[1..]", "[..1)", "[1..2", "1..2", "[1,2]", "[1..2] ]", "(1)", "< 5"),
        *("[1+1..3]", "[null..3]", "[true..false]", "[a..b]", "[[1]..[2]]", '[1.."a"]', "[2..1]", '["a..b"]'),
        *('[duration("P1D")..duration("P1Y")]', "[2021-01-01..2021-01-02]", '[date("x")..date("y")]'),
        *("[date(today())..@\"2099-01-01\"]", "[--1..2]", "[abs(1)..2]"),
    ],
)  # fmt: skip
def test_a_text_whose_ends_are_no_literals_is_no_range(text: str) -> None:
    assert value("range(t)", t=text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("for i in [1..3] return i", [1, 2, 3]),
        ("for i in [3..1] return i", [3, 2, 1]),
        ("for i in (4..1) return i", [3, 2]),
        ("for i in ]1..4[ return i", [2, 3]),
        ("for i in range(\"(1..4]\") return i", [2, 3, 4]),
        ("for i in (>= 1) return i", None),
        ("for i in [@\"P1D\"..@\"P3D\"] return i", None),
        ("for i in [@\"2021-01-02\"..@\"2020-12-31\"] return i.day", [2, 1, 31]),
        ("for i in [@\"2021-01-01T00:00:00\"..@\"2021-01-02T00:00:00\"] return i", None),
        ("every i in [1..3], j in (i..3] satisfies i < j", True),
    ],
)  # fmt: skip
def test_a_loop_over_a_range_takes_its_direction(text: str, expected: object) -> None:
    assert value(text) == expected
