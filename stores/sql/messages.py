"""What comes in and goes out: start subscriptions, buffered messages, the outbox."""

from collections.abc import Collection, Mapping, Sequence

from flowmaster.engine.values import Json
from flowmaster.stores import codec, rows
from flowmaster.stores.paging import checked_limit
from flowmaster.stores.sql.database import Row
from flowmaster.stores.sql.part import Part, Where

_STARTS = (
    'SELECT tenant, process, version, element, kind, name, due, every, "left", number, routed FROM start'
)
_BY_PROCESS = "(SELECT text FROM word WHERE word.id = process), element, number"
_MESSAGE_COLUMNS = "id, tenant, name, key, variables, expires, at, by"
_MESSAGES = f"SELECT {_MESSAGE_COLUMNS} FROM message"


class MessageReader(Part):
    """The reads of start subscriptions, buffered messages and the outbox."""

    def due_starts(self, now: int, *, limit: int, tenant: str | None = None) -> list[rows.StartSubscription]:
        """Return the start timers due at `now` (engine time), earliest first, of all tenants or of one."""
        where = Where("due <= ?", values=[now])
        if tenant is not None:
            where.add("tenant = ?", self._words.find(tenant))
        return self._start_rows(
            f"{_STARTS} WHERE {where} ORDER BY due, (SELECT text FROM word WHERE word.id = tenant), {_BY_PROCESS} LIMIT ?"
            + self._locked("OF start SKIP LOCKED"),
            (*where.values, limit),
        )

    def start_subscriptions(
        self, tenant: str, *, kind: str, name: str | None = None
    ) -> list[rows.StartSubscription]:
        """Return the start events that this message or signal triggers; without a name all of the kind."""
        where = Where("tenant = ? AND kind = ?", values=[self._words.find(tenant), kind])
        if name is not None:
            where.add("name = ?", name)
        return self._start_rows(f"{_STARTS} WHERE {where} ORDER BY {_BY_PROCESS}", where.values)

    def process_starts(self, tenant: str, process: str) -> list[rows.StartSubscription]:
        """Return all start subscriptions of a process."""
        return self._start_rows(
            f"{_STARTS} WHERE tenant = ? AND process = ? ORDER BY element, number",
            (self._words.find(tenant), self._words.find(process)),
        )

    def buffered(
        self, tenant: str, *, name: str, keys: Sequence[str], now: int
    ) -> list[rows.BufferedMessage]:
        """Return the buffered messages with any of the keys (or none: `""`) that have not expired, oldest first."""
        where = Where("tenant = ? AND name = ?", values=[self._words.find(tenant), name])
        where.add_in("key", keys)
        where.add("expires > ?", now)
        return self._messages(self._db.all(f"{_MESSAGES} WHERE {where} ORDER BY id", where.values))

    def count_buffered(self, tenant: str, *, name: str = "", most: int) -> int:
        """Return how many messages are buffered, of all names or of one; counting ends at `most`."""
        where = Where("tenant = ?", values=[self._words.find(tenant)])
        if name:
            where.add("name = ?", name)
        counted = f"SELECT count(*) FROM (SELECT 1 FROM message WHERE {where} LIMIT ?) AS counted"
        return int(self._db.value(counted, (*where.values, most)))

    def next_expiry(self) -> int | None:
        """Return when the next buffered message of any tenant expires (engine time), None without one."""
        found: int | None = self._db.value("SELECT min(expires) FROM message")
        return found

    def outbox_depth(self) -> int:
        """Return how many effects of all tenants are still to be done."""
        return int(self._db.value("SELECT count(*) FROM outbox"))

    def outbox_tenants(self) -> list[str]:
        """Return the tenants that have effects still to be done."""
        found = self._db.all("SELECT DISTINCT tenant FROM outbox", ())
        return sorted(self._words.text(tenant) for (tenant,) in found)

    def _messages(self, found: list[Row]) -> list[rows.BufferedMessage]:
        text = self._words.text
        return [
            rows.BufferedMessage(id, text(owner), name, key, codec.load(variables), expires, at, text(by))
            for id, owner, name, key, variables, expires, at, by in found
        ]

    def _start_rows(self, statement: str, values: Sequence[object]) -> list[rows.StartSubscription]:
        text = self._words.text
        return [
            rows.StartSubscription(
                text(tenant),
                text(process),
                version,
                element,
                kind,
                name,
                due,
                every,
                left,
                number,
                bool(routed),
            )
            for tenant, process, version, element, kind, name, due, every, left, number, routed in self._db.all(
                statement, values
            )
        ]


