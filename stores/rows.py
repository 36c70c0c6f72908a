"""What goes into a store and what comes out of it: plain rows, free of any database.

Rows are tuples so that a page of them is cheap; filters say nothing by their defaults. All instants are
epoch milliseconds (UTC). Where a comment says engine time it is the instance's clock, which may be virtual.
"""

from collections.abc import Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.events import DecisionMade, Event
from flowmaster.engine.state import EventWait, JobWait, Parent, State, TaskWait
from flowmaster.engine.values import Json

PAGE_ITEMS = 50
"""How many items a page holds unless the caller says otherwise."""

PAGE_ITEMS_MAX = 1_000
"""How many items a page may hold."""

HISTORY_ENTRIES = 200
"""How many entries one look into a history brings unless the caller says otherwise."""

INSTANCE_BYTES_MAX = 16_000_000
"""Bytes of an instance's state as it is stored: its variables, tokens and waits."""

DESCENDANTS_MAX = 10_000
"""How many called instances `descendants` follows before it refuses."""

DRAFTS_KEPT = 50
"""How many drafts of a definition are kept; older ones go when a new one comes."""

NOTHING: Mapping[str, str] = {}

Row = TypeVar("Row")


WIDE_NODES = 64
"""An instance with so many nodes is wide: its nodes are stored in parts."""

NARROW_NODES = 16
"""A wide instance with fewer nodes is stored in one piece again.

The state of one that may be wide can be handed out again after it was stored: whoever shows it takes a glimpse.
"""


class Conflict(FlowMasterError):
    """Another step of the same instance came first: load it again and decide again."""

    def __init__(self, instance: str, *, expected: int, found: int) -> None:
        super().__init__(
            "instance.conflict",
            f"Instance {instance!r} has moved on from event {expected} to event {found}.",
            path="instance",
            fix="Read the instance again and repeat the call on what it says now.",
            status=409,
        )


class Contended(FlowMasterError):
    """Another server is changing the same thing: what was done is taken back, and to be done again a little later."""

    def __init__(self) -> None:
        super().__init__(
            "store.busy",
            "Other servers kept what this call is about busy for too long.",
            fix="Repeat the call.",
            status=503,
        )


class NotAtOnce(Exception):
    """Raised where a transaction that was to begin at once would have to wait for another thread or process."""


class Page(NamedTuple, Generic[Row]):
    """A part of a list: its rows, how many there are in all, and where to go on (None at the end)."""

    items: list[Row]
    total: int
    next_cursor: str | None


class Once(NamedTuple):
    """The caller's idempotency key with the digest of its request; `subject` names what the request made."""

    key: str
    digest: str
    subject: str = ""


class Effect(NamedTuple):
    """Something to be done outside the instance once its step is stored; order holds within one `target`."""

    target: str
    kind: str
    payload: Mapping[str, Json]


class Step(NamedTuple):
    """One step of one instance: all of it is stored or nothing.

    `expected` is the revision that `state` grew from (0 for a new instance); a revision is the number of the
    last event, so `state.seq == expected + len(events)`. `at` is engine time. `labels` names the elements of
    newly opened waits. `by` is the person, `agent` who acted for them, if somebody did.
    """

    tenant: str
    expected: int
    state: State
    events: Sequence[Event]
    at: int
    by: str
    operation: str
    reason: str = ""
    outbox: Sequence[Effect] = ()
    once: Once | None = None
    labels: Mapping[str, str] = NOTHING
    agent: str = ""


class InstanceRow(NamedTuple):
    """An instance as a list shows it. `revision` is the number of its last event, `incidents` a count."""

    instance: str
    process: str
    version: int
    status: str
    business_key: str
    revision: int
    started: int
    updated: int
    parent: Parent | None
    incidents: int
    sandbox: bool


class StoredInstance(NamedTuple):
    """An instance with its state, which belongs to the caller."""

    row: InstanceRow
    state: State


