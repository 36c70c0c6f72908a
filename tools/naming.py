"""Lets what a lower floor refuses name the argument of the call that it is about, and reads times in arguments."""

from collections.abc import Iterator
from contextlib import contextmanager

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.timers import instant, later
from flowmaster.tools.strict import refusal


@contextmanager
def naming(field: str) -> Iterator[None]:
    """Name the argument in a refusal from below that names no place, or only a line of a text."""
    try:
        yield
    except FlowMasterError as error:
        if not error.path or error.path.startswith("line"):
            error.path = f"{field}:{error.path}".rstrip(":")
        raise


def duration_of(text: str, field: str) -> int:
    """Return the milliseconds of an ISO 8601 duration in an argument, 0 for none."""
    if not text:
        return 0
    if text.lstrip().startswith("-"):
        raise refusal(
            field,
            "must not be negative",
            expected="an ISO 8601 duration such as PT48H",
            fix=f'Write it without the minus, for example "{field}": "PT48H".',
        )
    with naming(field):
        return later(0, text)


def instant_of(text: str, field: str) -> int | None:
    """Return the instant of an ISO 8601 date and time in an argument, None for none."""
    with naming(field):
        return instant(text) if text else None


def iso_duration(milliseconds: int) -> str:
    """Return a span of time as an ISO 8601 duration, nothing for no time."""
    if not milliseconds:
        return ""
    seconds, rest = divmod(milliseconds, 1_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    clock = [f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M")) if value]
    if seconds or rest:
        clock.append(f"{seconds}.{rest:03d}S" if rest else f"{seconds}S")
    return f"P{f'{days}D' if days else ''}{'T' + ''.join(clock) if clock else ''}"
