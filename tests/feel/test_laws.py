"""What holds for all values: they are read back as they are written, and arithmetic keeps its laws."""

from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from flowmaster.engine.feel.comparing import compare
from flowmaster.engine.feel.convert import from_json, literal, to_json
from flowmaster.engine.feel.expression import compile_expression
from flowmaster.engine.feel.temporal import (
    DAY_NANOS,
    NANOS,
    Date,
    DateTime,
    DayTimeDuration,
    YearMonthDuration,
)
from flowmaster.engine.feel.values import kind_of
from tests.feel.values import (
    DATES,
    DAYS,
    HUGE,
    MOMENTS,
    MONTHS,
    NUMBERS,
    TEMPORALS,
    TEXTS,
    TIMES,
    VALUES,
    ZONED,
)

SUM = compile_expression("a + b")
DIFFERENCE = compile_expression("a - b")
PRODUCT = compile_expression("a * b")
QUOTIENT = compile_expression("a / b")
CONSTRUCTORS = {
    "date": compile_expression("date(string(a))"),
    "time": compile_expression("time(string(a))"),
    "date and time": compile_expression("date and time(string(a))"),
    "days and time duration": compile_expression("duration(string(a))"),
    "years and months duration": compile_expression("duration(string(a))"),
    "number": compile_expression("number(string(a))"),
}


def plus(a: object, b: object) -> object:
    return SUM.value({"a": a, "b": b})


def minus(a: object, b: object) -> object:
    return DIFFERENCE.value({"a": a, "b": b})


def seconds(value: object) -> object:
    """Return what two equal moments share: the instant, or the wall clock where there is no offset."""
    assert isinstance(value, DateTime)
    instant = value.instant()
    return value.local_nanos if instant is None else instant


@given(VALUES)
def test_every_value_is_read_back_from_its_literal(value: object) -> None:
    read = compile_expression(literal(value)).value({})
    assert read == value
    assert kind_of(read) == kind_of(value)


@given(TEMPORALS | NUMBERS | HUGE)
def test_every_value_is_read_back_from_its_string_by_its_constructor(value: object) -> None:
    assert CONSTRUCTORS[kind_of(value)].value({"a": value}) == value


@given(TEMPORALS)
def test_every_temporal_value_is_read_back_from_json_by_its_type(value: object) -> None:
    assert from_json(to_json(value), kind_of(value)) == value


@given(DATES, TIMES)
def test_a_date_and_time_has_the_date_and_the_time_it_is_made_of(date: Date, time: object) -> None:
    moment = compile_expression("date and time(d, t)").value({"d": date, "t": time})
    parts = compile_expression("[date(m), time(m), date and time(string(m))]").value({"m": moment})
    assert parts == [date, time, moment]
    rebuilt = compile_expression(
        "date(d.year, d.month, d.day) = d and time(t.hour, t.minute, t.second).second = t.second"
    )
    assert rebuilt.value({"d": date, "t": time}) is True


@given(MOMENTS | ZONED, DAYS, DAYS)
def test_durations_are_added_to_a_moment_one_by_one_or_together(
    moment: DateTime, first: DayTimeDuration, second: DayTimeDuration
) -> None:
    once, there = plus(moment, plus(first, second)), plus(moment, first)
    both = plus(there, second)
    assume(once is not None and there is not None and both is not None)
    assert seconds(once) == seconds(both)
    assert plus(first, moment) == there


@given(MOMENTS | ZONED, DAYS)
def test_a_duration_added_is_the_difference_also_across_a_change_of_the_clock(
    moment: DateTime, span: DayTimeDuration
) -> None:
    there = plus(moment, span)
    assume(there is not None)
    assert minus(there, moment) == span
    assert minus(moment, there) == DayTimeDuration(-span.nanos)
    back = minus(there, span)
    assert seconds(back) == seconds(moment)
    assert compare(there, moment) in ((0, 1) if span.nanos >= 0 else (0, -1))


@given(ZONED | MOMENTS, ZONED | MOMENTS)
def test_the_difference_of_two_moments_leads_from_one_to_the_other(a: DateTime, b: DateTime) -> None:
    span = minus(b, a)
    assert (span is None) == ((a.instant() is None) != (b.instant() is None))
    if span is not None:
        assert seconds(plus(a, span)) == seconds(b)


@given(TIMES, DAYS)
def test_a_time_turns_around_its_day(time: object, span: DayTimeDuration) -> None:
    there = plus(time, span)
    assert minus(there, span) == time
    assert plus(time, DayTimeDuration(span.nanos % DAY_NANOS)) == there


@given(DATES, st.integers(-100_000, 100_000), st.integers(0, DAY_NANOS - 1))
def test_a_date_goes_on_by_whole_days(date: Date, days: int, rest: int) -> None:
    there = plus(date, DayTimeDuration(days * DAY_NANOS + rest))
    assume(isinstance(there, Date))
    assert minus(there, date) == DayTimeDuration(days * DAY_NANOS)