class MessageWriter(MessageReader):
    """The writes of start subscriptions, buffered messages and the outbox."""

    def put_starts(self, tenant: str, process: str, starts: Sequence[rows.StartSubscription]) -> None:
        """Replace all start subscriptions of a process by these (none takes them away)."""
        owner = (self._words.number(tenant), self._words.number(process))
        self._db.run("DELETE FROM start WHERE tenant = ? AND process = ?", owner)
        for start in starts:
            assert (start.tenant, start.process) == (tenant, process), "a start of another process"
            self._db.run(
                'INSERT INTO start (tenant, process, version, element, kind, name, due, every, "left", number, routed)'
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*owner, *start[2:-1], int(start.routed)),
            )

    def start_timers(self, tenant: str, process: str) -> list[rows.StartSubscription]:
        """Return the start timers of a process, to be changed: no other server fires or changes them meanwhile."""
        return self._start_rows(
            f"{_STARTS} WHERE tenant = ? AND process = ? AND kind = 'timer' ORDER BY element, number"
            + self._locked("OF start"),
            (self._words.find(tenant), self._words.find(process)),
        )

    def set_start_due(self, start: rows.StartSubscription) -> None:
        """Store the next `due` and `left` of a start timer; with `due` None it is done for good."""
        self._db.run(
            'UPDATE start SET due = ?, "left" = ? WHERE tenant = ? AND process = ? AND element = ? AND number = ?'
            " AND version = ?",
            (
                start.due,
                start.left,
                self._words.find(start.tenant),
                self._words.find(start.process),
                start.element,
                start.number,
                start.version,
            ),
        )

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
        number = self._db.insert(
            "INSERT INTO message (tenant, name, key, variables, expires, at, by) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self._words.number(tenant), name, key, text, expires, at, self._words.number(by)),
            number="id",
        )
        return rows.BufferedMessage(number, tenant, name, key, codec.load(text), expires, at, by)

    def delete_message(self, tenant: str, message: int) -> bool:
        """Take a message out of the buffer and say whether it was there."""
        return bool(
            self._db.count(
                "DELETE FROM message WHERE tenant = ? AND id = ?", (self._words.find(tenant), message)
            )
        )

    def expire_messages(self, now: int) -> list[rows.BufferedMessage]:
        """Delete the messages of all tenants that expired by `now` (engine time) and return them, oldest first."""
        where = Where("expires <= ?", values=[now])
        found = self._db.all(f"DELETE FROM message WHERE {where} RETURNING {_MESSAGE_COLUMNS}", where.values)
        return self._messages(sorted(found))

    def take_outbox(
        self,
        *,
        limit: int,
        targets: Collection[str] | None = None,
        after: int = 0,
        tenant: str | None = None,
    ) -> list[rows.OutboxRow]:
        """Return the oldest effects (behind id `after`) in order, of all tenants or of one; they stay until deleted."""
        where = Where("id > ?", values=[after])
        if tenant is not None:
            where.add("tenant = ?", self._words.find(tenant))
        if targets is not None:
            where.add_in("target", list(targets))
        return [
            rows.OutboxRow(
                id, self._words.text(owner), instance, at, rows.Effect(target, kind, codec.load(payload))
            )
            for id, owner, instance, at, target, kind, payload in self._db.all(
                f"SELECT id, tenant, instance, at, target, kind, payload FROM outbox WHERE {where}"
                " ORDER BY id LIMIT ?" + self._locked("SKIP LOCKED"),
                (*where.values, checked_limit(limit)),
            )
        ]

    def put_outbox(self, tenant: str, instance: str, at: int, effects: Sequence[rows.Effect]) -> None:
        """Add effects that belong to no step."""
        for effect in effects:
            self._db.run(
                "INSERT INTO outbox (tenant, instance, at, target, kind, payload) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    self._words.number(tenant),
                    instance,
                    at,
                    effect.target,
                    effect.kind,
                    codec.dump(effect.payload).decode(),
                ),
            )

    def delete_outbox(self, ids: Collection[int]) -> None:
        """Forget effects that are done."""
        for number in ids:
            self._db.run("DELETE FROM outbox WHERE id = ?", (number,))
