"""Erasing in memory: the search walks through all tables, whatever they hold."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from flowmaster.engine import state as st
from flowmaster.engine.values import Json
from flowmaster.stores import chain, codec, rows, traces
from flowmaster.stores.codec import decode_wait
from flowmaster.stores.erasing import (
    MARK,
    Eraser,
    Holding,
    erase_body,
    erase_json,
    erase_wait,
    erased_list,
    eraser_of,
    plain_text,
    spellings,
)
from flowmaster.stores.memory.data import InstanceRecord, Part, WaitRecord, locked
from flowmaster.stores.memory.definitions import DefinitionWriter
from flowmaster.stores.memory.facts import FactWriter
from flowmaster.stores.memory.instances import InstanceReader, JournalWriter
from flowmaster.stores.projection import candidates, wait_keys
from flowmaster.stores.releases import OF_PEOPLE

Key = tuple[Any, ...]
ENDED = ("completed", "cancelled", "failed")
_SHOWN = {"drafts": -2, "versions": -2, "releases": 2}
"""Where the keys of tables say what people know a row by; of others it is the last."""


@locked
class TraceReader(Part):
    """The reads of erasures and traces."""

    def erased(self, tenant: str, instance: str) -> traces.Erased | None:
        """Return that an instance was erased, None if it was not."""
        return self._data.erasures.get((tenant, instance))

    def erased_entries(self, tenant: str, instance: str, *, until: int) -> int:
        """Return how many journal rows of an instance that begin up to an event have lost values."""
        found = self._data.instances.get((tenant, instance))
        end = self._data.chains.get((tenant, instance)) if found else None
        links = (self._data.journal[tenant, instance, row].link for row in range(end.rows if end else 0))
        return sum(link.erased is not None and link.first <= until for link in links)

    def due_instances(
        self, tenant: str, process: str, *, before: int, what: str, limit: int, after: str = ""
    ) -> list[str]:
        """Return ended instances of a process that last moved up to an instant and are still to be erased."""
        last = self._data.instances[tenant, after].number if after else 0
        found = sorted(
            (record.number, record.row.instance)
            for (owner, instance), record in self._data.instances.items()
            if owner == tenant
            and record.row.process == process
            and not record.row.sandbox
            and record.row.status in ENDED
            and record.row.updated <= before
            and record.number > last
            and (what != traces.VALUES or (tenant, instance) not in self._data.erasures)
        )
        return [instance for _, instance in found[:limit]]

    def counter(self, tenant: str, name: str) -> int:
        """Return the last number of a counter, 0 if it was never used."""
        return self._data.numbers.get((tenant, f"counter:{name}"), 0)

    def find_traces(
        self, tenant: str, texts: Sequence[str], kind: str, *, after: tuple[Json, ...] | None = None
    ) -> traces.Traces:
        """Return places of a kind whose rows hold one of the texts, ignoring case."""
        held = Holding(spellings(texts))
        found = [
            traces.Trace(kind, traces.shown(shown, texts), key)
            for owner, shown, key, row in _TABLES[kind](self)
            if owner in (tenant, "") and _holds(row, held, texts)
        ]
        return traces.Traces(found, None)

    def _instances(self) -> Iterator[tuple[str, str, Key, object]]:
        for (owner, instance), record in self._data.instances.items():
            yield owner, instance, (owner, instance), (record.row, record.body)

    def _waits(self) -> Iterator[tuple[str, str, Key, object]]:
        for kind, table in self._data.waits.items():
            for place, record in table.items():
                yield record.tenant, record.instance, (kind, *place), record

    def _entries(self) -> Iterator[tuple[str, str, Key, object]]:
        for (owner, scope, row), record in self._data.journal.items():
            link = record.link
            yield owner, scope, (owner, scope, row), (link.reason, link.events)

    def _messages(self) -> Iterator[tuple[str, str, Key, object]]:
        for number, (message, variables) in self._data.messages.items():
            yield message.tenant, message.name, (number,), (message.name, message.key, variables)

    def _outbox(self) -> Iterator[tuple[str, str, Key, object]]:
        for number, (row, payload) in self._data.outbox.items():
            yield row.tenant, row.instance, (number,), (row, payload)

    def _keyed(self, name: str) -> Iterator[tuple[str, str, Key, object]]:
        for key, row in getattr(self._data, name).items():
            shown = str(key[_SHOWN.get(name, -1)])
            yield key[0], shown, key, (key[1:], _nameless(row))

    def _counters(self) -> Iterator[tuple[str, str, Key, object]]:
        for owner, name in self._data.numbers:
            if name.startswith("counter:"):
                yield owner, "", (owner, name), name

    def _scopes(self) -> Iterator[tuple[str, str, Key, object]]:
        for owner, scope in self._data.chains:
            if (owner, scope) not in self._data.instances:
                yield owner, scope, (owner, scope), scope

    def _people(self) -> Iterator[tuple[str, str, Key, object]]:
        """Name everybody who did something."""
        data = self._data
        found = {who for record in data.journal.values() for who in (record.link.by, record.link.agent)}
        found |= {head.row.updated_by for head in data.definitions.values()}
        for table in (data.drafts, data.versions, data.messages, data.releases):
            found |= {row.by for row, _ in table.values()}
        found |= {row.by for _, row, _ in data.documents.values()}
        for who in sorted(found - {""}):
            yield "", "", (who,), who


def _nameless(row: Any) -> Any:
    """Return a row without the name of whoever made it, which is searched for by itself."""
    parts = row if isinstance(row, tuple) else (row,)
    if hasattr(row, "_fields"):
        parts = tuple(
            value for name, value in zip(row._fields, row, strict=True) if name not in ("by", "updated_by")
        )
    return tuple(_nameless(part) if isinstance(part, tuple) else part for part in parts)


def _holds(row: object, held: Holding, texts: Sequence[str]) -> bool:
    """Whether a row holds a text anywhere."""
    match row:
        case str():
            return held.holds(row)
        case bytes():
            return traces.in_bytes(row, spellings(texts))
        case Mapping():
            return any(_holds(each, held, texts) for pair in row.items() for each in pair)
        case tuple() | list() | frozenset():
            return any(_holds(each, held, texts) for each in row)
        case _:
            return False


_TABLES: Mapping[str, Callable[[TraceReader], Iterator[tuple[str, str, Key, object]]]] = {
    "instance": TraceReader._instances,
    "part": lambda reader: iter(()),
    "wait": TraceReader._waits,
    "journal": TraceReader._entries,
    "message": TraceReader._messages,
    "outbox": TraceReader._outbox,
    "document": lambda reader: reader._keyed("documents"),
    "blob": lambda reader: reader._keyed("blobs"),
    "once": lambda reader: reader._keyed("once"),
    "setting": lambda reader: reader._keyed("settings"),
    "release": lambda reader: reader._keyed("releases"),
    "long_call": lambda reader: reader._keyed("long_calls"),
    "draft": lambda reader: reader._keyed("drafts"),
    "version": lambda reader: reader._keyed("versions"),
    "definition": lambda reader: reader._keyed("definitions"),
    "start": lambda reader: reader._keyed("starts"),
    "counter": TraceReader._counters,
    "lease": lambda reader: iter(()),
    "erasure": lambda reader: reader._keyed("erasures"),
    "scope": TraceReader._scopes,
    "word": TraceReader._people,
}


@locked
class TraceEraser(TraceReader, InstanceReader, JournalWriter, DefinitionWriter, FactWriter):
    """Erases instances that are named, and whatever holds a text."""

    def note_erased(self, tenant: str, erased: traces.Erased) -> None:
        """Note that an instance was erased."""
        self._data.put(self._data.erasures, (tenant, erased.instance), erased)

    def erase_instances(
        self, tenant: str, instances: Collection[str], *, names: Collection[str] | None, at: int, erasure: str
    ) -> list[traces.Blanked]:
        """Blank the values of instances, in state, waits, history and stored answers: those under `names`, or all."""
        eraser, done = eraser_of(names), []
        for record in self._records(tenant, instances):
            instance = record.row.instance
            entries = self._erase_journal(tenant, instance, eraser) + self._erase_state(record, eraser)
            for kind, key in record.waits:
                entries += self._erase_wait(self._data.waits[kind][record.number, key], eraser)
            if names is None:
                self.note_erased(tenant, traces.Erased(instance, at, erasure, traces.VALUES))
            done.append(self._blanked(tenant, instance, entries))
        self._forget_answers(tenant, {one.instance for one in done})
        return done

    def remove_instances(
        self, tenant: str, instances: Collection[str], *, at: int, erasure: str
    ) -> list[traces.Blanked]:
        """Delete instances with all that belongs to them; only that they were there is kept."""
        done, data = [], self._data
        for record in self._records(tenant, instances):
            instance = record.row.instance
            end = data.chains[tenant, instance]
            done.append(self._blanked(tenant, instance, end.rows))
            for kind, key in record.waits:
                data.delete(data.waits[kind], (record.number, key))
            for row in range(end.rows):
                data.delete(data.journal, (tenant, instance, row))
            data.delete(data.chains, (tenant, instance))
            data.delete(data.instances, (tenant, instance))
            self._forget_child(tenant, record)
            self.note_erased(tenant, traces.Erased(instance, at, erasure, traces.EVERYTHING))
        gone = {one.instance for one in done}
        for place, found in list(data.evaluations.items()):
            if place[0] == tenant and found.instance in gone:
                data.delete(data.evaluations, place)
        for number, (effect, _) in list(data.outbox.items()):
            if effect.tenant == tenant and effect.instance in gone:
                data.delete(data.outbox, number)
        for between, one in list(data.sent.items()):
            if between[0] == tenant and (one.sender in gone or one.receiver in gone):
                data.delete(data.sent, between)
        self._forget_answers(tenant, gone)
        return done

    def _forget_child(self, tenant: str, record: InstanceRecord) -> None:
        if record.row.parent is not None:
            caller = (tenant, record.row.parent.instance)
            left = self._data.children.get(caller, frozenset()) - {record.row.instance}
            self._data.put(self._data.children, caller, left)

    def _records(self, tenant: str, instances: Collection[str]) -> list[InstanceRecord]:
        found = (self._data.instances.get((tenant, instance)) for instance in dict.fromkeys(instances))
        return sorted((record for record in found if record is not None), key=lambda record: record.number)

    def _blanked(self, tenant: str, instance: str, entries: int) -> traces.Blanked:
        end = self._data.chains[tenant, instance].link
        return traces.Blanked(instance, entries, end.last, end.hash.hex())

    def _erase_state(self, record: InstanceRecord, eraser: Eraser) -> int:
        key = (record.tenant, record.row.instance)
        row = record.row._replace(business_key=eraser.text(record.row.business_key))
        left = record._replace(row=row, body=erase_body(record.body, eraser))
        self._data.put(self._data.instances, key, left)
        return int(left != record)

    def _erase_wait(self, record: WaitRecord, eraser: Eraser) -> int:
        """Blank a wait with what it is found by; a lease of it is left alone."""
        body = erase_wait(record.body, eraser)
        if body == record.body:
            return 0
        wait, held = decode_wait(body), record.keys.held
        keys = wait_keys(wait, paused=False, sandbox=False)._replace(held=held)
        found_by = candidates(wait) if isinstance(wait, st.TaskWait) else frozenset[str]()
        left = record._replace(body=body, keys=keys, candidates=found_by)
        self._data.put(self._data.waits[keys.kind], record.place, left)
        return 1

    def _forget_answers(self, tenant: str, subjects: Collection[str]) -> None:
        for key, (row, answer) in list(self._data.once.items()):
            if key[0] == tenant and answer is not None and row.subject in subjects:
                self._data.put(self._data.once, key, (row, None))

    def erase_trace(
        self, tenant: str, trace: traces.Trace, texts: Collection[str], *, models: bool
    ) -> traces.Fate:
        """Blank whatever holds one of the texts in a place that `find_traces` told of, or say why it stays."""
        erase = self._ERASE.get(trace.kind)
        if erase is not None:
            return erase(self, tenant, trace.key, Holding(texts))
        if trace.kind in ("draft", "version", "definition") and models:
            return self._erase_model(trace.kind, trace.key, texts)
        return _STAYS.get(trace.kind, traces.MODEL)

    def _erase_instance(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        record = self._data.instances[key]
        self._erase_state(record, eraser)
        told = (record.row.instance, record.row.parent.instance if record.row.parent else "")
        return traces.NAME if any(map(eraser.holds, told)) else traces.ERASED

    def _erase_one_wait(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        self._erase_wait(self._data.waits[key[0]][key[1], key[2]], eraser)
        return traces.ERASED

    def _erase_entry(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        owner, scope, row = key
        record = self._data.journal[owner, scope, row]
        before = self._data.journal.get((owner, scope, row - 1))
        origin = self._data.origins.get((owner, scope)) or chain.genesis(owner, scope)
        previous = before.link.hash if before else origin
        link = chain.erased(previous, record.link, eraser, of_instance=record.of_instance)
        self._put_record(owner, scope, row, record._replace(link=link))
        return traces.ERASED

    def _erase_person(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        """Put a pseudonym in the place of the name of a person: the same digest that the chains are sealed over."""
        (who,) = key
        data, name = self._data, chain.pseudonym(who)
        for table in data.waits.values():
            for wait in table.values():
                if who in (wait.keys.person, wait.worker) or f"user:{who}" in wait.candidates:
                    return traces.OPEN_WORK
        acted = [
            (place, each) for place, each in data.journal.items() if who in (each.link.by, each.link.agent)
        ]
        if any(owner != tenant for (owner, *_), _ in acted):
            return traces.OTHERS
        for (owner, scope, row), record in acted:
            by, agent = (name if who == each else each for each in (record.link.by, record.link.agent))
            self._put_record(
                owner, scope, row, record._replace(link=record.link._replace(by=by, agent=agent))
            )
        self._rename_makers(who, name)
        return traces.ERASED

    def _rename_makers(self, who: str, name: str) -> None:
        """Rename whoever made definitions, drafts, versions, messages, documents and releases."""
        data = self._data
        for key, head in list(data.definitions.items()):
            if head.row.updated_by == who:
                data.put(data.definitions, key, head._replace(row=head.row._replace(updated_by=name)))
        made: tuple[dict[Any, Any], ...] = (data.drafts, data.versions, data.messages, data.releases)
        for table in made:
            for place, (row, rest) in list(table.items()):
                if row.by == who:
                    data.put(table, place, (row._replace(by=name), rest))
        for document, (number, added, meta) in list(data.documents.items()):
            if added.by == who:
                data.put(data.documents, document, (number, added._replace(by=name), meta))

    def _erase_message(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        name = self._data.messages[key[0]][0].name
        self._data.delete(self._data.messages, key[0])
        return traces.NAME if eraser.holds(name) else traces.ERASED

    def _erase_document(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        self.erase_document(tenant, key[1])
        return traces.ERASED

    def _erase_blob(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        for (owner, document), (_, row, _) in list(self._data.documents.items()):
            if owner == tenant and row.sha256 == key[1]:
                self.erase_document(tenant, document)
        self._data.delete(self._data.blobs, key)
        return traces.ERASED

    def _erase_once(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        row, _ = self._data.once[key]
        left = chain.pseudonym(row.key) if eraser.holds(row.key) else row.key
        self._data.delete(self._data.once, key)
        told = row._replace(key=left, subject=eraser.text(row.subject))
        self._data.put(self._data.once, (key[0], left), (told, None))
        return traces.ERASED

    def _erase_setting(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        if key[0] != tenant:
            return traces.OTHERS
        value = self._data.settings[key]
        if eraser.holds(key[1]):
            self._data.delete(self._data.settings, key)
        else:
            self._data.put(self._data.settings, key, erase_json(value, eraser))
        return traces.ERASED

    def _erase_release(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        if key[0] != tenant:
            return traces.OTHERS
        row, body = self._data.releases[key]
        if eraser.holds(key[4]):
            self._data.delete(self._data.releases, key)
            if key[3] not in OF_PEOPLE:
                return traces.ERASED
            name = chain.pseudonym(key[4])
            row, key = row._replace(name=name), (*key[:4], name)
        self._data.put(self._data.releases, key, (row, erase_json(body, eraser)))
        return traces.NAME if eraser.holds(key[2]) else traces.ERASED

    def _erase_long_call(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        if not rows.LongCall(*codec.load(self._data.long_calls[key])).ended:
            return traces.UNDER_WAY
        self._data.delete(self._data.long_calls, key)
        return traces.ERASED

    def _erase_counter(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        if key[0] != tenant:
            return traces.OTHERS
        self._data.delete(self._data.numbers, key)
        return traces.ERASED

    def erase_document(self, tenant: str, document: str) -> bool:
        """Delete a document with its bytes and all that names it, also its own journal's name; say whether it was there."""
        if not self.delete_document(tenant, document):
            return False
        data, slug = self._data, document.rpartition(":")[0]
        scope = f"document:{document}"
        if (tenant, scope) in data.chains:
            self.erase(tenant, scope)
            self._unname_scope(tenant, scope)
        for key, (row, _) in list(data.once.items()):
            if key[0] == tenant and row.subject == document:
                data.put(data.once, key, (row._replace(subject=MARK), None))
        for name, value in self.settings(tenant).items():
            if f'"{document}"' in data.settings[tenant, name]:
                self.put_setting(tenant, name, erased_list(value, document))
        if not any(owner == tenant and other.startswith(f"{slug}:") for owner, other in data.documents):
            data.delete(data.numbers, (tenant, f"counter:document:{slug}"))
        return True

    def _erase_scope(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        if key[1].partition(":")[0] in ("process", "decision", "message"):
            return traces.NAME
        self._unname_scope(*key)
        return traces.ERASED

    def _unname_scope(self, tenant: str, scope: str) -> None:
        """Take the name off a journal; what its chain stands on is kept in place of it."""
        data, kind = self._data, scope.partition(":")[0]
        name = f"{kind}:{MARK} {data.number('', 'scope')}"
        end = data.chains[tenant, scope]
        for row in range(end.rows):
            record = data.journal[tenant, scope, row]
            data.delete(data.journal, (tenant, scope, row))
            data.put(data.journal, (tenant, name, row), record._replace(scope=name))
        data.delete(data.chains, (tenant, scope))
        data.put(data.chains, (tenant, name), end)
        origin = data.origins.get((tenant, scope)) or chain.genesis(tenant, scope)
        data.delete(data.origins, (tenant, scope))
        data.put(data.origins, (tenant, name), origin)

    def _erase_model(self, kind: str, key: Key, texts: Collection[str]) -> traces.Fate:
        """Replace a text wherever a model says it."""
        data, held = self._data, Holding(texts)
        if kind == "definition":
            head = data.definitions[key]
            row = head.row._replace(name=plain_text(head.row.name, texts))
            data.put(data.definitions, key, head._replace(row=row, route=plain_text(head.route, texts)))
            return traces.NAME if held.holds(key[2]) else traces.ERASED
        if kind == "draft":
            draft, meta = data.drafts[key]
            name, note, content = (
                plain_text(text, texts) for text in (draft.name, draft.note, draft.content)
            )
            draft = draft._replace(name=name, note=note, content=content)
            data.put(data.drafts, key, (draft, plain_text(meta, texts)))
            return traces.ERASED
        version, meta = data.versions[key]
        told = (version.name, version.note, version.content, version.tag)
        name, note, content, tag = (plain_text(text, texts) for text in told)
        digest = codec.digest(content)
        version = version._replace(name=name, note=note, content=content, tag=tag, digest=digest)
        data.put(data.versions, key, (version, plain_text(meta, texts)))
        return traces.ERASED

    _ERASE: ClassVar[Mapping[str, Callable[["TraceEraser", str, Key, Holding], traces.Fate]]] = {
        "instance": _erase_instance,
        "wait": _erase_one_wait,
        "journal": _erase_entry,
        "message": _erase_message,
        "document": _erase_document,
        "blob": _erase_blob,
        "once": _erase_once,
        "setting": _erase_setting,
        "release": _erase_release,
        "long_call": _erase_long_call,
        "counter": _erase_counter,
        "scope": _erase_scope,
        "word": _erase_person,
    }


_STAYS: Mapping[str, traces.Fate] = {
    "outbox": traces.UNDER_WAY,
    "start": traces.NAME,
    "erasure": traces.NAME,
}
