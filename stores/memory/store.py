"""The store in memory: the same promises as on disk, for as long as the process lives."""

from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager

from flowmaster.engine.events import DecisionMade
from flowmaster.engine.state import State
from flowmaster.stores import chain, codec, refusals, rows
from flowmaster.stores.memory.census import CensusReader
from flowmaster.stores.memory.data import Data, EvaluationPlace, InstanceRecord, evaluation_counter, locked
from flowmaster.stores.memory.definitions import DefinitionReader
from flowmaster.stores.memory.erasing import TraceEraser, TraceReader
from flowmaster.stores.memory.facts import FactReader
from flowmaster.stores.memory.instances import JournalReader
from flowmaster.stores.memory.links import LinkReader, LinkWriter
from flowmaster.stores.memory.long_calls import LongCallReader, LongCallWriter
from flowmaster.stores.memory.messages import MessageReader, MessageWriter
from flowmaster.stores.memory.sent import SentReader, SentWriter
from flowmaster.stores.memory.waits import WaitReader, WaitWriter
from flowmaster.stores.projection import wait_changes
from flowmaster.stores.traces import Scrubbed


class MemoryReader(
    CensusReader,
    JournalReader,
    WaitReader,
    MessageReader,
    DefinitionReader,
    FactReader,
    LongCallReader,
    LinkReader,
    SentReader,
    TraceReader,
):
    """Reads for any thread."""


class _Writes(CensusReader, TraceEraser, WaitWriter, MessageWriter, LongCallWriter, LinkWriter, SentWriter):
    """All that can be written."""


@locked
class MemoryTransaction(_Writes):
    """A write under way."""

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Open a part of the transaction that is undone alone if it raises."""
        mark = self._data.mark
        try:
            yield
        except BaseException:
            self._data.back_to(mark)
            raise

    def touched(self) -> int:
        """Return how many changes would have to be undone."""
        return self._data.mark

    def state(self, tenant: str, instance: str) -> State | None:
        """Return the state of an instance for a step of it, the caller's own to change, or None."""
        stored = self.load(tenant, instance)
        return stored.state if stored else None

    def append(self, step: rows.Step) -> None:
        """Store one step: state, history, waits, outbox and idempotency; raise `Conflict` if another came first."""
        state = step.state
        assert step.events, "a step without events changes nothing"
        assert state.seq == step.expected + len(step.events), "the state does not stand behind the events"
        old = self._data.instances.get((step.tenant, state.instance))
        found = old.row.revision if old else 0
        if found != step.expected:
            raise rows.Conflict(state.instance, expected=step.expected, found=found)
        changes = wait_changes(state)
        record = self._write_waits(self._record_of(step, old), step, changes.put.keys())
        state.changed.clear()
        self._data.put(self._data.instances, (step.tenant, state.instance), record)
        end = self._data.chains.get((step.tenant, state.instance))
        link = chain.forge(
            end.link.hash if end else chain.genesis(step.tenant, state.instance),
            first=step.expected + 1,
            last=state.seq,
            at=step.at,
            by=step.by,
            operation=step.operation,
            reason=step.reason,
            events=codec.encode_events(step.events).decode(),
            agent=step.agent,
        )
        self._put_link(step.tenant, state.instance, link, of_instance=True)
        if not record.row.sandbox:
            self._put_evaluations(step)
        self.put_outbox(step.tenant, state.instance, step.at, step.outbox)
        if step.once is not None:
            self.put_once(step.tenant, step.once._replace(subject=state.instance), at=step.at)

    def _put_evaluations(self, step: rows.Step) -> None:
        """Note where the decisions of a step are found."""
        data, instance = self._data, step.state.instance
        row = data.chains[step.tenant, instance].rows - 1
        for seq, event in enumerate(step.events, step.expected + 1):
            if isinstance(event, DecisionMade):
                number = data.number(step.tenant, evaluation_counter(event.decision))
                place = EvaluationPlace(instance, row, seq)
                data.put(data.evaluations, (step.tenant, event.decision, number), place)

    def _record_of(self, step: rows.Step, old: InstanceRecord | None) -> InstanceRecord:
        """Return the instance's record as the step leaves it, its waits aside."""
        state, data = step.state, self._data
        row = rows.InstanceRow(
            state.instance,
            state.process,
            state.version,
            state.status,
            state.business_key,
            state.seq,
            state.started,
            step.at,
            state.parent,
            len(state.incidents),
            state.sandbox,
        )
        encoded = codec.encode_body(state)
        refusals.check_size(state.instance, encoded)
        body = encoded.decode()
        if old is not None:
            return old._replace(row=row, body=body)
        if state.parent is not None:
            caller = (step.tenant, state.parent.instance)
            data.put(
                data.children, caller, data.children.get(caller, frozenset()) | frozenset((state.instance,))
            )
        return InstanceRecord(data.number("", "instance"), step.tenant, row, frozenset(), body)


class MemoryStore:
    """A store that ends with its process."""

    def __init__(self) -> None:
        self._data = Data()
        self._reader = MemoryReader(self._data)
        self._transaction = MemoryTransaction(self._data)

    @contextmanager
    def transaction(self, *, at_once: bool = False) -> Iterator[MemoryTransaction]:
        """Begin the one write; other threads wait until it ends."""
        with self._data.lock:
            assert self._data.mark == 0, "a transaction is open already"
            try:
                yield self._transaction
            except BaseException:
                self._data.back_to(0)
                raise
            self._data.settle()

    def is_near(self) -> bool:
        """Return True: nobody else is there, and no disk."""
        return True

    def reader(self) -> MemoryReader:
        """Return what any thread may read with."""
        return self._reader

    def servers(self) -> list[str]:
        """Return nothing: nobody else is there."""
        return []

    def ahead(self) -> int:
        """Return 0: there are no other machines."""
        return 0

    def tell(self, topics: Set[str]) -> None:
        """Tell nobody: there are no other processes."""

    def hear(self, told: Callable[[Set[str]], None]) -> None:
        """Hear nothing."""

    def scrub(self, *, only_look: bool = False) -> Scrubbed:
        """Do nothing: no file keeps anything."""
        return Scrubbed(0, 0, True, "The store is in memory and keeps no file.")

    def close(self) -> None:
        """Let go of the store; it is not used afterwards."""