class InstanceFilter(NamedTuple):
    """Which instances; `query` looks into id, business key, process id and process name, ignoring case.

    `parent` is the id of the calling instance. Sandboxes are left out unless asked for.
    """

    process: str = ""
    version: int | None = None
    statuses: Sequence[str] = ()
    business_key: str = ""
    query: str = ""
    has_incident: bool | None = None
    parent: str = ""
    include_sandbox: bool = False
    limit: int = PAGE_ITEMS
    cursor: str | None = None


class StatusCount(NamedTuple):
    """How many instances of a process have a status."""

    process: str
    status: str
    instances: int


class HistoryEntry(NamedTuple):
    """One event of an instance with the step it came in; `seq` counts from 1; an `erased` step has lost values."""

    seq: int
    at: int
    by: str
    operation: str
    reason: str
    event: Event
    erased: bool = False


class Evaluation(NamedTuple):
    """A decision as an instance made it: the number of the event, when it happened, and what it says."""

    instance: str
    seq: int
    at: int
    event: DecisionMade


class AuditEntry(NamedTuple):
    """One journal row: who did what to which scope (an instance id, `process:x`, `decision:y`), and why.

    `first` and `last` number its events within the scope; `data` are those of a scope that is no instance.
    `agent` is who acted for the person named by `by`, if somebody did. An `erased` row has lost values.
    """

    id: int
    scope: str
    first: int
    last: int
    at: int
    by: str
    operation: str
    reason: str
    data: Json
    agent: str = ""
    erased: bool = False


class Change(NamedTuple):
    """A journal row as a sign that its scope changed; `id` rises with every row of every tenant."""

    id: int
    tenant: str
    scope: str


class AuditFilter(NamedTuple):
    """Which journal rows; `by` is a person or who acted for one; `since` counts, `until` does not. Newest first."""

    scope: str = ""
    by: str = ""
    operation: str = ""
    since: int | None = None
    until: int | None = None
    limit: int = PAGE_ITEMS
    cursor: str | None = None


class Verification(NamedTuple):
    """What re-checking a chain found: rows checked, rows whose values were erased, the first broken one.

    `broken` is the number of the first event of the row that does not fit, None when all is well.
    """

    rows: int
    erased: int
    broken: int | None
    problem: str


class TaskRow(NamedTuple):
    """An open task as a list shows it; `name` is the element's label, `wait` the task as the state has it."""

    task: str
    instance: str
    process: str
    version: int
    business_key: str
    name: str
    wait: TaskWait


class TaskFilter(NamedTuple):
    """Which open tasks, most urgent first: by priority, then by age.

    `roles` and `candidate` widen each other: a task offered to any of the roles or to the person, never one
    that excludes the person. A task without candidates is offered to everybody, and so to any `candidate`.
    `kind` is what the roles stand for (`engine/performers.py`).
    `query` looks into the task's name, its instance's id and business key and its process, ignoring case.
    """

    instance: str = ""
    process: str = ""
    assignee: str = ""
    roles: Sequence[str] = ()
    candidate: str = ""
    kind: str = ""
    states: Sequence[str] = ()
    query: str = ""
    include_sandbox: bool = False
    limit: int = PAGE_ITEMS
    cursor: str | None = None


class JobRow(NamedTuple):
    """A leased job: `job` is good for this lease alone, `lease_until` is real time."""

    job: str
    tenant: str
    instance: str
    process: str
    version: int
    business_key: str
    name: str
    wait: JobWait
    worker: str
    lease_until: int


class JobTypeCount(NamedTuple):
    """How many open jobs of a type there are, and how many of them a worker holds now."""

    type: str
    open: int
    leased: int


class DueTimer(NamedTuple):
    """A timer of an instance whose instant has come."""

    tenant: str
    instance: str
    wait: int
    due: int


class Subscription(NamedTuple):
    """An instance that waits for a message or signal; `held` while it is paused."""

    instance: str
    process: str
    business_key: str
    held: bool
    wait: EventWait


