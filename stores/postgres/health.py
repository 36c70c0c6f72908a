"""What can be said of a database from outside: that it answers, its version, its tables, its clock."""

from typing import NamedTuple

from flowmaster.stores.postgres.address import address_of
from flowmaster.stores.postgres.connection import Connection
from flowmaster.stores.postgres.loops import OwnLoop
from flowmaster.stores.postgres.migrate import version_of
from flowmaster.stores.postgres.news import ahead_of
from flowmaster.stores.postgres.schema import MIGRATIONS


class Health(NamedTuple):
    """A database as it was seen; `version` is 0 without tables, `ahead` counts milliseconds."""

    where: str
    server: str
    version: int
    newest: int
    ahead: int


def look(address: str) -> Health:
    """Look at a database, or refuse one that does not answer."""
    loop = OwnLoop()
    try:
        line = Connection(address_of(address), loop)
        server = str(line.value("SHOW server_version"))
        ahead = loop.run(ahead_of(line.raw))
        seen = Health(line.address.shown, server, version_of(line), len(MIGRATIONS), ahead)
        line.close()
        return seen
    finally:
        loop.close()
