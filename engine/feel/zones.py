"""Time zones from the pinned `tzdata` package, the same on every machine; offsets of any year."""

import re
from datetime import datetime, timedelta
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(/[A-Za-z0-9_+\-]+){0,2}")
_CYCLE_SECONDS = 146_097 * 86_400
_FIRST = -62_135_596_800
_LAST = 253_402_214_400


@lru_cache(maxsize=700)
def zone(name: str) -> ZoneInfo | None:
    """Return a zone by its IANA name, or None when there is none."""
    if not _NAME.fullmatch(name):
        return None
    *folders, leaf = name.split("/")
    package = ".".join(["tzdata", "zoneinfo", *(folder.replace("-", "_") for folder in folders)])
    try:
        with resources.files(package).joinpath(leaf).open("rb") as data:
            return ZoneInfo.from_file(data, key=name)
    except (OSError, ValueError, ModuleNotFoundError):
        return None


def zone_names() -> list[str]:
    """Return the names of all zones."""
    return resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()


def offset_at(name: str, local_seconds: int, *, later: bool = False) -> int | None:
    """Return a zone's offset in seconds at a wall clock reading in seconds since 1970-01-01T00:00.

    `later` is the second of two moments with the same reading. Before 1900 the offset is the zone's first one.
    """
    info = zone(name)
    if info is None:
        return None
    moment = datetime(1970, 1, 1, tzinfo=info) + timedelta(seconds=_in_reach(local_seconds))
    return _seconds(moment.replace(fold=later).utcoffset())


def _in_reach(seconds: int) -> int:
    """Move seconds since 1970 into Python's years: the calendar repeats every 400 years."""
    if seconds > _LAST:
        seconds -= _CYCLE_SECONDS * (1 + (seconds - _LAST) // _CYCLE_SECONDS)
    return max(seconds, _FIRST + 86_400)


def _seconds(offset: timedelta | None) -> int:
    return 0 if offset is None else offset.days * 86_400 + offset.seconds


def offset_of_instant(name: str, seconds: int) -> int | None:
    """Return a zone's offset in seconds at an instant in seconds since the epoch."""
    info = zone(name)
    if info is None:
        return None
    return _seconds(datetime.fromtimestamp(_in_reach(seconds), tz=info).utcoffset())


@lru_cache(maxsize=700)
def standard_offset(name: str) -> int | None:
    """Return the offset that a bare time of a zone has: the one of its standard time in 1970 and later."""
    info = zone(name)
    if info is None:
        return None
    offsets = []
    for month in (1, 7):
        offsets.append(_seconds(datetime(2020, month, 1, tzinfo=info).utcoffset()))
    return min(offsets)