class StartSubscription(NamedTuple):
    """What starts a published process: `kind` is message, signal, condition or timer.

    A timer has `due`, its rule `every` and the firings `left` (-1 for no end), as `TimerWait` has them. A start event
    with several definitions has one subscription for each, by `number`. Where it is `routed`, the process has a route
    that tells which version begins.
    """

    tenant: str
    process: str
    version: int
    element: str
    kind: str
    name: str = ""
    due: int | None = None
    every: str = ""
    left: int = 0
    number: int = 0
    routed: bool = False


class BufferedMessage(NamedTuple):
    """A message that waits for its receiver until `expires` (engine time)."""

    id: int
    tenant: str
    name: str
    key: str
    variables: Mapping[str, Json]
    expires: int
    at: int
    by: str


class OutboxRow(NamedTuple):
    """An effect still to be done; `id` rises with time and is its idempotency key."""

    id: int
    tenant: str
    instance: str
    at: int
    effect: Effect


class Sent(NamedTuple):
    """A message or signal (`kind`) that went from one instance to another, the first of its name between the two."""

    sender: str
    receiver: str
    kind: str
    name: str
    at: int


class IdempotencyRow(NamedTuple):
    """A request that was done once; `answer` is None until the runtime remembers it."""

    key: str
    digest: str
    at: int
    answer: Json
    subject: str = ""


class DefinitionRow(NamedTuple):
    """A definition (`kind` process, decision, form, ...) as a list shows it.

    `state` is draft (never published), published or archived; `changed` says that the newest draft came after
    the newest version. `version` and `draft` are 0 where there is none.
    """

    kind: str
    key: str
    name: str
    state: str
    version: int
    draft: int
    changed: bool
    updated: int
    updated_by: str


class Draft(NamedTuple):
    """One saved draft of a definition; its content never changes."""

    kind: str
    key: str
    number: int
    name: str
    content: str
    by: str
    at: int
    note: str
    meta: Json


class Version(NamedTuple):
    """One published version; nothing of it ever changes. `digest` is the SHA-256 of its content in hex.

    In force at an instant is the version with the latest `valid_from` up to then, of equal ones the newest.
    """

    kind: str
    key: str
    version: int
    name: str
    content: str
    tag: str
    digest: str
    by: str
    at: int
    note: str
    meta: Json
    valid_from: int


class DefinitionFilter(NamedTuple):
    """Which definitions; `query` looks into key and name, ignoring case. Newest first."""

    kind: str = ""
    state: str = ""
    query: str = ""
    limit: int = PAGE_ITEMS
    cursor: str | None = None


class DocumentRow(NamedTuple):
    """A document: its name and kind, and the digest of its bytes; `meta` is for whoever reads documents."""

    document: str
    name: str
    media_type: str
    sha256: str
    size: int
    by: str
    at: int
    meta: Json


class DocumentFilter(NamedTuple):
    """Which documents; `query` looks into id and name, ignoring case; `sha256` is of the bytes. Newest first."""

    query: str = ""
    media_type: str = ""
    limit: int = PAGE_ITEMS
    cursor: str | None = None
    sha256: str = ""


class LongCall(NamedTuple):
    """A call whose answer its caller comes back for, under a handle that nobody can guess.

    Instants are real time. `holder` is the process at work on it, until `held_until` unless it says so again;
    `instance` is the one whose end is waited for, if it is no work of ours. `asked` are open questions by key,
    `answered` what came for them and is not taken up yet; `answer` is the outcome once it has ended.
    `cancel` says that it shall be stopped.
    """

    handle: str
    owner: str
    operation: str
    status: str
    at: int
    changed: int
    expires: int
    note: str = ""
    instance: str = ""
    holder: str = ""
    held_until: int = 0
    asked: Mapping[str, Json] = {}
    answered: Mapping[str, Json] = {}
    answer: Json = None
    cancel: bool = False

    @property
    def ended(self) -> bool:
        """Whether nothing about it changes any more."""
        return self.status in ("completed", "failed", "cancelled")
