"""Where a database is: an address such as `postgresql://user@host/name?schema=flowmaster`."""

from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flowmaster.engine.errors import FlowMasterError

SCHEMA = "flowmaster"
"""The schema that the tables lie in unless the address names one."""

SCHEMES = ("postgresql", "postgres")


class Address(NamedTuple):
    """An address for the driver, the schema in it, and the address as it may be shown: without its password."""

    dsn: str
    schema: str
    shown: str


def address_of(text: str) -> Address:
    """Return the parts of an address.

    Raises:
        FlowMasterError: it is none of a PostgreSQL database.
    """
    parts = urlsplit(text)
    try:
        sound = parts.scheme in SCHEMES and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    if not sound:
        raise FlowMasterError(
            "store.unsupported",
            f"No store can be opened at {_masked(text)!r}.",
            path="--store",
            expected="postgresql://user@host:port/database",
            fix="Name a PostgreSQL database, or leave `--store` out for SQLite in the data folder.",
        )
    query = dict(parse_qsl(parts.query))
    schema = query.pop("schema", SCHEMA)
    dsn = urlunsplit(parts._replace(query=urlencode(query)))
    return Address(dsn, schema, _masked(text))


def _masked(text: str) -> str:
    """Return an address without its password and its query, which may hold one."""
    before, at, behind = text.partition("?")[0].rpartition("@")
    if not at:
        return behind
    name, colon, _ = before.rpartition(":")
    return f"{name if colon and '//' in name else before}@{behind}"
