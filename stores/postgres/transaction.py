"""A write under way on PostgreSQL, beside those of other servers.

It runs at READ COMMITTED, and what it decides on is locked before it is looked at: an instance when it is loaded, by
which others do not wait but try again (`rows.Contended`); who waits for a message or signal by an advisory lock on its
name, which those who begin to wait hold together and those who send hold alone. Deadlocks that remain are found by the
database, which takes back one part of one transaction, to be done again.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from flowmaster.engine import state as st
from flowmaster.stores import rows
from flowmaster.stores.identifiers import parse_wait_id
from flowmaster.stores.postgres.connection import Connection
from flowmaster.stores.postgres.numbers import Numbers
from flowmaster.stores.projection import EVENT, WaitKeys, topic
from flowmaster.stores.releases import Aspect, ReleaseRow
from flowmaster.stores.sql.erasing import TraceEraser
from flowmaster.stores.sql.jobs import JobWriter
from flowmaster.stores.sql.links import LinkWriter
from flowmaster.stores.sql.long_calls import LongCallWriter
from flowmaster.stores.sql.seen import Seen
from flowmaster.stores.sql.sent import SentWriter
from flowmaster.stores.sql.words import Vocabulary, Words


class SharedWords(Words):
    """Words that are added beside the transaction, for good, so that no server waits for another's new word."""

    def __init__(self, db: Connection, known: Vocabulary, aside: Connection) -> None:
        super().__init__(db, known)
        self._aside = aside

    def number(self, text: str) -> int:
        """Return the number of a word, adding it if need be."""
        number = self.find(text)
        if number is None:
            self._aside.run("INSERT INTO word (text) VALUES (?) ON CONFLICT DO NOTHING", (text,))
            number = int(self._aside.value("SELECT id FROM word WHERE text = ?", (text,)))
            self._known.learn({text: number})
        return number


