"""Dates, times and durations as FEEL knows them: years to +-999,999,999, nanoseconds, offsets and zones.

Python's own classes end at year 9999 and at microseconds, so these are our own. All of them are immutable.
"""

from dataclasses import dataclass

from flowmaster.engine.feel import zones

YEAR_MAX = 999_999_999
NANOS = 1_000_000_000
DAY_SECONDS = 86_400
DAY_NANOS = DAY_SECONDS * NANOS
_MONTH_DAYS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_leap(year: int) -> bool:
    """Tell whether a year of the proleptic Gregorian calendar has 366 days."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def month_days(year: int, month: int) -> int:
    """Return the number of days of a month."""
    return 29 if month == 2 and is_leap(year) else _MONTH_DAYS[month]


def days_of(year: int, month: int, day: int) -> int:
    """Return the days since 1970-01-01 of any date of the proleptic Gregorian calendar."""
    year -= month <= 2
    era, year_of_era = divmod(year, 400)
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146_097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719_468


def date_of(days: int) -> tuple[int, int, int]:
    """Return year, month and day of a number of days since 1970-01-01."""
    era, day_of_era = divmod(days + 719_468, 146_097)
    year = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9
    return year + era * 400 + (month <= 2), month, day


@dataclass(frozen=True, slots=True)
class DayTimeDuration:
    """A duration of days, hours, minutes and seconds, held in nanoseconds."""

    nanos: int

    def __str__(self) -> str:
        if not self.nanos:
            return "PT0S"
        days, rest = divmod(abs(self.nanos), DAY_NANOS)
        hours, rest = divmod(rest, 3600 * NANOS)
        minutes, rest = divmod(rest, 60 * NANOS)
        seconds, nanos = divmod(rest, NANOS)
        text = ("-P" if self.nanos < 0 else "P") + (f"{days}D" if days else "")
        if hours or minutes or seconds or nanos:
            text += "T" + (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
            if seconds or nanos:
                text += f"{seconds}{fraction(nanos)}S"
        return text


@dataclass(frozen=True, slots=True)
class YearMonthDuration:
    """A duration of years and months, held in months."""

    months: int

    def __str__(self) -> str:
        if not self.months:
            return "P0M"
        years, months = divmod(abs(self.months), 12)
        sign = "-P" if self.months < 0 else "P"
        return sign + (f"{years}Y" if years else "") + (f"{months}M" if months else "")


@dataclass(frozen=True, slots=True)
class Date:
    """A day of the proleptic Gregorian calendar."""

    year: int
    month: int
    day: int

    def __str__(self) -> str:
        sign = "-" if self.year < 0 else ""
        return f"{sign}{abs(self.year):04d}-{self.month:02d}-{self.day:02d}"

    @property
    def days(self) -> int:
        """Return the days since 1970-01-01."""
        return days_of(self.year, self.month, self.day)

    @property
    def weekday(self) -> int:
        """Return 1 for Monday to 7 for Sunday."""
        return (self.days + 3) % 7 + 1


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day: local, with an offset in seconds, or with a zone."""

    hour: int
    minute: int
    second: int
    nano: int = 0
    offset: int | None = None
    zone: str | None = None

    def __str__(self) -> str:
        text = f"{self.hour:02d}:{self.minute:02d}:{self.second:02d}{fraction(self.nano)}"
        if self.zone is not None:
            return f"{text}@{self.zone}"
        return text if self.offset is None else text + offset_text(self.offset)

    @property
    def seconds(self) -> int:
        """Return the whole seconds since midnight."""
        return self.hour * 3600 + self.minute * 60 + self.second

    @property
    def nanos(self) -> int:
        """Return the nanoseconds since midnight."""
        return self.seconds * NANOS + self.nano

    def shift(self) -> int | None:
        """Return the offset in seconds: the own one, or the standard one of the zone."""
        return zones.standard_offset(self.zone) if self.zone is not None else self.offset


@dataclass(frozen=True, slots=True)
class DateTime:
    """A date with a time of day."""

    date: Date
    time: Time
    later: bool = False
    """Whether this is the second of the two moments that share a wall clock reading when a zone's clock is put back."""

    def __str__(self) -> str:
        return f"{self.date}T{self.time}"

    @property
    def local_nanos(self) -> int:
        """Return the nanoseconds of the wall clock since 1970-01-01T00:00:00, whatever the offset."""
        return self.date.days * DAY_NANOS + self.time.nanos

    def shift(self) -> int | None:
        """Return the offset from UTC in seconds at this moment; None for a local date and time."""
        if self.time.zone is not None:
            seconds = self.date.days * DAY_SECONDS + self.time.seconds
            return zones.offset_at(self.time.zone, seconds, later=self.later)
        return self.time.offset

    def instant(self) -> int | None:
        """Return the nanoseconds since the epoch in UTC; None for a local date and time."""
        shift = self.shift()
        return None if shift is None else self.local_nanos - shift * NANOS


def fraction(nanos: int) -> str:
    """Write a fraction of a second without trailing zeros."""
    return f".{nanos:09d}".rstrip("0") if nanos else ""


def offset_text(offset: int) -> str:
    """Write an offset from UTC: `Z`, or hours, minutes and, where needed, seconds."""
    if not offset:
        return "Z"
    hours, rest = divmod(abs(offset), 3600)
    minutes, seconds = divmod(rest, 60)
    text = f"{'-' if offset < 0 else '+'}{hours:02d}:{minutes:02d}"
    return f"{text}:{seconds:02d}" if seconds else text


def make_date(year: int, month: int, day: int) -> Date | None:
    """Return a date, or None when there is no such day."""
    if -YEAR_MAX <= year <= YEAR_MAX and 1 <= month <= 12 and 1 <= day <= month_days(year, month):
        return Date(year, month, day)
    return None


def date_from_days(days: int) -> Date | None:
    """Return the date of a day number, or None beyond the calendar's end."""
    year, month, day = date_of(days)
    return Date(year, month, day) if -YEAR_MAX <= year <= YEAR_MAX else None


def date_time_from(local_nanos: int, offset: int | None, zone: str | None) -> DateTime | None:
    """Return the date and time of a wall clock reading."""
    days, rest = divmod(local_nanos, DAY_NANOS)
    date = date_from_days(days)
    return None if date is None else DateTime(date, time_from(rest, offset, zone))


def moment_at(instant: int, timezone: str) -> DateTime | None:
    """Return an instant in nanoseconds since the epoch as the date and time of a zone; None beyond the calendar."""
    shift = zones.offset_of_instant(timezone, instant // NANOS)
    found = None if shift is None else date_time_from(instant + shift * NANOS, None, timezone)
    if found is None or found.shift() == shift:
        return found
    return DateTime(found.date, found.time, later=True)


def time_from(nanos: int, offset: int | None, zone: str | None) -> Time:
    """Return the time of day of nanoseconds since midnight."""
    seconds, nano = divmod(nanos, NANOS)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return Time(hour, minute, second, nano, offset, zone)


def add_months(date: Date, months: int) -> Date | None:
    """Add months; a day that the month lacks becomes its last one."""
    index = date.year * 12 + date.month - 1 + months
    year, month = divmod(index, 12)
    if not -YEAR_MAX <= year <= YEAR_MAX:
        return None
    return Date(year, month + 1, min(date.day, month_days(year, month + 1)))
