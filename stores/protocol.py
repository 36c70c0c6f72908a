"""The interface that every store keeps: what can be read, what can be written, and when it counts.

A store is synchronous. `Store.transaction()` is the one way to write: everything in it is stored together
when it ends and nothing when it raises; only one thread of a process uses it. `Store.reader()` may be used by
any thread; each of its calls sees one committed moment. Rows of another tenant are unknown, not forbidden.
"""

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from typing import Protocol

from flowmaster.engine.state import State
from flowmaster.engine.values import Json
from flowmaster.stores import rows
from flowmaster.stores.counts import CensusReads
from flowmaster.stores.document_protocol import DocumentReads, DocumentWrites
from flowmaster.stores.erasure_protocol import ErasureReads, ErasureWrites
from flowmaster.stores.graph import GraphReads, GraphWrites
from flowmaster.stores.releases import ReleaseReads, ReleaseWrites
from flowmaster.stores.sent_protocol import SentReads, SentWrites
from flowmaster.stores.traces import Scrubbed


class InstanceReads(Protocol):
    """Instances, their histories and the audit journal."""

    def load(self, tenant: str, instance: str) -> rows.StoredInstance | None:
        """Return an instance with a state of the caller's own, or None."""
        ...

    def find_instances(self, tenant: str, which: rows.InstanceFilter) -> rows.Page[rows.InstanceRow]:
        """Return a page of instances, newest first."""
        ...

    def count_instances(self, tenant: str, process: str = "") -> list[rows.StatusCount]:
        """Return how many instances each process has in each status, without sandboxes."""
        ...

    def descendants(self, tenant: str, instance: str) -> list[rows.InstanceRow]:
        """Return all instances called by this one, directly or not, callers before called."""
        ...

    def history(
        self, tenant: str, instance: str, *, after: int = 0, limit: int = rows.HISTORY_ENTRIES
    ) -> list[rows.HistoryEntry]:
        """Return the events after number `after`, oldest first."""
        ...

    def evaluations(self, tenant: str, decision: str, *, limit: int) -> list[rows.Evaluation]:
        """Return the newest evaluations of a decision inside instances, newest first.

        Sandboxes are left out, and what has lost values to `erase`.
        """
        ...

    def audit(self, tenant: str, which: rows.AuditFilter) -> rows.Page[rows.AuditEntry]:
        """Return a page of the journal, newest first."""
        ...

    def last_change(self) -> int:
        """Return the id of the newest journal row of all tenants, 0 without any."""
        ...

    def changes(self, after: int, *, limit: int) -> list[rows.Change]:
        """Return what changed behind a journal row, of all tenants and whichever process wrote it, oldest first."""
        ...

    def verify(self, tenant: str, scope: str) -> rows.Verification:
        """Recompute the chain of an instance or other scope and name the first row that does not fit."""
        ...