@given(DATES, MONTHS)
def test_months_lead_to_the_same_day_or_the_last_one(date: Date, months: YearMonthDuration) -> None:
    there = plus(date, months)
    assume(isinstance(there, Date))
    assert isinstance(there, Date)
    assert (there.year * 12 + there.month) - (date.year * 12 + date.month) == months.months
    last = compile_expression("last day of month(d).day").value({"d": there})
    assert there.day == date.day or (there.day == last and there.day < date.day)
    if there.day == date.day:
        between = compile_expression("years and months duration(a, b)").value({"a": date, "b": there})
        assert between == months


@given(DAYS, DAYS, st.integers(1, 1000))
def test_durations_add_and_scale_as_numbers_do(a: DayTimeDuration, b: DayTimeDuration, factor: int) -> None:
    assert plus(a, b) == plus(b, a) == DayTimeDuration(a.nanos + b.nanos)
    assert minus(plus(a, b), b) == a
    scaled = PRODUCT.value({"a": a, "b": factor})
    assert scaled == PRODUCT.value({"a": factor, "b": a}) == DayTimeDuration(a.nanos * factor)
    assert QUOTIENT.value({"a": scaled, "b": factor}) == a
    if a.nanos:
        assert QUOTIENT.value({"a": scaled, "b": a}) == factor


@given(DAYS | MONTHS | DATES | MOMENTS | TIMES | NUMBERS | TEXTS)
def test_every_ordered_value_equals_itself_and_lies_in_the_range_from_itself(value: object) -> None:
    same = compile_expression(
        "a = a and is(a, a) and a <= a and not(a < a) and a in [a..a] and a between a and a"
    )
    assert same.value({"a": value}) is True


@given(NUMBERS, NUMBERS)
def test_numbers_add_both_ways_and_round_to_what_they_are(a: object, b: object) -> None:
    assert plus(a, b) == plus(b, a)
    assert PRODUCT.value({"a": a, "b": b}) == PRODUCT.value({"a": b, "b": a})
    signs = compile_expression("-(-a) = a and a - a = 0 and abs(a) >= 0 and (a = 0 or a / a = 1)")
    assert signs.value({"a": a}) is True
    rounded = compile_expression("[floor(a), ceiling(a), round down(a, 0), round half up(a, 0)]").value(
        {"a": a}
    )
    assert isinstance(rounded, list)
    low, high, inward, near = map(Decimal, rounded)
    assert low <= Decimal(a) <= high  # type: ignore[arg-type]
    assert high - low in (0, 1)
    assert inward in (low, high)
    assert near in (low, high)


@given(st.integers(-(10**20), 10**20), st.integers(-(10**12), 10**12).filter(bool))
def test_modulo_has_the_sign_of_the_divisor_and_fills_up_the_quotient(a: int, b: int) -> None:
    for shift in (Decimal(1), Decimal("0.001")):
        dividend, divisor = a * shift, b * shift
        rest = compile_expression("modulo(a, b)").value({"a": dividend, "b": divisor})
        assert isinstance(rest, (int, Decimal))
        assert rest == 0 or (rest < 0) == (divisor < 0)
        assert rest == (a % b) * shift


@given(TEXTS, TEXTS)
def test_a_text_is_taken_apart_and_joined_again(head: str, tail: str) -> None:
    given_texts = {"a": head, "b": tail}
    laws = compile_expression(
        "string length(a + b) = string length(a) + string length(b) and starts with(a + b, a) and ends with(a + b, b)"
        ' and contains(a + b, b) and string join([a, b], "") = a + b and from base64(to base64(a)) = a'
        ' and (a = "" or substring(a + b, 1, string length(a)) = a)'
    )
    assert laws.value(given_texts) is True


def test_a_day_across_the_change_of_a_clock_has_24_hours() -> None:
    def text(expression: str) -> str:
        return str(compile_expression(expression).value({}))

    spring, autumn = '@"2021-03-27T12:00:00@Europe/Paris"', '@"2021-10-31T02:30:00@Europe/Paris"'
    assert text(f'{spring} + @"P1D"') == "2021-03-28T13:00:00@Europe/Paris"
    assert text(f'{spring} + @"P1M"') == "2021-04-27T12:00:00@Europe/Paris"
    assert text(f'{autumn} + @"PT1H"') == "2021-10-31T02:30:00@Europe/Paris"
    assert text(f'({autumn} + @"PT1H") - {autumn}') == "PT1H"
    assert text(f'({autumn} + @"PT1H").time offset - {autumn}.time offset') == "-PT1H"
    assert text(f'is({autumn} + @"PT1H", {autumn})') == "False"
    assert text('@"12021-07-01T12:00:00@Europe/Paris" + @"P184D"') == "12022-01-01T11:00:00@Europe/Paris"
    assert NANOS == 10**9
