"""The mark that each commit leaves, by which is found out whether it is there when its answer was cut off.

A transaction's number would tell as well as long as the database stands. After a crash it does not: numbers of transactions
that had not reached the disk are given again, to others, which may be committed.
"""

import time
from secrets import token_hex
from typing import Final

from flowmaster.engine.errors import FlowMasterError
from flowmaster.stores.postgres.address import Address
from flowmaster.stores.postgres.connection import Connection
from flowmaster.stores.postgres.errors import in_doubt
from flowmaster.stores.postgres.loops import Loop

DOUBT_SECONDS: Final = 10.0
"""How long is tried to find out what became of a commit whose answer was cut off."""

KEPT_MS: Final = 7 * 24 * 60 * 60 * 1000
"""How long after its last commit the mark of a server is kept."""

_PREFIX: Final = "commit:"
_NOW: Final = "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT"


class Marks:
    """The mark of one server: a row among the leases, whose holder is the number of the last commit."""

    def __init__(self, address: Address, loop: Loop) -> None:
        self._address = address
        self._loop = loop
        self._name = f"{_PREFIX}{token_hex(12)}"
        self._last = 0

    def begin(self, aside: Connection) -> None:
        """Make the row, so that each commit has one to change; take away those of servers that are long gone."""
        aside.run(f"DELETE FROM lease WHERE name LIKE ? AND until < {_NOW}", (f"{_PREFIX}%",))
        aside.run(
            f"INSERT INTO lease (name, holder, until) VALUES (?, ?, {_NOW} + ?) ON CONFLICT DO NOTHING",
            (self._name, str(self._last), KEPT_MS),
        )

    def leave(self, line: Connection) -> None:
        """Leave the mark of the commit that comes next, as part of it."""
        self._last += 1
        line.run(
            f"INSERT INTO lease (name, holder, until) VALUES (?, ?, {_NOW} + ?)"
            " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until",
            (self._name, str(self._last), KEPT_MS),
        )

    def is_there(self) -> bool:
        """Return whether the commit with the last mark has come to be.

        Whoever still carries it out holds the row, so that this waits for its end.

        Raises:
            FlowMasterError: nobody can tell (`store.in_doubt`).
        """
        until = time.monotonic() + DOUBT_SECONDS
        while time.monotonic() < until:
            try:
                line = Connection(self._address, self._loop)
                try:
                    found = line.value("SELECT holder FROM lease WHERE name = ? FOR UPDATE", (self._name,))
                finally:
                    line.close()
            except FlowMasterError:
                time.sleep(0.1)
            else:
                return bool(found == str(self._last))
        raise in_doubt(self._address.shown)