class WaitReads(Protocol):
    """What instances wait for."""

    def find_task(self, tenant: str, task: str) -> rows.TaskRow | None:
        """Return an open task by its id, or None."""
        ...

    def find_tasks(self, tenant: str, which: rows.TaskFilter) -> rows.Page[rows.TaskRow]:
        """Return a page of open tasks."""
        ...

    def find_job(self, tenant: str, job: str) -> rows.JobRow:
        """Return the job leased under this id; refuse an unknown (`job.unknown`) or lost lease (`job.lease_lost`)."""
        ...

    def job_types(self, tenant: str, *, now: int) -> list[rows.JobTypeCount]:
        """Return the types of open jobs; `now` (real time) decides which leases still hold."""
        ...

    def due_tenants(self, now: int) -> list[str]:
        """Return the tenants that have timers or start timers due at `now` (engine time)."""
        ...

    def due_timers(self, now: int, *, limit: int, tenant: str | None = None) -> list[rows.DueTimer]:
        """Return the timers due at `now` (engine time), earliest first, without paused instances; of all tenants, or one."""
        ...

    def due_starts(self, now: int, *, limit: int, tenant: str | None = None) -> list[rows.StartSubscription]:
        """Return the start timers due at `now` (engine time), earliest first, of all tenants or of one."""
        ...

    def next_due(self) -> int | None:
        """Return when the next timer or start timer of any tenant is due (engine time)."""
        ...

    def next_job(self) -> int | None:
        """Return until when the next held back job of any tenant is held back (engine time).

        Jobs that can be taken now and jobs whose instance is paused do not count.
        """
        ...

    def subscriptions(
        self, tenant: str, *, kind: str, name: str, key: str = "", limit: int
    ) -> list[rows.Subscription]:
        """Return who waits for this message or signal, oldest first, without sandboxes.

        A message with a key meets subscriptions to that key, and keyless ones of the instances whose business
        key, else id, is that key. A message without one, and any signal, meets all keyless ones.
        """
        ...

    def instance_subscriptions(self, tenant: str, instance: str) -> list[rows.Subscription]:
        """Return what one instance subscribes to, sandbox or not."""
        ...

    def start_subscriptions(
        self, tenant: str, *, kind: str, name: str | None = None
    ) -> list[rows.StartSubscription]:
        """Return the start events that this message or signal triggers; without a name all of the kind."""
        ...

    def process_starts(self, tenant: str, process: str) -> list[rows.StartSubscription]:
        """Return all start subscriptions of a process."""
        ...

    def buffered(
        self, tenant: str, *, name: str, keys: Sequence[str], now: int
    ) -> list[rows.BufferedMessage]:
        """Return the buffered messages with any of the keys (or none: `""`) that have not expired, oldest first."""
        ...

    def count_buffered(self, tenant: str, *, name: str = "", most: int) -> int:
        """Return how many messages are buffered, of all names or of one; counting ends at `most`."""
        ...

    def next_expiry(self) -> int | None:
        """Return when the next buffered message of any tenant expires (engine time), None without one."""
        ...


class DefinitionReads(DocumentReads, Protocol):
    """Processes, decisions, forms and whatever else has drafts and versions; documents; small facts."""

    def find_definition(self, tenant: str, kind: str, key: str) -> rows.DefinitionRow | None:
        """Return what there is of a definition, or None."""
        ...

    def find_definitions(self, tenant: str, which: rows.DefinitionFilter) -> rows.Page[rows.DefinitionRow]:
        """Return a page of definitions."""
        ...

    def draft(self, tenant: str, kind: str, key: str, number: int | None = None) -> rows.Draft | None:
        """Return a draft, the newest one if `number` is None."""
        ...

    def drafts(self, tenant: str, kind: str, key: str) -> list[rows.Draft]:
        """Return the kept drafts, newest first."""
        ...

    def version(
        self,
        tenant: str,
        kind: str,
        key: str,
        version: int | None = None,
        *,
        tag: str = "",
        at: int | None = None,
    ) -> rows.Version | None:
        """Return a version: by number, else the newest with `tag`, else the one in force at `at`, else the newest."""
        ...

    def version_number(
        self, tenant: str, kind: str, key: str, *, tag: str = "", at: int | None = None
    ) -> int | None:
        """Return the number alone of what `version` would return, without a look at any content."""
        ...

    def versions(self, tenant: str, kind: str, key: str) -> list[rows.Version]:
        """Return all versions, newest first."""
        ...

    def setting(self, tenant: str, name: str) -> Json:
        """Return a setting, None if it was never set. The tenant `""` holds those of the installation."""
        ...

    def settings(self, tenant: str, prefix: str = "") -> dict[str, Json]:
        """Return the settings whose names begin with `prefix`."""
        ...

    def find_once(self, tenant: str, key: str) -> rows.IdempotencyRow | None:
        """Return what is known of a request made under this idempotency key, or None."""
        ...

    def find_long_call(self, tenant: str, handle: str) -> rows.LongCall | None:
        """Return a long call by its handle, or None."""
        ...

    def count_long_calls(self, tenant: str, owner: str, *, now: int) -> int:
        """Return how many long calls of a caller have neither ended nor expired."""
        ...

    def outbox_depth(self) -> int:
        """Return how many effects of all tenants are still to be done."""
        ...

    def outbox_tenants(self) -> list[str]:
        """Return the tenants that have effects still to be done."""
        ...

    def job_tenants(self) -> list[str]:
        """Return the tenants that have jobs."""
        ...

    def tenants(self) -> list[str]:
        """Return the tenants that have rows."""
        ...


