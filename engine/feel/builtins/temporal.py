"""Built-in functions on dates, times and durations."""

from flowmaster.engine.feel import zones
from flowmaster.engine.feel.builtins.registry import builtin
from flowmaster.engine.feel.evaluation import Evaluation, Fault
from flowmaster.engine.feel.numbers import COUNT_MAX, DECIMAL, counted
from flowmaster.engine.feel.temporal import (
    NANOS,
    Date,
    DateTime,
    DayTimeDuration,
    Time,
    YearMonthDuration,
    date_from_days,
    date_time_from,
    days_of,
    make_date,
    moment_at,
    month_days,
    time_from,
)
from flowmaster.engine.feel.temporal_text import read_date, read_date_time, read_duration, read_time
from flowmaster.engine.values import Number

_OFFSET_MAX = 18 * 3600
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def _whole(value: Number, what: str) -> int:
    whole = counted(value)
    if value != whole:
        raise Fault(f"the {what} must be a whole number")
    return whole


@builtin("date(from: string)")
def date(run: Evaluation, text: str) -> object:
    """Makes a date of a text, of a date and time, or of year, month and day.

    Example: date("2012-12-25") - date("2012-12-24") = duration("P1D")
    Example: date(2012, 12, 25) = date("2012-12-25")
    """
    found = read_date(text)
    if found is None:
        raise Fault(f"{text[:60]!r} is no date")
    return found


@builtin("date(from: date)")
def date_of_date(run: Evaluation, value: Date) -> object:
    """Returns the date itself."""
    return value


@builtin("date(from: date and time)")
def date_of_moment(run: Evaluation, value: DateTime) -> object:
    """Returns the date of a date and time."""
    return value.date


@builtin("date(year: number, month: number, day: number)")
def date_of_parts(run: Evaluation, year: Number, month: Number, day: Number) -> object:
    """Makes a date of its parts."""
    found = make_date(_whole(year, "year"), _whole(month, "month"), _whole(day, "day"))
    if found is None:
        raise Fault("there is no such day")
    return found


@builtin("time(from: string)")
def time(run: Evaluation, text: str) -> object:
    """Makes a time of a text, of a date and time, or of hour, minute, second and an offset.

    Example: time("23:59:00Z") + duration("PT2M") = time("00:01:00Z")
    Example: time(11, 59, 45, null) = time("11:59:45")
    """
    found = read_time(text)
    if found is None:
        raise Fault(f"{text[:60]!r} is no time")
    return found


@builtin("time(from: time)")
def time_of_time(run: Evaluation, value: Time) -> object:
    """Returns the time itself."""
    return value


@builtin("time(from: date and time)")
def time_of_moment(run: Evaluation, value: DateTime) -> object:
    """Returns the time of a date and time."""
    return value.time


@builtin("time(from: date)")
def time_of_date(run: Evaluation, value: Date) -> object:
    """Returns the midnight in UTC that a date stands for."""
    return Time(0, 0, 0, 0, 0)


@builtin("time(hour: number, minute: number, second: number, [offset: days and time duration?])")
def time_of_parts(
    run: Evaluation, hour: Number, minute: Number, second: Number, offset: DayTimeDuration | None = None
) -> object:
    """Makes a time of its parts."""
    hours, minutes = _whole(hour, "hour"), _whole(minute, "minute")
    nanos = counted(DECIMAL.multiply(second, NANOS))
    if not (0 <= hours <= 23 and 0 <= minutes <= 59 and 0 <= nanos < 60 * NANOS):
        raise Fault("there is no such time")
    shift = None
    if offset is not None:
        shift = abs(offset.nanos) // NANOS * (-1 if offset.nanos < 0 else 1)
        if abs(shift) > _OFFSET_MAX:
            raise Fault("the offset is larger than 18 hours")
    return time_from((hours * 60 + minutes) * 60 * NANOS + nanos, shift, None)


@builtin("date and time(from: string)")
def date_and_time(run: Evaluation, text: str) -> object:
    """Makes a date and time of a text, or of a date and a time.

    Example: date and time("2012-12-24T23:59:00") + duration("PT1M") = date and time("2012-12-25T00:00:00")
    """
    found = read_date_time(text)
    if found is None:
        raise Fault(f"{text[:60]!r} is no date and time")
    return found


@builtin("date and time(from: date and time)")
def moment_of_moment(run: Evaluation, value: DateTime) -> object:
    """Returns the date and time itself."""
    return value


@builtin("date and time(date: date|date and time, time: time)")
def moment_of_parts(run: Evaluation, day: Date | DateTime, clock: Time) -> object:
    """Joins a date and a time."""
    return DateTime(day.date if isinstance(day, DateTime) else day, clock)


@builtin("date and time(date: date and time, timezone: string)")
def moment_in_zone(run: Evaluation, moment: DateTime, timezone: str) -> object:
    """Returns the same instant in another zone; a local time is taken as one of that zone."""
    if zones.zone(timezone) is None:
        raise Fault(f"there is no time zone {timezone[:60]!r}")
    instant = moment.instant()
    if instant is None:
        return DateTime(moment.date, _with_zone(moment.time, timezone))
    return moment_at(instant, timezone)


