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


def offset_at(name: str, local_seconds: int) -> int | None:
    """Return a zone's offset in seconds at a wall clock reading in seconds since 1970-01-01T00:00.

    The calendar repeats every 400 years, so readings outside of Python's years are moved into them; before 1900
    the offset is the zone's first one.
    """
    info = zone(name)
    if info is None:
        return None
    while local_seconds > _LAST:
        local_seconds -= _CYCLE_SECONDS * max(1, (local_seconds - _LAST) // _CYCLE_SECONDS)
    moment = datetime(1970, 1, 1, tzinfo=info) + timedelta(seconds=max(local_seconds, _FIRST + 86_400))
    offset = moment.utcoffset()
    return 0 if offset is None else offset.days * 86_400 + offset.seconds


def offset_of_instant(name: str, seconds: int) -> int | None:
    """Return a zone's offset in seconds at an instant in seconds since the epoch."""
    info = zone(name)
    if info is None:
        return None
    moment = datetime.fromtimestamp(min(max(seconds, _FIRST + 86_400), _LAST), tz=info)
    offset = moment.utcoffset()
    return 0 if offset is None else offset.days * 86_400 + offset.seconds


@lru_cache(maxsize=700)
def standard_offset(name: str) -> int | None:
    """Return the offset that a bare time of a zone has: the one of its standard time in 1970 and later."""
    info = zone(name)
    if info is None:
        return None
    offsets = []
    for month in (1, 7):
        offset = datetime(2020, month, 1, tzinfo=info).utcoffset()
        offsets.append(0 if offset is None else offset.days * 86_400 + offset.seconds)
    return min(offsets)