class Reader(
    InstanceReads,
    WaitReads,
    DefinitionReads,
    ErasureReads,
    CensusReads,
    GraphReads,
    SentReads,
    ReleaseReads,
    Protocol,
):
    """All that can be read."""


class StepWrites(Protocol):
    """Steps of instances and what belongs to them."""

    def state(self, tenant: str, instance: str) -> State | None:
        """Return the state of an instance for a step of it, the caller's own to change, or None."""
        ...

    def append(self, step: rows.Step) -> None:
        """Store one step: state, history, waits, outbox and idempotency; raise `Conflict` if another came first."""
        ...

    def journal(
        self,
        tenant: str,
        scope: str,
        *,
        at: int,
        by: str,
        operation: str,
        reason: str = "",
        data: Json,
        agent: str = "",
    ) -> int:
        """Add an audit row to a scope that is no instance (`process:x`) and return its number there."""
        ...

    def take_jobs(
        self,
        tenant: str,
        *,
        types: Collection[str] | None,
        instances: Collection[str] | None = None,
        limit: int,
        now: int,
        engine_now: int,
        lease_until: int,
        worker: str,
        nonce: Callable[[], str],
    ) -> list[rows.JobRow]:
        """Lease open jobs, oldest first, and return them under new ids.

        A job is open if it has retries left, is not held back (`due` after `engine_now`), nobody holds it at
        `now` (real time) and its instance is neither paused nor a sandbox.
        """
        ...

    def extend_job(self, tenant: str, job: str, *, lease_until: int) -> rows.JobRow:
        """Give a lease more time; refuse as `find_job` does."""
        ...

    def release_job(self, tenant: str, job: str) -> None:
        """End a lease so that others can take the job at once; refuse as `find_job` does."""
        ...

    def put_starts(self, tenant: str, process: str, starts: Sequence[rows.StartSubscription]) -> None:
        """Replace all start subscriptions of a process by these (none takes them away)."""
        ...

    def start_timers(self, tenant: str, process: str) -> list[rows.StartSubscription]:
        """Return the start timers of a process, to be changed: no other server fires or changes them meanwhile."""
        ...

    def set_start_due(self, start: rows.StartSubscription) -> None:
        """Store the next `due` and `left` of a start timer; with `due` None it is done for good."""
        ...

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
        ...

    def delete_message(self, tenant: str, message: int) -> bool:
        """Take a message out of the buffer and say whether it was there."""
        ...

    def expire_messages(self, now: int) -> list[rows.BufferedMessage]:
        """Delete the messages of all tenants that expired by `now` (engine time) and return them, oldest first."""
        ...

    def take_outbox(
        self,
        *,
        limit: int,
        targets: Collection[str] | None = None,
        after: int = 0,
        tenant: str | None = None,
    ) -> list[rows.OutboxRow]:
        """Return the oldest effects (behind id `after`) in order, of all tenants or of one; they stay until deleted."""
        ...

    def put_outbox(self, tenant: str, instance: str, at: int, effects: Sequence[rows.Effect]) -> None:
        """Add effects that belong to no step."""
        ...

    def delete_outbox(self, ids: Collection[int]) -> None:
        """Forget effects that are done."""
        ...


