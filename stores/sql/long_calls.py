"""Calls whose answers are come back for."""

from flowmaster.stores import codec, rows
from flowmaster.stores.sql.part import Part


class LongCallReader(Part):
    """The reads of long calls."""

    def find_long_call(self, tenant: str, handle: str) -> rows.LongCall | None:
        """Return a long call by its handle, or None."""
        body = self._db.value(
            "SELECT body FROM long_call WHERE handle = ? AND tenant = ?" + self._locked(),
            (handle, self._words.find(tenant)),
        )
        return None if body is None else rows.LongCall(*codec.load(body))

    def count_long_calls(self, tenant: str, owner: str, *, now: int) -> int:
        """Return how many long calls of a caller have neither ended nor expired."""
        return int(
            self._db.value(
                "SELECT count(*) FROM long_call WHERE tenant = ? AND owner = ? AND ended = 0 AND expires > ?",
                (self._words.find(tenant), owner, now),
            )
        )


class LongCallWriter(LongCallReader):
    """The writes of long calls."""

    def put_long_call(self, tenant: str, call: rows.LongCall) -> None:
        """Add a long call or replace what is known of it."""
        self._db.run(
            "INSERT INTO long_call (handle, tenant, owner, ended, at, expires, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (handle) DO UPDATE SET ended = excluded.ended, expires = excluded.expires, body = excluded.body",
            (
                call.handle,
                self._words.number(tenant),
                call.owner,
                int(call.ended),
                call.at,
                call.expires,
                codec.dump(list(call)).decode(),
            ),
        )

    def drop_long_calls(self, tenant: str, owner: str, *, now: int, keep: int) -> int:
        """Delete the expired calls of all tenants, and all but the newest ended ones of a caller; return how many."""
        whose = (self._words.find(tenant), owner)
        expired = self._db.count("DELETE FROM long_call WHERE expires <= ?", (now,))
        return expired + self._db.count(
            "DELETE FROM long_call WHERE tenant = ? AND owner = ? AND ended = 1 AND handle NOT IN (SELECT handle"
            " FROM long_call WHERE tenant = ? AND owner = ? AND ended = 1 ORDER BY at DESC, handle LIMIT ?)",
            (*whose, *whose, keep),
        )
