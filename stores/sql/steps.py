"""Storing a step: the instance's row, its waits, its journal row, and what goes with them."""

from flowmaster.engine.events import DecisionMade
from flowmaster.stores import chain, codec, rows
from flowmaster.stores.projection import wait_changes
from flowmaster.stores.sql.census import CensusReader
from flowmaster.stores.sql.facts import FactWriter
from flowmaster.stores.sql.instances import Head
from flowmaster.stores.sql.journal import JournalWriter
from flowmaster.stores.sql.messages import MessageWriter
from flowmaster.stores.sql.waits import WaitWriter

_INSERT = (
    "INSERT INTO instance (status, revision, waits, incidents, updated, business_key, hash, body, process,"
    " version, tenant, id, sandbox, started, parent, parent_wait, parent_depth)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_UPDATE = (
    "UPDATE instance SET status = ?, revision = ?, waits = ?, incidents = ?, updated = ?, business_key = ?,"
    " hash = ?, body = ?, process = ?, version = ? WHERE num = ?"
)
_HEAD = "SELECT num, revision, waits, sandbox, hash FROM instance WHERE tenant = ? AND id = ?"


class StepWriter(CensusReader, JournalWriter, WaitWriter, MessageWriter, FactWriter):
    """The writes of steps.

    Within a transaction nobody else writes, so that what it has read of an instance's row holds until its own
    next step; `_heads` must be emptied whenever any of it is undone or over.
    """

    _heads: dict[tuple[str, str], Head]

    def append(self, step: rows.Step) -> None:
        """Store one step: state, history, waits, outbox and idempotency; raise `Conflict` if another came first."""
        state = step.state
        assert step.events, "a step without events changes nothing"
        assert state.seq == step.expected + len(step.events), "the state does not stand behind the events"
        head = self._head(step)
        link = chain.forge(
            head.hash,
            first=step.expected + 1,
            last=state.seq,
            at=step.at,
            by=step.by,
            operation=step.operation,
            reason=step.reason,
            events=codec.encode_events(step.events).decode(),
            agent=step.agent,
        )
        number = self._put_instance(step, head, link)
        changes = wait_changes(step.events, state)
        if changes.any or head.waits != len(state.waits):
            self._write_waits(number, step, changes, sandbox=head.sandbox, before=head.waits)
        self._put_link(self._words.number(step.tenant), number, link)
        self._heads[step.tenant, state.instance] = Head(
            number, state.seq, len(state.waits), head.sandbox, link.hash
        )
        if not head.sandbox and DecisionMade in map(type, step.events):
            self._put_evaluations(step, number)
        if step.outbox:
            self.put_outbox(step.tenant, state.instance, step.at, step.outbox)
        if step.once is not None:
            self.put_once(step.tenant, step.once._replace(subject=state.instance), at=step.at)

    def _put_evaluations(self, step: rows.Step, instance: int) -> None:
        """Note where the decisions of a step are found."""
        tenant, first = self._words.number(step.tenant), step.expected + 1
        for seq, event in enumerate(step.events, first):
            if isinstance(event, DecisionMade):
                self._db.run(
                    "INSERT INTO evaluation (tenant, decision, instance, first, seq) VALUES (?, ?, ?, ?, ?)",
                    (tenant, self._words.number(event.decision), instance, first, seq),
                )

    def _notice(self, tenant: str, instance: str, head: Head) -> None:
        self._heads[tenant, instance] = head

    def _head(self, step: rows.Step) -> Head:
        """Return the row that the step builds on, if it is the one expected; number 0 for a new instance."""
        instance = step.state.instance
        head = self._heads.get((step.tenant, instance))
        if head is None:
            found = self._db.one(_HEAD + self._locked("NOWAIT"), (self._words.find(step.tenant), instance))
            if found is None:
                head = Head(0, 0, 0, step.state.sandbox, chain.genesis(step.tenant, instance))
            else:
                head = Head(*found)
        if head.revision != step.expected:
            raise rows.Conflict(instance, expected=step.expected, found=head.revision)
        return head

    def _put_instance(self, step: rows.Step, head: Head, link: chain.Link) -> int:
        """Write the instance's row and return its number."""
        state, word = step.state, self._words.number
        values = (
            word(state.status),
            state.seq,
            len(state.waits),
            len(state.incidents),
            step.at,
            state.business_key or None,
            link.hash,
            codec.encode_body(state).decode(),
            word(state.process),
            state.version,
        )
        if head.number:
            self._db.run(_UPDATE, (*values, head.number))
            return head.number
        owner = (word(step.tenant), state.instance, int(head.sandbox), state.started)
        return self._db.insert(_INSERT, (*values, *owner, *(state.parent or (None, None, None))))
