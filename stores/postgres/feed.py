"""What changed, in the order in which it was committed.

Numbers of rows are given out before a commit, so that a row may appear behind one with a higher number. What is told
here is therefore counted in transactions: those that began before any that is still under way, all of them over.
"""

from flowmaster.stores import rows
from flowmaster.stores.sql.journal import JournalReader

_SETTLED = "tx < pg_snapshot_xmin(pg_current_snapshot())::TEXT::BIGINT"
_CHANGES = (
    "SELECT j.tx, j.tenant, coalesce(i.id, s.name), j.id FROM journal j"
    " LEFT JOIN instance i ON i.num = j.scope LEFT JOIN scope s ON s.num = -j.scope"
)


class CommitOrder(JournalReader):
    """The journal as a sequence of transactions."""

    def last_change(self) -> int:
        """Return the newest transaction of all tenants before which none is under way, 0 without any."""
        found: int | None = self._db.value(
            f"SELECT tx FROM journal WHERE {_SETTLED} ORDER BY tx DESC LIMIT 1"
        )
        return found or 0

    def changes(self, after: int, *, limit: int) -> list[rows.Change]:
        """Return what changed behind a transaction, oldest first; `limit` may be passed to tell one whole."""
        with self._db.snapshot():
            found = self._db.all(
                f"{_CHANGES} WHERE j.tx > ? AND j.{_SETTLED} ORDER BY j.tx, j.id LIMIT ?", (after, limit)
            )
            if len(found) == limit:
                last = found[-1]
                found += self._db.all(
                    f"{_CHANGES} WHERE j.tx = ? AND j.id > ? ORDER BY j.id", (last[0], last[3])
                )
        text = self._words.text
        return [rows.Change(tx, text(tenant), scope) for tx, tenant, scope, _ in found]
