"""Examines the database that servers share, if one was named, without changing it."""

from collections.abc import Iterator
from typing import Final

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.doctor.finding import Finding

AHEAD_MS_MAX: Final = 60_000
"""How far the clocks of the database and of this machine may be apart without a word."""


def database(address: str) -> Iterator[Finding]:
    """Look at the database: that it answers, the version of its tables, its clock."""
    if not address:
        return
    from flowmaster.stores.postgres.health import look

    try:
        seen = look(address)
    except FlowMasterError as error:
        yield Finding("database", "fault", error.message, error.fix)
        return
    tables = (
        f"schema {seen.version} of {seen.newest}"
        if seen.version
        else "no tables yet; the first start makes them"
    )
    yield Finding("database", "ok", f"{seen.where}: PostgreSQL {seen.server}, {tables}")
    if abs(seen.ahead) > AHEAD_MS_MAX:
        says = f"the database's clock is {seen.ahead / 1000:+.0f} s from this machine's; FlowMaster goes by the database's"
        yield Finding("clock of the database", "warning", says, "Keep both clocks set by NTP.")
