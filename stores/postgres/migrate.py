"""Brings the tables of a database to the newest version, one server at a time."""

from flowmaster.engine.errors import FlowMasterError
from flowmaster.stores.postgres.address import Address
from flowmaster.stores.postgres.connection import Connection, quoted
from flowmaster.stores.postgres.schema import CATALOG, LOCK, MIGRATIONS


def migrate(line: Connection, address: Address, *, only_look: bool) -> None:
    """Make what is missing, or refuse tables that this program cannot read.

    Raises:
        FlowMasterError: they are of a newer program, or of an older one and may only be looked at.
    """
    newest = len(MIGRATIONS)
    if version_of(line) == newest:
        return
    if only_look:
        _refuse(address, version_of(line), newest)
        raise FlowMasterError(
            "store.older",
            f"The data at {address.shown!r} has version {version_of(line)}; this FlowMaster reads {newest}.",
            fix="Start a server without --read-only on it once: that brings it to the newest version.",
            status=500,
        )
    line.script("BEGIN")
    line.run("SELECT pg_advisory_xact_lock(?)", (LOCK,))
    line.script(f"CREATE SCHEMA IF NOT EXISTS {quoted(address.schema)}")
    line.script(CATALOG)
    version = version_of(line)
    _refuse(address, version, newest)
    for number, script in enumerate(MIGRATIONS[version:], version + 1):
        line.script(script)
        line.run("INSERT INTO migration (version) VALUES (?)", (number,))
    line.script("COMMIT")


def version_of(line: Connection) -> int:
    """Return how many migrations a database has had; 0 without tables."""
    if line.value("SELECT to_regclass('migration')") is None:
        return 0
    return int(line.value("SELECT coalesce(max(version), 0) FROM migration"))


def _refuse(address: Address, version: int, newest: int) -> None:
    if version > newest:
        raise FlowMasterError(
            "store.newer",
            f"The data at {address.shown!r} has version {version}; this FlowMaster knows {newest}.",
            fix="Update FlowMaster, or choose another schema with `?schema=NAME` in the address.",
            status=500,
        )