def _with_zone(clock: Time, timezone: str) -> Time:
    return Time(clock.hour, clock.minute, clock.second, clock.nano, None, timezone)


@builtin("duration(from: string)")
def duration(run: Evaluation, text: str) -> object:
    """Makes a duration of a text: days and times, or years and months.

    Example: duration("P26M") = duration("P2Y2M")
    """
    found = read_duration(text)
    if found is None:
        raise Fault(f"{text[:60]!r} is no duration")
    return found


@builtin("duration(from: days and time duration|years and months duration)")
def duration_of_duration(run: Evaluation, value: object) -> object:
    """Returns the duration itself."""
    return value


@builtin("years and months duration(from: date|date and time, to: date|date and time)")
def years_and_months_duration(run: Evaluation, start: Date | DateTime, end: Date | DateTime) -> object:
    """Returns the full months between two dates.

    Example: years and months duration(date("2011-12-22"), date("2013-08-24")) = duration("P1Y8M")
    """
    a = start.date if isinstance(start, DateTime) else start
    b = end.date if isinstance(end, DateTime) else end
    months = (b.year - a.year) * 12 + b.month - a.month
    if months > 0 and b.day < a.day:
        months -= 1
    elif months < 0 and b.day > a.day:
        months += 1
    return YearMonthDuration(months)


@builtin("now()", pure=False)
def now(run: Evaluation) -> object:
    """Returns the moment of the evaluation.

    Example: now() instance of date and time = true
    """
    found = None if run.zone == "UTC" else moment_at(run.at * 1_000_000, run.zone)
    return date_time_from(run.at * 1_000_000, 0, None) if found is None else found


@builtin("today()", pure=False)
def today(run: Evaluation) -> object:
    """Returns the day of the evaluation.

    Example: today() instance of date = true
    """
    if run.zone == "UTC":
        return date_from_days(run.at // 86_400_000)
    moment = now(run)
    assert isinstance(moment, DateTime)
    return moment.date


def _day(value: Date | DateTime) -> Date:
    return value.date if isinstance(value, DateTime) else value


@builtin("day of year(date: date|date and time)")
def day_of_year(run: Evaluation, value: Date | DateTime) -> object:
    """Returns the number of the day in its year.

    Example: day of year(date(2019, 9, 17)) = 260
    """
    day = _day(value)
    return day.days - days_of(day.year, 1, 1) + 1


@builtin("day of week(date: date|date and time)")
def day_of_week(run: Evaluation, value: Date | DateTime) -> object:
    """Returns the English name of the day.

    Example: day of week(date(2019, 9, 17)) = "Tuesday"
    """
    return _DAYS[_day(value).weekday - 1]


@builtin("month of year(date: date|date and time)")
def month_of_year(run: Evaluation, value: Date | DateTime) -> object:
    """Returns the English name of the month.

    Example: month of year(date(2019, 9, 17)) = "September"
    """
    return _MONTHS[_day(value).month - 1]


@builtin("week of year(date: date|date and time)")
def week_of_year(run: Evaluation, value: Date | DateTime) -> object:
    """Returns the number of the week by ISO 8601.

    Example: week of year(date(2003, 12, 29)) = 1
    """
    day = _day(value)
    thursday = day.days - day.weekday + 4
    year = day.year
    if thursday < days_of(year, 1, 1):
        year -= 1
    elif thursday >= days_of(year + 1, 1, 1):
        year += 1
    return (thursday - days_of(year, 1, 1)) // 7 + 1


@builtin("last day of month(date: date|date and time)")
def last_day_of_month(run: Evaluation, value: Date | DateTime) -> object:
    """Returns the last day of the month of a date.

    Example: last day of month(date("2022-02-05")) = date("2022-02-28")
    """
    day = _day(value)
    last = Date(day.year, day.month, month_days(day.year, day.month))
    return DateTime(last, value.time) if isinstance(value, DateTime) else last


@builtin("unix timestamp(moment: date and time)")
def unix_timestamp(run: Evaluation, moment: DateTime) -> object:
    """Returns the milliseconds since 1970-01-01T00:00:00Z; a local time counts as UTC.

    Example: unix timestamp(date and time("1970-01-01T00:01:00Z")) = 60000
    """
    instant = moment.instant()
    return (moment.local_nanos if instant is None else instant) // 1_000_000


@builtin("from unix timestamp(timestamp: number, [timezone: string])")
def from_unix_timestamp(run: Evaluation, timestamp: Number, timezone: str | None = None) -> object:
    """Returns the date and time of milliseconds since 1970-01-01T00:00:00Z.

    Example: from unix timestamp(60000) = date and time("1970-01-01T00:01:00Z")
    """
    millis = counted(timestamp)
    if abs(millis) >= COUNT_MAX:
        raise Fault("the timestamp is too large")
    if timezone is None:
        return date_time_from(millis * 1_000_000, 0, None)
    found = moment_at(millis * 1_000_000, timezone)
    if found is None:
        raise Fault(f"there is no time zone {timezone[:60]!r}")
    return found
