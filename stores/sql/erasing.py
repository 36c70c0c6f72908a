"""Erasing values, whole instances, and whatever holds a text."""

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import count
from typing import Any, ClassVar

from flowmaster.engine import state as st
from flowmaster.stores import chain, codec, traces
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
)
from flowmaster.stores.releases import OF_PEOPLE
from flowmaster.stores.sql.definitions import DefinitionWriter
from flowmaster.stores.sql.part import among
from flowmaster.stores.sql.steps import StepWriter
from flowmaster.stores.sql.tables import OPEN_WORK, PEOPLE, STRUCTURE
from flowmaster.stores.sql.tracing import TraceReader

Key = tuple[Any, ...]


class InstanceEraser(TraceReader, StepWriter):
    """Erases instances that are named."""

    def note_erased(self, tenant: str, erased: traces.Erased) -> None:
        """Note that an instance was erased."""
        self._db.run(
            "INSERT INTO erasure (tenant, instance, at, erasure, what) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (tenant, instance) DO UPDATE SET at = excluded.at, erasure = excluded.erasure,"
            " what = excluded.what",
            (self._words.number(tenant), *erased),
        )

    def erase_instances(
        self, tenant: str, instances: Collection[str], *, names: Collection[str] | None, at: int, erasure: str
    ) -> list[traces.Blanked]:
        """Blank the values of instances, in state, waits, history and stored answers: those under `names`, or all."""
        eraser, done = eraser_of(names), []
        for number, instance in self._instance_numbers(tenant, list(instances)):
            entries = self._erase_journal(tenant, instance, number, eraser)
            entries += self._erase_state(number, eraser)
            entries += self._erase_waits(tenant, number, eraser)
            if names is None:
                self.note_erased(tenant, traces.Erased(instance, at, erasure, traces.VALUES))
            done.append(self._blanked(number, instance, entries))
        self._forget_answers(tenant, [one.instance for one in done])
        return done

    def remove_instances(
        self, tenant: str, instances: Collection[str], *, at: int, erasure: str
    ) -> list[traces.Blanked]:
        """Delete instances with all that belongs to them; only that they were there is kept."""
        found = self._instance_numbers(tenant, list(instances))
        done = []
        for number, instance in found:
            self._drop_waits(number, tenant)
            self._drop_parts(number)
            entries = self._db.count("DELETE FROM journal WHERE scope = ?", (number,))
            done.append(self._blanked(number, instance, entries))
            self._db.run("DELETE FROM instance WHERE num = ?", (number,))
            self._seen.forget_all()
            self.note_erased(tenant, traces.Erased(instance, at, erasure, traces.EVERYTHING))
        numbers, owner = [number for number, _ in found], self._words.find(tenant)
        ids = [instance for _, instance in found]
        self._db.run(f"DELETE FROM evaluation WHERE instance {among(numbers)}", numbers)
        for end in ("sender", "receiver"):
            self._db.run(f"DELETE FROM sent WHERE {end} {among(numbers)}", numbers)
        self._db.run(f"DELETE FROM outbox WHERE tenant = ? AND instance {among(ids)}", (owner, *ids))
        self._forget_answers(tenant, ids)
        return done

    def _blanked(self, number: int, instance: str, entries: int) -> traces.Blanked:
        last, head = self._db.all("SELECT revision, hash FROM instance WHERE num = ?", (number,))[0]
        return traces.Blanked(instance, entries, last, bytes(head).hex())

    def _erase_state(self, number: int, eraser: Eraser) -> int:
        body, key = self._made_whole(number)
        left = erase_body(body, eraser), eraser.text(key or "") or None
        if left == (body, key):
            return 0
        self._db.run("UPDATE instance SET body = ?, business_key = ? WHERE num = ?", (*left, number))
        return 1

    def _made_whole(self, number: int) -> tuple[str, str | None]:
        """Return the body and the business key of an instance, a wide one stored in one piece again.

        So no server goes on with the state that it has kept of a wide instance.
        """
        self._seen.forget_all()
        body, key = self._db.all("SELECT body, business_key FROM instance WHERE num = ?", (number,))[0]
        if codec.has_nodes_apart(body):
            state = codec.decode_body(body, st.State("", "", 0))
            self._read_parts(self._db, number, state)
            body = codec.encode_body(state).decode()
            self._db.run("UPDATE instance SET body = ? WHERE num = ?", (body, number))
            self._drop_parts(number)
        return body, key

    def _drop_waits(self, number: int, tenant: str) -> None:
        for (body,) in self._db.all("SELECT body FROM wait WHERE instance = ?", (number,)):
            wait = decode_wait(body)
            if isinstance(wait, st.TaskWait):
                self._delete_candidates(number, tenant, wait)
        self._db.run("DELETE FROM wait WHERE instance = ?", (number,))

    def _erase_waits(self, tenant: str, number: int, eraser: Eraser) -> int:
        keys = [key for (key,) in self._db.all("SELECT id FROM wait WHERE instance = ?", (number,))]
        return sum(self._erase_wait(tenant, number, key, eraser) for key in keys)

    def _erase_wait(self, tenant: str, number: int, key: int, eraser: Eraser) -> bool:
        """Blank a wait with what it is found by; a lease of it is left alone."""
        self._made_whole(number)
        body, kept = self._db.all("SELECT body, key FROM wait WHERE instance = ? AND id = ?", (number, key))[
            0
        ]
        left = erase_wait(body, eraser)
        if left == body:
            return False
        old, new = decode_wait(body), decode_wait(left)
        person = None
        if isinstance(old, st.TaskWait) and isinstance(new, st.TaskWait):
            self._change_candidates(number, tenant, old, new)
            person = self._words.optional(new.assignee)
        if isinstance(new, st.EventWait):
            kept = new.key
        self._db.run(
            "UPDATE wait SET body = ?, key = ?, person = ? WHERE instance = ? AND id = ?",
            (left, kept, person, number, key),
        )
        return True

    def _forget_answers(self, tenant: str, subjects: Sequence[str]) -> None:
        self._db.run(
            f"UPDATE once SET answer = NULL WHERE tenant = ? AND answer IS NOT NULL AND subject {among(subjects)}",
            (self._words.find(tenant), *subjects),
        )


