"""Working time counts what a reckoning minute by minute counts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowmaster.engine.calendars import Calendar, read_calendar, working_time_later
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel.zones import zone
from flowmaster.engine.timers import later

OFFICE = read_calendar(
    "office",
    {
        "zone": "Europe/Berlin",
        "hours": {"mon-thu": "09:00-12:00 13:00-17:00", "fri": ["09:00-14:00"]},
        "closed": ["2026-04-03", "12-25"],
    },
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(text: str) -> int:
    """Return a local time in Berlin as an instant."""
    return round(datetime.fromisoformat(text).replace(tzinfo=zone("Europe/Berlin")).timestamp() * 1000)


def local(at: int) -> str:
    """Return an instant as a local time in Berlin."""
    return (EPOCH + timedelta(milliseconds=at)).astimezone(zone("Europe/Berlin")).isoformat()[:16]


@pytest.mark.parametrize(
    ("begin", "days", "hours", "end"),
    [
        ("2026-03-30T10:00", 0, 2, "2026-03-30T12:00"),
        ("2026-03-30T10:00", 0, 2.5, "2026-03-30T13:30"),
        ("2026-03-30T10:00", 1, 0, "2026-03-31T10:00"),
        ("2026-03-30T12:30", 1, 0, "2026-03-31T13:00"),
        ("2026-03-30T20:00", 1, 0, "2026-04-01T09:00"),
        ("2026-04-02T16:00", 1, 0, "2026-04-06T16:00"),  # Good Friday is closed
        ("2026-04-09T16:00", 1, 0, "2026-04-10T14:00"),  # Friday closes early
        ("2026-04-11T12:00", 0, 1, "2026-04-13T10:00"),
        ("2026-12-24T16:00", 0, 2, "2026-12-28T10:00"),
        ("2026-03-27T13:00", 0, 3, "2026-03-30T11:00"),  # the clocks go forward in between
        ("2026-03-30T10:00", 2, 3, "2026-04-01T14:00"),
        ("2026-03-30T07:00", 0, 0, "2026-03-30T07:00"),
    ],
)
def test_working_days_and_hours(begin: str, days: int, hours: float, end: str) -> None:
    assert local(working_time_later(OFFICE, instant(begin), days, round(hours * 3_600_000))) == end


def is_open(calendar: Calendar, at: int) -> bool:
    """Return whether a minute is open, by a look at the clock on the wall."""
    wall = (EPOCH + timedelta(milliseconds=at)).astimezone(zone(calendar.zone))
    day, minute = wall.date().isoformat(), wall.hour * 60 + wall.minute
    spans = calendar.week[wall.weekday()]
    return not {day, day[5:]} & calendar.closed and any(opens <= minute < closes for opens, closes in spans)


_spans = st.lists(st.integers(0, 47), min_size=2, max_size=4, unique=True).map(
    lambda marks: " ".join(
        f"{a // 2:02}:{a % 2 * 30:02}-{b // 2:02}:{b % 2 * 30:02}"
        for a, b in zip(sorted(marks)[::2], sorted(marks)[1::2], strict=False)
    )
)
_calendars = st.builds(
    lambda hours, zone, closed: read_calendar("c", {"hours": hours, "zone": zone, "closed": closed}),
    st.dictionaries(st.sampled_from(["mon-fri", "tue", "sat-mon", "thu-sun"]), _spans, min_size=1),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
    st.lists(st.sampled_from(["2026-03-27", "2026-10-26", "10-27"]), max_size=2),
)


@settings(max_examples=60, deadline=None)
@given(_calendars, st.integers(0, 60 * 24 * 300), st.integers(1, 600))
def test_open_minutes_are_counted_one_by_one(calendar: Calendar, begin: int, minutes: int) -> None:
    at = instant("2026-01-01T00:00") + begin * 60_000
    end = working_time_later(calendar, at, 0, minutes * 60_000)
    counted = sum(is_open(calendar, moment) for moment in range(at, end, 60_000))
    assert counted == minutes
    assert is_open(calendar, end - 60_000)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("office", "no mapping"),
        ({}, "no `hours`"),
        ({"hours": {"monday": "09:00-17:00"}}, "'monday'"),
        ({"hours": {"mon": "9-17"}}, '"9-17"'),
        ({"hours": {"mon": "17:00-09:00"}}, '"17:00-09:00"'),
        ({"hours": {"mon": "09:00-12:00 11:00-17:00"}}, '"11:00-17:00"'),
        ({"hours": {"mon": "09:70-12:00"}}, '"09:70-12:00"'),
        ({"hours": {"mon": []}}, "[]"),
        ({"hours": {"mon": "09:00-17:00"}, "zone": "Atlantis"}, '"Atlantis"'),
        ({"hours": {"mon": "09:00-17:00"}, "closed": ["xmas"]}, '"xmas"'),
        ({"hours": {"mon": "09:00-17:00"}, "open": []}, "'open'"),
    ],
)
def test_a_calendar_that_cannot_be_used_says_what_is_wrong(wrong: Any, told: str) -> None:
    with pytest.raises(FlowMasterError) as refused:
        read_calendar("c", wrong)
    assert refused.value.code == "calendar.malformed"
    assert told in refused.value.message


def test_a_calendar_that_is_never_open_ends_in_an_error() -> None:
    closed = [f"{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 32)]
    never = read_calendar("never", {"hours": {"mon-sun": "00:00-24:00"}, "closed": closed})
    for days, milliseconds in ((1, 0), (0, 1)):
        with pytest.raises(FlowMasterError) as refused:
            working_time_later(never, 0, days, milliseconds)
        assert refused.value.code == "calendar.never_open"


def test_working_time_ends_with_the_last_year_that_there_is() -> None:
    begin = instant("9999-12-30T10:00")
    assert local(working_time_later(OFFICE, begin, 1, 0)) == "9999-12-31T10:00"
    with pytest.raises(FlowMasterError) as refused:
        working_time_later(OFFICE, begin, 2, 0)
    assert refused.value.code == "calendar.never_open"
    assert "before the year 10000" in refused.value.message


@pytest.mark.parametrize("duration", ["P1W@office", "P1M@office", "P1Y2D@office"])
def test_weeks_months_and_years_are_no_working_time(duration: str) -> None:
    with pytest.raises(FlowMasterError) as refused:
        later(instant("2026-03-30T10:00"), duration, {"office": OFFICE})
    assert refused.value.code == "timer.unreadable"
    assert "P2D@office" in str(refused.value.expected)


def test_a_day_whose_only_hour_the_clocks_leave_out_is_no_open_day() -> None:
    night = read_calendar("night", {"zone": "Europe/Berlin", "hours": {"sun": "02:00-03:00"}})
    begin = instant("2026-03-22T02:30")  # the Sunday before the clocks go forward
    assert local(working_time_later(night, begin, 1, 0)) == "2026-04-05T02:30"
    assert local(working_time_later(night, begin, 0, 3_600_000)) == "2026-04-05T02:30"