class PostgresTransaction(TraceEraser, JobWriter, LongCallWriter, LinkWriter, SentWriter):
    """A write under way on the writing connection of this server; `aside` is for what counts whatever becomes of it."""

    def __init__(self, db: Connection, known: Vocabulary, aside: Connection) -> None:
        self._db = self._connection = db
        self._words = SharedWords(db, known, aside)
        self._seen = Seen(lasting=False)
        self._numbers = Numbers(aside)

    def savepoint(self) -> "_Savepoint":
        """Open a part of the transaction that is undone alone if it raises."""
        return _Savepoint(self)

    def touched(self) -> int:
        """Return how many changes were tried, statements that failed included, -1 without a transaction."""
        connection = self._connection
        return connection.changes + self._numbers.mark if connection.in_transaction else -1

    def end(self, *, committed: bool) -> None:
        """Keep or drop what was remembered for the time of the transaction."""
        if committed:
            self._seen.settle()
            self._words.settle()
        else:
            self._connection.drop_held()
            self._seen.forget()
            self._numbers.back_to(0)
        self._numbers.settle(give_back=self._connection.is_open)

    def next_number(self, tenant: str, name: str) -> int:
        """Return the next number of a counter; what is undone leaves a gap if another server took one meanwhile."""
        return self._numbers.next((self._words.number(tenant), name))

    def counter(self, tenant: str, name: str) -> int:
        """Return the last number of a counter, 0 if it was never used."""
        taken = self._numbers.last((self._words.number(tenant), name))
        return super().counter(tenant, name) if taken is None else taken

    def find_task(self, tenant: str, task: str) -> rows.TaskRow | None:
        """Return an open task by its id, or None; its instance is locked."""
        self._lock_instance_of(tenant, task)
        return super().find_task(tenant, task)

    def find_job(self, tenant: str, job: str) -> rows.JobRow:
        """Return the job leased under this id, or refuse it; its instance is locked."""
        self._lock_instance_of(tenant, job)
        return super().find_job(tenant, job)

    def instance_subscriptions(self, tenant: str, instance: str) -> list[rows.Subscription]:
        """Return what one instance subscribes to; it is locked."""
        self._lock_instance(tenant, instance)
        return super().instance_subscriptions(tenant, instance)

    def subscriptions(
        self, tenant: str, *, kind: str, name: str, key: str = "", limit: int
    ) -> list[rows.Subscription]:
        """Return who waits for this message or signal; nobody begins or ends to wait for it meanwhile."""
        self._lock_topic(tenant, topic(kind, name), shared=False)
        known: set[str] = set()
        while True:
            found = super().subscriptions(tenant, kind=kind, name=name, key=key, limit=limit)
            new = {place.instance for place in found} - known
            if not new:
                return found
            for instance in sorted(new):
                self._lock_instance(tenant, instance)
            known |= new

    def put_message(self, tenant: str, *, name: str, **told: Any) -> rows.BufferedMessage:
        """Buffer a message."""
        self._lock_topic(tenant, topic("message", name), shared=False)
        return super().put_message(tenant, name=name, **told)

    def put_starts(self, tenant: str, process: str, starts: Sequence[rows.StartSubscription]) -> None:
        """Replace all start subscriptions of a process by these (none takes them away)."""
        for start in sorted(starts):
            self._lock_topic(tenant, topic(start.kind, start.name), shared=False)
        super().put_starts(tenant, process, starts)

    def releases(self, tenant: str, kind: str, key: str, aspect: Aspect) -> list[ReleaseRow]:
        """Return the rows of one aspect by their names; no other server says anything of these releases meanwhile."""
        self._lock_topic(tenant, topic(f"release of {kind}", key), shared=False)
        return super().releases(tenant, kind, key, aspect)

    def start_timers(self, tenant: str, process: str) -> list[rows.StartSubscription]:
        """Return the start timers of a process, which no other server fires, changes or publishes anew meanwhile."""
        self._lock_topic(tenant, topic("timer", ""), shared=False)
        return super().start_timers(tenant, process)

    def _insert_wait(self, instance: int, step: rows.Step, wait: st.Wait, keys: WaitKeys) -> None:
        if keys.kind == EVENT:
            self._lock_topic(step.tenant, keys.topic, shared=True)
        super()._insert_wait(instance, step, wait, keys)

    def _locked(self, how: str = "") -> str:
        return f" FOR UPDATE {how}"

    def _lock_instance_of(self, tenant: str, wait: str) -> None:
        parts = parse_wait_id(wait)
        if parts is not None:
            self._lock_instance(tenant, parts.instance)

    def _lock_instance(self, tenant: str, instance: str) -> None:
        """Keep other servers off an instance; raise `Contended` if one is at it."""
        if (tenant, instance) not in self._seen.heads:
            self._db.apart.one(
                "SELECT 1 FROM instance WHERE tenant = ? AND id = ?" + self._locked("NOWAIT"),
                (self._words.find(tenant), instance),
            )

    def _lock_topic(self, tenant: str, name: str, *, shared: bool) -> None:
        """Keep other servers from changing who waits for a message or signal, until the transaction ends."""
        text = f"{self._connection.address.schema}\n{tenant}\n{name}".encode()
        number = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), signed=True)
        self._db.apart.one(f"SELECT pg_advisory_xact_lock{'_shared' if shared else ''}(?)", (number,))


class _Savepoint:
    """A part of a transaction; written out as a class, since every step passes through one."""

    __slots__ = ("_mark", "_transaction")

    def __init__(self, transaction: PostgresTransaction) -> None:
        self._transaction = transaction

    def __enter__(self) -> None:
        self._mark = self._transaction._numbers.mark
        self._transaction._connection.flush()
        self._transaction._connection.later("SAVEPOINT part")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        connection = self._transaction._connection
        if kind is None:
            connection.flush()
            connection.later("RELEASE part")
            return
        connection.drop_held()
        self._transaction._seen.forget()
        if connection.in_transaction:
            connection.later("ROLLBACK TO part")
            connection.later("RELEASE part")
        self._transaction._numbers.back_to(self._mark)
