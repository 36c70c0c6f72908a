"""What comes in and goes out, in memory: start subscriptions, buffered messages, the outbox."""

from collections.abc import Collection, Mapping, Sequence

from flowmaster.engine.values import Json
from flowmaster.stores import codec, rows
from flowmaster.stores.memory.data import Part, locked
from flowmaster.stores.paging import checked_limit


@locked
class MessageReader(Part):
    """The reads of start subscriptions, buffered messages and the outbox."""

    def due_starts(self, now: int, *, limit: int, tenant: str | None = None) -> list[rows.StartSubscription]:
        """Return the start timers due at `now` (engine time), earliest first, of all tenants or of one."""
        found = [
            (start.due, start.tenant, start.process, start.element, start.number, start)
            for start in self._data.starts.values()
            if start.due is not None and start.due <= now and tenant in (None, start.tenant)
        ]
        return [row[-1] for row in sorted(found)[:limit]]

    def start_subscriptions(
        self, tenant: str, *, kind: str, name: str | None = None
    ) -> list[rows.StartSubscription]:
        """Return the start events that this message or signal triggers; without a name all of the kind."""
        found = [
            start
            for start in self._data.starts.values()
            if (start.tenant, start.kind) == (tenant, kind) and name in (None, start.name)
        ]
        return sorted(found, key=lambda start: (start.process, start.element, start.number))

    def process_starts(self, tenant: str, process: str) -> list[rows.StartSubscription]:
        """Return all start subscriptions of a process."""
        found = [
            start
            for start in self._data.starts.values()
            if (start.tenant, start.process) == (tenant, process)
        ]
        return sorted(found, key=lambda start: (start.element, start.number))

    def buffered(
        self, tenant: str, *, name: str, keys: Sequence[str], now: int
    ) -> list[rows.BufferedMessage]:
        """Return the buffered messages with any of the keys (or none: `""`) that have not expired, oldest first."""
        return [
            message._replace(variables=codec.load(variables))
            for _, (message, variables) in sorted(self._data.messages.items())
            if message.tenant == tenant
            and message.name == name
            and message.key in keys
            and message.expires > now
        ]

    def count_buffered(self, tenant: str, *, name: str = "", most: int) -> int:
        """Return how many messages are buffered, of all names or of one; counting ends at `most`."""
        kept = (message for message, _ in self._data.messages.values() if message.tenant == tenant)
        return min(most, sum(name in ("", message.name) for message in kept))

    def next_expiry(self) -> int | None:
        """Return when the next buffered message of any tenant expires (engine time), None without one."""
        return min((message.expires for message, _ in self._data.messages.values()), default=None)

    def outbox_depth(self) -> int:
        """Return how many effects of all tenants are still to be done."""
        return len(self._data.outbox)

    def outbox_tenants(self) -> list[str]:
        """Return the tenants that have effects still to be done."""
        return sorted({row.tenant for row, _ in self._data.outbox.values()})


@locked
class MessageWriter(MessageReader):
    """The writes of start subscriptions, buffered messages and the outbox."""

    def put_starts(self, tenant: str, process: str, starts: Sequence[rows.StartSubscription]) -> None:
        """Replace all start subscriptions of a process by these (none takes them away)."""
        for key in [key for key in self._data.starts if key[:2] == (tenant, process)]:
            self._data.delete(self._data.starts, key)
        for start in starts:
            assert (start.tenant, start.process) == (tenant, process), "a start of another process"
            self._data.put(self._data.starts, (tenant, process, start.element, start.number), start)

    def start_timers(self, tenant: str, process: str) -> list[rows.StartSubscription]:
        """Return the start timers of a process, to be changed: no other server fires or changes them meanwhile."""
        return [start for start in self.process_starts(tenant, process) if start.kind == "timer"]

    def set_start_due(self, start: rows.StartSubscription) -> None:
        """Store the next `due` and `left` of a start timer; with `due` None it is done for good."""
        key = (start.tenant, start.process, start.element, start.number)
        old = self._data.starts.get(key)
        if old is not None and old.version == start.version:
            self._data.put(self._data.starts, key, old._replace(due=start.due, left=start.left))

    def put_message(
        self,
        tenant: str,
        *,
        name: str,
        key: str,
        variables: Mapping[str, Json],
        expires: int,
        at: int,
        by: str,
    ) -> rows.BufferedMessage:
        """Buffer a message."""
        text = codec.dump(variables).decode()
        number = self._data.number("", "message")
        message = rows.BufferedMessage(number, tenant, name, key, {}, expires, at, by)
        self._data.put(self._data.messages, number, (message, text))
        return message._replace(variables=codec.load(text))

    def delete_message(self, tenant: str, message: int) -> bool:
        """Take a message out of the buffer and say whether it was there."""
        found = self._data.messages.get(message)
        if found is None or found[0].tenant != tenant:
            return False
        return self._data.delete(self._data.messages, message)

    def expire_messages(self, now: int) -> list[rows.BufferedMessage]:
        """Delete the messages of all tenants that expired by `now` (engine time) and return them, oldest first."""
        expired = [
            message._replace(variables=codec.load(variables))
            for _, (message, variables) in sorted(self._data.messages.items())
            if message.expires <= now
        ]
        for message in expired:
            self._data.delete(self._data.messages, message.id)
        return expired

    def take_outbox(
        self,
        *,
        limit: int,
        targets: Collection[str] | None = None,
        after: int = 0,
        tenant: str | None = None,
    ) -> list[rows.OutboxRow]:
        """Return the oldest effects (behind id `after`) in order, of all tenants or of one; they stay until deleted."""
        checked_limit(limit)
        found = [
            row._replace(effect=row.effect._replace(payload=codec.load(payload)))
            for number, (row, payload) in sorted(self._data.outbox.items())
            if number > after
            and (targets is None or row.effect.target in targets)
            and tenant in (None, row.tenant)
        ]
        return found[:limit]

    def put_outbox(self, tenant: str, instance: str, at: int, effects: Sequence[rows.Effect]) -> None:
        """Add effects that belong to no step."""
        for effect in effects:
            payload = codec.dump(effect.payload).decode()
            number = self._data.number("", "outbox")
            row = rows.OutboxRow(number, tenant, instance, at, effect._replace(payload={}))
            self._data.put(self._data.outbox, number, (row, payload))

    def delete_outbox(self, ids: Collection[int]) -> None:
        """Forget effects that are done."""
        for number in ids:
            self._data.delete(self._data.outbox, number)
