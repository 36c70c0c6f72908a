"""Times are read as ISO 8601 and cron say, and what cannot be read is refused."""

import pytest

from flowmaster.engine.cron import next_tick
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.limits import CYCLES_MAX
from flowmaster.engine.timers import Schedule, following, instant, iso, later, schedule


@pytest.mark.parametrize(
    ("duration", "after"),
    [
        ("PT48H", "2026-02-02T10:00:00Z"),
        ("P1M", "2026-02-28T10:00:00Z"),
        ("P1Y", "2027-01-31T10:00:00Z"),
        ("P1W", "2026-02-07T10:00:00Z"),
        ("PT0.5S", "2026-01-31T10:00:00.500Z"),
        ("-PT1H", "2026-01-31T10:00:00Z"),
    ],
)
def test_a_duration_leads_to_its_instant(duration: str, after: str) -> None:
    assert iso(later(instant("2026-01-31T10:00:00Z"), duration)) == after


@pytest.mark.parametrize("text", ["", "P", "PT", "1 hour", "P1H", "P99999999Y"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(FlowMasterError) as refused:
        later(0, text)
    assert refused.value.code == "timer.unreadable"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-07-01T12:00:00+02:00", "2026-07-01T10:00:00Z"),
        ("2026-07-01T12:00:00", "2026-07-01T12:00:00Z"),
        ("2026-07-01T12:00:00@Europe/Berlin", "2026-07-01T10:00:00Z"),
        ("2026-01-01T12:00:00[Europe/Berlin]", "2026-01-01T11:00:00Z"),
        ("2026-07-01", "2026-07-01T00:00:00Z"),
    ],
)
def test_an_instant_is_read_with_its_zone(text: str, read: str) -> None:
    assert iso(instant(text)) == read


