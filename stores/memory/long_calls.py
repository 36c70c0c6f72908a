"""Calls whose answers are come back for, in memory."""

from flowmaster.stores import codec, rows
from flowmaster.stores.memory.data import Part, locked


@locked
class LongCallReader(Part):
    """The reads of long calls."""

    def find_long_call(self, tenant: str, handle: str) -> rows.LongCall | None:
        """Return a long call by its handle, or None."""
        body = self._data.long_calls.get((tenant, handle))
        return None if body is None else rows.LongCall(*codec.load(body))

    def count_long_calls(self, tenant: str, owner: str, *, now: int) -> int:
        """Return how many long calls of a caller have neither ended nor expired."""
        return sum(1 for call in self._owned(tenant, owner) if not call.ended and call.expires > now)

    def _owned(self, tenant: str, owner: str) -> list[rows.LongCall]:
        found = [
            rows.LongCall(*codec.load(body))
            for (of, _), body in self._data.long_calls.items()
            if of == tenant
        ]
        return [call for call in found if call.owner == owner]


@locked
class LongCallWriter(LongCallReader):
    """The writes of long calls."""

    def put_long_call(self, tenant: str, call: rows.LongCall) -> None:
        """Add a long call or replace what is known of it."""
        self._data.put(self._data.long_calls, (tenant, call.handle), codec.dump(list(call)).decode())

    def drop_long_calls(self, tenant: str, owner: str, *, now: int, keep: int) -> int:
        """Delete the expired calls of all tenants, and all but the newest ended ones of a caller; return how many."""
        expired = [
            key
            for key, body in self._data.long_calls.items()
            if rows.LongCall(*codec.load(body)).expires <= now
        ]
        for key in expired:
            self._data.delete(self._data.long_calls, key)
        ended = [call for call in self._owned(tenant, owner) if call.ended]
        ended.sort(key=lambda call: (-call.at, call.handle))
        for call in ended[keep:]:
            self._data.delete(self._data.long_calls, (tenant, call.handle))
        return len(expired) + len(ended[keep:])