class TraceEraser(InstanceEraser, DefinitionWriter):
    """Erases whatever holds a text, place by place."""

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
        self._erase_state(key[0], eraser)
        told = self._db.all("SELECT id, coalesce(parent, '') FROM instance WHERE num = ?", key)[0]
        return traces.NAME if any(map(eraser.holds, told)) else traces.ERASED

    def _erase_one_part(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        self._erase_state(key[0], eraser)
        return traces.ERASED

    def _erase_one_wait(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        self._erase_wait(tenant, key[0], key[1], eraser)
        return traces.ERASED

    def _erase_entry(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        number, scope, name, origin, first = self._db.all(
            "SELECT t.id, t.scope, coalesce(i.id, s.name), s.genesis, t.first FROM journal t LEFT JOIN instance i"
            " ON i.num = t.scope LEFT JOIN scope s ON s.num = -t.scope WHERE t.id = ?",
            key,
        )[0]
        before = self._db.value("SELECT hash FROM journal WHERE scope = ? AND last = ?", (scope, first - 1))
        link = next(self._links(scope, first))
        previous = bytes(before or origin or chain.genesis(tenant, name))
        self._erase_link(number, previous, link, eraser, of_instance=scope > 0)
        left = next(self._links(scope, first))
        return traces.OLD_SEAL if eraser.holds(left.reason) else traces.ERASED

    def _erase_message(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        name = self._db.value("SELECT name FROM message WHERE id = ?", key)
        self._db.run("DELETE FROM message WHERE id = ?", key)
        return traces.NAME if eraser.holds(name) else traces.ERASED

    def _erase_document(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        self.erase_document(tenant, self._db.value("SELECT id FROM document WHERE num = ?", key))
        return traces.ERASED

    def _erase_blob(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        owner = self._words.find(tenant)
        for (document,) in self._db.all(
            "SELECT id FROM document WHERE tenant = ? AND sha256 = ?", (owner, key[0])
        ):
            self.erase_document(tenant, document)
        self._db.run("DELETE FROM blob WHERE tenant = ? AND sha256 = ?", (owner, key[0]))
        return traces.ERASED

    def _erase_once(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        name, subject = self._db.all("SELECT key, subject FROM once WHERE tenant = ? AND key = ?", key)[0]
        left = chain.pseudonym(name) if eraser.holds(name) else name
        if left != name:
            self._db.run("DELETE FROM once WHERE tenant = ? AND key = ?", (key[0], left))
        self._db.run(
            "UPDATE once SET key = ?, subject = ?, answer = NULL WHERE tenant = ? AND key = ?",
            (left, eraser.text(subject), *key),
        )
        return traces.ERASED

    def _erase_setting(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        if key[0] != self._words.find(tenant):
            return traces.OTHERS
        if eraser.holds(key[1]):
            self._db.run("DELETE FROM setting WHERE tenant = ? AND name = ?", key)
            return traces.ERASED
        value = self._db.value("SELECT value FROM setting WHERE tenant = ? AND name = ?", key)
        self._db.run(
            "UPDATE setting SET value = ? WHERE tenant = ? AND name = ?", (erase_json(value, eraser), *key)
        )
        return traces.ERASED

    def _erase_release(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        """Blank what is said of a release; a person gets a pseudonym, a tag goes, the name of the definition stays."""
        if key[0] != self._words.find(tenant):
            return traces.OTHERS
        where = "tenant = ? AND kind = ? AND key = ? AND aspect = ? AND name = ?"
        if eraser.holds(key[4]) and key[3] not in OF_PEOPLE:
            self._db.run(f"DELETE FROM release WHERE {where}", key)
            return traces.ERASED
        if eraser.holds(key[4]):
            name = chain.pseudonym(key[4])
            self._db.run(f"DELETE FROM release WHERE {where}", (*key[:4], name))
            self._db.run(f"UPDATE release SET name = ? WHERE {where}", (name, *key))
            key = (*key[:4], name)
        body = self._db.value(f"SELECT body FROM release WHERE {where}", key)
        self._db.run(f"UPDATE release SET body = ? WHERE {where}", (erase_json(body, eraser), *key))
        return traces.NAME if eraser.holds(key[2]) else traces.ERASED

    def _erase_long_call(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        if not self._db.value("SELECT ended FROM long_call WHERE handle = ?", key):
            return traces.UNDER_WAY
        self._db.run("DELETE FROM long_call WHERE handle = ?", key)
        return traces.ERASED

    def _erase_counter(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        if key[0] != self._words.find(tenant):
            return traces.OTHERS
        self._db.run("DELETE FROM counter WHERE tenant = ? AND name = ?", key)
        return traces.ERASED

    def erase_document(self, tenant: str, document: str) -> bool:
        """Delete a document with its bytes and all that names it, also its own journal's name; say whether it was there."""
        if not self.delete_document(tenant, document):
            return False
        owner, slug = self._words.find(tenant), document.rpartition(":")[0]
        scope = f"document:{document}"
        number = self._db.value("SELECT num FROM scope WHERE tenant = ? AND name = ?", (owner, scope))
        if number is not None:
            self.erase(tenant, scope)
            self._unname_scope(tenant, number)
        self._db.run(
            "UPDATE once SET subject = ?, answer = NULL WHERE tenant = ? AND subject = ?",
            (MARK, owner, document),
        )
        part = f'%"{document}"%'
        for name, value in self._db.all(
            "SELECT name, value FROM setting WHERE tenant = ? AND value LIKE ?", (owner, part)
        ):
            self.put_setting(tenant, name, erased_list(codec.load(value), document))
        if (
            self._db.value(
                "SELECT 1 FROM document WHERE tenant = ? AND substr(id, 1, ?) = ? LIMIT 1",
                (owner, len(slug) + 1, f"{slug}:"),
            )
            is None
        ):
            self._db.run("DELETE FROM counter WHERE tenant = ? AND name = ?", (owner, f"document:{slug}"))
        return True

    def _erase_scope(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        name = self._db.value("SELECT name FROM scope WHERE num = ?", key)
        if name.partition(":")[0] in ("process", "decision", "message"):
            return traces.NAME
        self._unname_scope(tenant, key[0])
        return traces.ERASED

    def _unname_scope(self, tenant: str, number: int) -> None:
        """Take the name off a journal; what its chain stands on is kept in place of it."""
        name, origin = self._db.all("SELECT name, genesis FROM scope WHERE num = ?", (number,))[0]
        kind = name.partition(":")[0]
        self._db.run(
            "UPDATE scope SET name = ?, genesis = ? WHERE num = ?",
            (f"{kind}:{MARK} {number}", origin or chain.genesis(tenant, name), number),
        )

    def _erase_word(self, tenant: str, key: Key, eraser: Holding) -> traces.Fate:
        """Put a pseudonym in the place of the name of a person: the same digest that the chains are sealed over."""
        text = self._db.value("SELECT text FROM word WHERE id = ?", key)
        if text is None or not eraser.holds(text):
            return traces.ERASED
        if self._is_used(STRUCTURE, key[0], ""):
            return traces.NAME
        if self._is_used(PEOPLE, key[0], tenant):
            return traces.OTHERS
        if self._is_used(OPEN_WORK, key[0], ""):
            return traces.OPEN_WORK
        if self._has_old_seal(key[0]):
            return traces.OLD_SEAL
        self._renew_graphs_with(key[0])
        names = (chain.pseudonym(text, number) for number in count(1))
        self._words.rename(key[0], next(name for name in names if not self._is_word(name)))
        return traces.ERASED

    def _is_word(self, text: str) -> bool:
        return self._db.value("SELECT 1 FROM word WHERE text = ?", (text,)) is not None

    def _is_used(self, columns: Mapping[str, Sequence[str]], word: int, tenant: str) -> bool:
        """Whether rows name a word; with a tenant, rows of others."""
        others = " AND tenant <> ?" if tenant else ""
        for table, names in columns.items():
            where = " OR ".join(f'"{name}" = ?' for name in names)
            values = [word] * len(names) + ([self._words.find(tenant)] if tenant else [])
            if self._db.value(f"SELECT 1 FROM {table} WHERE ({where}){others} LIMIT 1", values) is not None:
                return True
        return False

    def _has_old_seal(self, word: int) -> bool:
        """Whether a person is named in rows that were sealed in clear: the oldest one tells."""
        found = self._db.one(
            "SELECT scope, first, tenant FROM journal WHERE id ="
            " (SELECT min(id) FROM journal WHERE by = ? OR agent = ?)",
            (word, word),
        )
        if found is None:
            return False
        scope, first, tenant = found
        before = self._db.value("SELECT hash FROM journal WHERE scope = ? AND last = ?", (scope, first - 1))
        name, origin = self._db.all(
            "SELECT id, NULL FROM instance WHERE num = ? UNION ALL SELECT name, genesis FROM scope WHERE num = ?",
            (scope, -scope),
        )[0]
        previous = bytes(before or origin or chain.genesis(self._words.text(tenant), name))
        return chain.has_old_seal(previous, next(self._links(scope, first)))

    def _erase_model(self, kind: str, key: Key, texts: Collection[str]) -> traces.Fate:
        """Replace a text wherever a model says it."""
        if kind == "definition":
            told = self._db.all("SELECT name, route FROM definition WHERE num = ?", key)[0]
            left = [plain_text(text, texts) for text in told]
            self._db.run("UPDATE definition SET name = ?, route = ? WHERE num = ?", (*left, *key))
            kept = self._db.value("SELECT key FROM definition WHERE num = ?", key)
            return traces.NAME if Holding(texts).holds(kept) else traces.ERASED
        number = "number" if kind == "draft" else "version"
        columns = ["name", "note", "meta", "content", *(["tag"] if kind == "version" else [])]
        old = self._db.all(
            f"SELECT {', '.join(columns)} FROM {kind} WHERE definition = ? AND {number} = ?", key
        )[0]
        left = [plain_text(text, texts) for text in old]
        changed = ", ".join(f"{column} = ?" for column in columns)
        if kind == "version":
            changed, left = f"{changed}, digest = ?", [*left, codec.digest(left[3])]
        self._db.run(f"UPDATE {kind} SET {changed} WHERE definition = ? AND {number} = ?", (*left, *key))
        return traces.ERASED

    _ERASE: ClassVar[Mapping[str, Callable[["TraceEraser", str, Key, Holding], traces.Fate]]] = {
        "instance": _erase_instance,
        "part": _erase_one_part,
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
        "word": _erase_word,
    }


_STAYS: Mapping[str, traces.Fate] = {
    "outbox": traces.UNDER_WAY,
    "lease": traces.OTHERS,
    "start": traces.NAME,
    "erasure": traces.NAME,
}