@pytest.mark.parametrize(
    "text",
    [
        *["soon", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00@Mars/Olympus", "0001-01-01T00:00:00+14:00"],
        *["9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59@America/New_York"],
    ],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(FlowMasterError):
        instant(text)


def test_a_repetition_counts_down_and_ends() -> None:
    found: Schedule | None = schedule("cycle", "R3/PT10S", 0)
    dues = []
    while found is not None:
        dues.append(found.due)
        found = following(found, found.due)
    assert dues == [10_000, 20_000, 30_000]


@pytest.mark.parametrize(
    "text",
    [
        *["R0/PT1S", "R/PT0S", "R9999999/PT1S", "every day", "0 0 31 2 *", "R/2026-01-01T00:00:00Z/P1H"],
        "R/2026-01-01T00:00:00Z/PT0S/2030-01-01T00:00:00Z",
    ],
)
def test_a_repetition_without_sense_is_refused(text: str) -> None:
    with pytest.raises(FlowMasterError):
        schedule("cycle", text, 0)


@pytest.mark.parametrize(
    ("cron", "after", "tick"),
    [
        ("0 9 * * MON-FRI", "2026-11-21T10:00:00Z", "2026-11-23T09:00:00Z"),
        ("*/15 * * * *", "2026-01-01T00:07:00Z", "2026-01-01T00:15:00Z"),
        ("30 0 9 * * *", "2026-01-01T09:00:30Z", "2026-01-02T09:00:30Z"),
        ("0 0 29 2 *", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z"),
        ("0 0 1 JAN,JUL *", "2026-02-01T00:00:00Z", "2026-07-01T00:00:00Z"),
        ("0 0 13 * FRI", "2026-11-01T00:00:00Z", "2026-11-06T00:00:00Z"),
        ("@daily", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
        ("TZ=Europe/Berlin 0 9 * * *", "2026-07-01T08:00:00Z", "2026-07-02T07:00:00Z"),
        ("TZ=Europe/Berlin 30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),
        ("TZ=Europe/Berlin 30 2 * * *", "2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z"),
        ("TZ=Europe/Berlin 30 2 * * *", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"),
        ("TZ=Europe/Berlin 0 2 * * *", "2026-03-28T01:00:00Z", "2026-03-29T01:00:00Z"),
        ("TZ=Australia/Lord_Howe 10 2 * * *", "2026-10-03T00:00:00Z", "2026-10-03T15:30:00Z"),
    ],
)
def test_cron_ticks_when_it_says(cron: str, after: str, tick: str) -> None:
    found = next_tick(cron, instant(after))
    assert found is not None
    assert iso(found) == tick


def test_a_day_that_never_comes_has_no_tick() -> None:
    assert next_tick("0 0 31 2 *", 0) is None


@pytest.mark.parametrize(
    "cron",
    [
        "",
        "* * * *",
        "60 * * * *",
        "* * * * 9",
        "a * * * *",
        "5-1 * * * *",
        "TZ=No/Where * * * * *",
        "*/0 * * * *",
    ],
)
def test_what_is_no_cron_is_refused(cron: str) -> None:
    with pytest.raises(FlowMasterError):
        next_tick(cron, 0)


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("R/2026-01-31T00:00:00Z/P1M/2026-04-30T00:00:00Z", 3),
        ("R2/2026-01-31T00:00:00Z/P1M/2026-12-31T00:00:00Z", 1),
        ("R/9999-11-01T00:00:00Z/P1M/9999-12-31T00:00:00Z", 1),
        ("R/2026-01-01T00:00:00Z/PT1H/2026-01-01T05:30:00Z", 5),
        ("R3/2026-01-01T00:00:00Z/P1W/2030-01-01T00:00:00Z", 2),
        ("R/2026-01-01T00:00:00Z/P1D/2025-01-01T00:00:00Z", 0),
        ("R/2026-01-01T00:00:00Z/PT0.001S/9999-01-01T00:00:00Z", CYCLES_MAX),
        ("R/2026-01-01T00:00:00Z/PT1H", -1),
    ],
)
def test_a_repetition_with_a_start_and_an_end_counts_what_lies_between(text: str, more: int) -> None:
    assert schedule("cycle", text, 0).left == more


def test_a_date_and_a_duration_are_due_once() -> None:
    date = schedule("date", "2026-01-01T00:00:00Z", 0)
    assert iso(date.due) == "2026-01-01T00:00:00Z"
    assert following(date, date.due) is None
    assert schedule("duration", "PT1S", 500) == Schedule(1_500)


def test_a_cron_timer_goes_on_from_now_and_ends_with_the_calendar() -> None:
    first = schedule("cycle", "0 0 1 1 *", 0)
    assert iso(first.due) == "1971-01-01T00:00:00Z"
    late = following(first, instant("2026-06-01T00:00:00Z"))
    assert late is not None
    assert iso(late.due) == "2027-01-01T00:00:00Z"
    assert following(first, instant("9998-06-01T00:00:00Z")) is None


def test_a_repetition_ends_where_the_calendar_ends() -> None:
    first = schedule("cycle", "R/P5000Y", 0)
    assert following(first, first.due) is None


@pytest.mark.parametrize("cron", ["0 9 * * *", "TZ=Asia/Tokyo 0 9 * * *"])
def test_nothing_ticks_after_the_last_day_of_the_calendar(cron: str) -> None:
    assert next_tick(cron, instant("9999-12-31T23:59:59Z")) is None


def test_a_leap_day_a_year_later_is_the_last_of_february() -> None:
    assert iso(later(instant("2028-02-29T10:00:00Z"), "P1Y")) == "2029-02-28T10:00:00Z"


def test_seconds_of_one_minute_tick_one_after_the_other() -> None:
    ticks = []
    at = instant("2026-01-01T08:59:50Z")
    for _ in range(3):
        tick = next_tick("15,30 0 9 * * *", at)
        assert tick is not None
        at = tick
        ticks.append(iso(at)[8:])
    assert ticks == ["01T09:00:15Z", "01T09:00:30Z", "02T09:00:15Z"]
