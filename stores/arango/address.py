"""Where an ArangoDB is: an address such as `http://user@host:8529/database?password=file:/run/secrets/arango`.

The password is never part of the address: it stands in a variable or a file, which the address names.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from flowmaster.engine.errors import FlowMasterError

PASSWORD: Final = "FLOWMASTER_GRAPH_PASSWORD"
"""The environment variable with the password, unless the address names another place."""

USER: Final = "root"

EXPECTED: Final = "http(s)://user@host:8529/database?password=env:NAME or ?password=file:PATH"


class Address(NamedTuple):
    """An address: the server, the database in it, who signs in, where the password is, and all that may be shown."""

    server: str
    database: str
    user: str
    password: str
    shown: str


def address_of(text: str) -> Address:
    """Return the parts of an address, without a look at the password.

    Raises:
        FlowMasterError: it is none of an ArangoDB, or has the password itself in it.
    """
    parts = urlsplit(text)
    host = parts.netloc.rpartition("@")[2]
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    reference = query.pop("password", f"env:{PASSWORD}")
    database = unquote(parts.path.strip("/"))
    try:
        sound = parts.port is None or parts.port > 0
    except ValueError:
        sound = False
    if parts.password is not None or not reference.startswith(("env:", "file:")):
        raise FlowMasterError(
            "graph.secret_shown",
            f"The address of the graph at {host!r} holds its password, which everybody could read in the list of processes.",
            path="--graph",
            expected=EXPECTED,
            fix=f"Put the password into {PASSWORD}, or into a file that `?password=file:PATH` names; and change it.",
        )
    if parts.scheme not in ("http", "https") or not sound or not parts.hostname or not database or query:
        raise FlowMasterError(
            "graph.address_invalid",
            f"No ArangoDB can be reached at {_without_query(text)!r}.",
            path="--graph",
            expected=EXPECTED,
            fix="Name server and database, or leave `--graph` out: links are then read from the tables.",
        )
    user = unquote(parts.username or USER)
    return Address(
        f"{parts.scheme}://{host}", database, user, reference, f"{parts.scheme}://{host}/{database}"
    )


def password_of(address: Address, environment: Mapping[str, str]) -> str:
    """Return the password from where the address says that it is.

    Raises:
        FlowMasterError: there is none.
    """
    kind, _, name = address.password.partition(":")
    if kind == "env":
        if name in environment:
            return environment[name]
        missing = f"The variable {name!r} is not set."
    else:
        try:
            return Path(name).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeError):
            missing = f"The file {name!r} cannot be read."
    raise FlowMasterError(
        "graph.secret_absent",
        f"There is no password for the graph at {address.shown!r}: {missing}",
        path="--graph",
        expected=EXPECTED,
        fix=f"Set {PASSWORD}, or name a variable or file that holds the password; it may be empty.",
    )


def _without_query(text: str) -> str:
    """Return an address without who signs in and its query, which may hold what nobody should see."""
    before, at, behind = text.partition("?")[0].rpartition("@")
    return f"{before.partition('//')[0]}//{behind}" if at and "//" in before else behind
