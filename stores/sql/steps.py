"""Steps: the state they begin from, and storing the instance's row, its waits, its journal row, and what goes with them."""

from flowmaster.engine.events import DecisionMade
from flowmaster.engine.state import State
from flowmaster.stores import chain, codec, refusals, rows
from flowmaster.stores.projection import wait_changes
from flowmaster.stores.sql.census import CensusReader
from flowmaster.stores.sql.database import Reads
from flowmaster.stores.sql.facts import FactWriter
from flowmaster.stores.sql.journal import JournalWriter
from flowmaster.stores.sql.messages import MessageWriter
from flowmaster.stores.sql.parts import PartWriter, is_wide
from flowmaster.stores.sql.seen import Head, Seen
from flowmaster.stores.sql.waits import WaitWriter

_INSERT = (
    "INSERT INTO instance (status, revision, waits, incidents, updated, business_key, hash, body, process,"
    " version, tenant, id, sandbox, started, parent, parent_wait, parent_depth)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, id) DO NOTHING"
)
_UPDATE = (
    "UPDATE instance SET status = ?, revision = ?, waits = ?, incidents = ?, updated = ?, business_key = ?,"
    " hash = ?, body = ?, process = ?, version = ? WHERE num = ?"
)
_HEAD = "SELECT num, revision, waits, sandbox, hash, body FROM instance WHERE tenant = ? AND id = ?"


class StepWriter(CensusReader, PartWriter, JournalWriter, WaitWriter, MessageWriter, FactWriter):
    """The writes of steps.

    Within a transaction nobody else writes, so that what it has read of an instance's row holds until its own
    next step; what was `_seen` must be forgotten whenever any of it is undone or over.
    """

    _seen: Seen

    def state(self, tenant: str, instance: str) -> State | None:
        """Return the state of an instance for a step of it, the caller's own, or None."""
        state = self._seen.narrow((tenant, instance))
        if state is None:
            stored = self.load(tenant, instance)
            state = stored.state if stored else None
        return state

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
        wide = is_wide(state, before=head.wide)
        body = codec.encode_body(state, apart=wide)
        refusals.check_size(state.instance, body)
        number = self._put_instance(step, head, link, body.decode())
        if wide:
            self._write_parts(number, state, all_of_it=not head.wide)
        elif head.wide:
            self._drop_parts(number)
        changes = wait_changes(state)
        if changes.put or changes.held is not None or state.changed.waits:
            self._write_waits(number, step, changes, sandbox=head.sandbox)
        state.changed.clear()
        self._put_link(self._words.number(step.tenant), number, link)
        after = Head(number, state.seq, len(state.waits), head.sandbox, link.hash, wide)
        self._seen.step((step.tenant, state.instance), state, after, len(body))
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
                self._db.write(
                    instance,
                    "INSERT INTO evaluation (tenant, decision, instance, first, seq) VALUES (?, ?, ?, ?, ?)",
                    (tenant, self._words.number(event.decision), instance, first, seq),
                )

    def _of(self, tenant: str, instance: str) -> Reads:
        return self._db if (tenant, instance) in self._seen.heads else self._db.apart

    def _at_hand(self, tenant: str, instance: str, head: Head) -> State | None:
        self._seen.heads[tenant, instance] = head
        return self._seen.state((tenant, instance), head.revision) if head.wide else None

    def _head(self, step: rows.Step) -> Head:
        """Return the row that the step builds on, if it is the one expected; number 0 for a new instance."""
        instance = step.state.instance
        head = self._seen.heads.get((step.tenant, instance))
        if head is None and step.expected:
            head = self._stored_head(step.tenant, instance)
        head = head or Head(0, 0, 0, step.state.sandbox, chain.genesis(step.tenant, instance))
        if head.revision != step.expected:
            raise rows.Conflict(instance, expected=step.expected, found=head.revision)
        return head

    def _stored_head(self, tenant: str, instance: str) -> Head | None:
        found = self._db.apart.one(_HEAD + self._locked("NOWAIT"), (self._words.find(tenant), instance))
        if found is None:
            return None
        number, revision, waits, sandbox, sealed, body = found
        return Head(number, revision, waits, sandbox, sealed, codec.has_nodes_apart(body))

    def _put_instance(self, step: rows.Step, head: Head, link: chain.Link, body: str) -> int:
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
            body,
            word(state.process),
            state.version,
        )
        if head.number:
            self._db.write(head.number, _UPDATE, (*values, head.number))
            return head.number
        owner = (word(step.tenant), state.instance, int(head.sandbox), state.started)
        number = self._db.insert_new(_INSERT, (*values, *owner, *(state.parent or (None, None, None))))
        if number is None:
            known = self._stored_head(step.tenant, state.instance)
            raise rows.Conflict(state.instance, expected=0, found=known.revision if known else 0)
        return number
