"""The tables in memory: dictionaries whose changes can be undone back to a mark.

What has inner parts (states, waits, events, JSON) is kept as text, so that nobody can reach in from outside.
"""

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple, TypeVar

from flowmaster.engine.links.model import Link as GraphLink
from flowmaster.stores import rows
from flowmaster.stores.chain import Link
from flowmaster.stores.projection import CHILD, EVENT, JOB, TASK, TIMER, WaitKeys
from flowmaster.stores.releases import ReleaseRow
from flowmaster.stores.traces import Erased

Key = TypeVar("Key")
Value = TypeVar("Value")
Class = TypeVar("Class", bound=type)

_MISSING: Any = object()


class InstanceRecord(NamedTuple):
    """An instance with the text of its state."""

    number: int
    tenant: str
    row: rows.InstanceRow
    waits: frozenset[tuple[int, int]]
    body: str


class WaitRecord(NamedTuple):
    """A wait with what it is found by, and the lease of a job; `kind` and id are its key."""

    tenant: str
    instance: str
    number: int
    id: int
    label: str
    keys: WaitKeys
    candidates: frozenset[str]
    body: str
    lease_until: int
    nonce: str
    worker: str

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in lists: instances by age, then waits by age."""
        return (self.number, self.id)


class JournalRecord(NamedTuple):
    """A journal row: its scope and its link of the chain."""

    id: int
    tenant: str
    scope: str
    of_instance: bool
    link: Link


class EvaluationPlace(NamedTuple):
    """Where an evaluation of a decision is found: its instance, the row of the journal there, and its event."""

    instance: str
    row: int
    seq: int


def evaluation_counter(decision: str) -> str:
    """Return the name of the counter that numbers the evaluations of a decision."""
    return f"evaluation of {decision}"


class ChainEnd(NamedTuple):
    """How many rows a chain has, and the last one."""

    rows: int
    link: Link


class Head(NamedTuple):
    """What there is of a definition."""

    number: int
    row: rows.DefinitionRow
    archived: bool
    published_draft: int
    route: str = ""


class Data:
    """All tables, and the log of what to put back."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.numbers: dict[tuple[str, str], int] = {}
        self.instances: dict[tuple[str, str], InstanceRecord] = {}
        self.children: dict[tuple[str, str], frozenset[str]] = {}
        self.waits: dict[int, dict[tuple[int, int], WaitRecord]] = {
            kind: {} for kind in (TASK, JOB, TIMER, EVENT, CHILD)
        }
        self.journal: dict[tuple[str, str, int], JournalRecord] = {}
        self.chains: dict[tuple[str, str], ChainEnd] = {}
        self.origins: dict[tuple[str, str], bytes] = {}
        self.erasures: dict[tuple[str, str], Erased] = {}
        self.evaluations: dict[tuple[str, str, int], EvaluationPlace] = {}
        self.starts: dict[tuple[str, str, str, int], rows.StartSubscription] = {}
        self.messages: dict[int, tuple[rows.BufferedMessage, str]] = {}
        self.outbox: dict[int, tuple[rows.OutboxRow, str]] = {}
        self.sent: dict[tuple[str, str, str, str, str], rows.Sent] = {}
        self.definitions: dict[tuple[str, str, str], Head] = {}
        self.drafts: dict[tuple[str, str, str, int], tuple[rows.Draft, str]] = {}
        self.versions: dict[tuple[str, str, str, int], tuple[rows.Version, str]] = {}
        self.releases: dict[tuple[str, str, str, str, str], tuple[ReleaseRow, str]] = {}
        self.links: dict[tuple[str, str, str, int], tuple[int, int, tuple[GraphLink, ...]]] = {}
        self.graph: dict[str, tuple[int, int, tuple[int, ...]]] = {}
        self.graph_numbers: dict[tuple[str, str, str, int | None], int] = {}
        self.documents: dict[tuple[str, str], tuple[int, rows.DocumentRow, str]] = {}
        self.blobs: dict[tuple[str, str], bytes] = {}
        self.settings: dict[tuple[str, str], str] = {}
        self.long_calls: dict[tuple[str, str], str] = {}
        self.once: dict[tuple[str, str], tuple[rows.IdempotencyRow, str | None]] = {}
        self.leases: dict[str, tuple[str, int]] = {}
        self._undo: list[tuple[dict[Any, Any], Any, Any]] = []

    def put(self, table: dict[Key, Value], key: Key, value: Value) -> None:
        """Write a row."""
        self._undo.append((table, key, table.get(key, _MISSING)))
        table[key] = value

    def delete(self, table: dict[Key, Value], key: Key) -> bool:
        """Delete a row and say whether it was there."""
        old = table.pop(key, _MISSING)
        if old is _MISSING:
            return False
        self._undo.append((table, key, old))
        return True

    def number(self, tenant: str, name: str) -> int:
        """Return the next number of a counter, from 1."""
        value = self.numbers.get((tenant, name), 0) + 1
        self.put(self.numbers, (tenant, name), value)
        return value

    @property
    def mark(self) -> int:
        """A place to go back to."""
        return len(self._undo)

    def back_to(self, mark: int) -> None:
        """Undo what was written since `mark`."""
        while len(self._undo) > mark:
            table, key, old = self._undo.pop()
            if old is _MISSING:
                table.pop(key, None)
            else:
                table[key] = old

    def settle(self) -> None:
        """Keep everything for good."""
        self._undo.clear()


class Part:
    """Some of the store's reads or writes over the tables."""

    def __init__(self, data: Data) -> None:
        self._data = data


def locked(kind: Class) -> Class:
    """Make every public method of a class wait until a transaction of another thread has ended."""
    for name, method in list(vars(kind).items()):
        if not name.startswith("_") and callable(method):
            setattr(kind, name, _locked(method))
    return kind


def _locked(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def run(self: Part, *arguments: Any, **named: Any) -> Any:
        with self._data.lock:
            return method(self, *arguments, **named)

    return run