class DefinitionWrites(DocumentWrites, Protocol):
    """Definitions, documents and small facts."""

    def put_draft(
        self,
        tenant: str,
        kind: str,
        key: str,
        *,
        name: str,
        content: str,
        by: str,
        at: int,
        note: str = "",
        meta: Json = None,
        base: int | None = None,
    ) -> int:
        """Save the next draft and return its number; with `base`, refuse unless that is the newest (`draft.stale`)."""
        ...

    def put_version(
        self,
        tenant: str,
        kind: str,
        key: str,
        *,
        name: str,
        content: str,
        by: str,
        at: int,
        tag: str = "",
        note: str = "",
        meta: Json = None,
        valid_from: int | None = None,
    ) -> int:
        """Publish the next version and return its number; it is valid from `at` unless another instant is given."""
        ...

    def archive_definition(self, tenant: str, kind: str, key: str, archived: bool) -> bool:
        """Put a definition out of sight, or back, and say whether it exists."""
        ...

    def delete_definition(self, tenant: str, kind: str, key: str) -> bool:
        """Delete a definition with its drafts, versions, links and releases, and say whether it was there."""
        ...

    def delete_version(self, tenant: str, kind: str, key: str, version: int) -> bool:
        """Delete one version with its links, and say whether it was there; its number is not given again."""
        ...

    def next_number(self, tenant: str, name: str) -> int:
        """Return the next number of a counter, from 1, for readable ids."""
        ...

    def put_setting(self, tenant: str, name: str, value: Json) -> None:
        """Set a setting; None takes it away."""
        ...

    def put_once(self, tenant: str, once: rows.Once, *, at: int) -> None:
        """Note a request that has no step; refuse one that is noted already (`idempotency.conflict`)."""
        ...

    def remember(self, tenant: str, key: str, answer: Json) -> None:
        """Keep the answer of a request noted before."""
        ...

    def forget_once(self, before: int, *, limit: int) -> int:
        """Delete the oldest requests of all tenants noted before an instant and return how many."""
        ...

    def put_long_call(self, tenant: str, call: rows.LongCall) -> None:
        """Add a long call or replace what is known of it."""
        ...

    def drop_long_calls(self, tenant: str, owner: str, *, now: int, keep: int) -> int:
        """Delete the expired calls of all tenants, and all but the newest ended ones of a caller; return how many."""
        ...

    def lease(self, name: str, holder: str, *, now: int, until: int) -> bool:
        """Take or keep a named right of the installation until an instant (real time); False if another holds it."""
        ...


class Transaction(
    Reader, StepWrites, DefinitionWrites, ErasureWrites, GraphWrites, SentWrites, ReleaseWrites, Protocol
):
    """A write under way: it sees what it wrote; nobody else does until it ends."""

    def savepoint(self) -> AbstractContextManager[None]:
        """Open a part of the transaction that is undone alone if it raises."""
        ...

    def touched(self) -> int:
        """Return a number that every change moves; the same one twice means that nothing has to be undone between.

        It is negative once the whole transaction is undone already, as a full disk or a lost connection does.
        """
        ...


class Store(Protocol):
    """A place where FlowMaster keeps everything."""

    def transaction(self, *, at_once: bool = False) -> AbstractContextManager[Transaction]:
        """Begin the one write of this process; waits for other processes, at most `BUSY_MS_MAX` (`store.busy`).

        One that is to begin `at_once` raises `NotAtOnce` instead of waiting for anybody.
        """
        ...

    def is_near(self) -> bool:
        """Whether a transaction takes no longer now than its work and a flush of the disk: no network, no tidying up."""
        ...

    def reader(self) -> Reader:
        """Return what any thread may read with."""
        ...

    def servers(self) -> list[str]:
        """Return the names of the servers that are connected to it, where it knows them."""
        ...

    def ahead(self) -> int:
        """Return how many milliseconds the clock that all servers go by is ahead of this machine's."""
        ...

    def tell(self, topics: Set[str]) -> None:
        """Let other servers know that something of these kinds has changed, where they can be told."""
        ...

    def hear(self, told: Callable[[Set[str]], None]) -> None:
        """Have `told` called, from any thread, with what other servers tell."""
        ...

    def scrub(self, *, only_look: bool = False) -> Scrubbed:
        """Get rid of what the store's files keep of rows that are gone, or say only how large they are."""
        ...

    def close(self) -> None:
        """Let go of the store; it is not used afterwards."""
        ...
