"""Definitions with their drafts and versions; documents with their bytes."""

from typing import Any

from flowmaster.engine.values import Json
from flowmaster.stores import codec, refusals, rows
from flowmaster.stores.paging import checked_limit, cursor_numbers, numbers_cursor
from flowmaster.stores.sql.graph_changes import LINKED, GraphChangeWriter
from flowmaster.stores.sql.part import Where
from flowmaster.stores.sql.releases import IN_FORCE, ReleaseReader, ReleaseWriter
from flowmaster.stores.sql.seen import Seen

_STATE = "CASE WHEN archived = 1 THEN 'archived' WHEN version > 0 THEN 'published' ELSE 'draft' END"
_DEFINITION = (
    f"SELECT num, kind, key, name, {_STATE}, version, draft, draft > published_draft, updated, updated_by"
    " FROM definition"
)
_DRAFT = (
    "SELECT x.number, x.name, x.content, x.by, x.at, x.note, x.meta FROM draft x"
    " JOIN definition d ON d.num = x.definition WHERE d.tenant = ? AND d.kind = ? AND d.key = ?"
)
_VERSION = (
    "SELECT x.version, x.name, x.content, x.tag, x.digest, x.by, x.at, x.note, x.meta, x.valid_from FROM version x"
    " JOIN definition d ON d.num = x.definition WHERE d.tenant = ? AND d.kind = ? AND d.key = ?"
)
_NUMBER = (
    "SELECT x.version FROM version x JOIN definition d ON d.num = x.definition"
    " WHERE d.tenant = ? AND d.kind = ? AND d.key = ?"
)
_TAGGED = (
    "SELECT coalesce((SELECT r.version FROM release r WHERE r.tenant = ? AND r.kind = ? AND r.key = ?"
    f" AND r.aspect = 'tag' AND r.name = ?), ({_NUMBER} AND x.tag = ? ORDER BY x.version DESC LIMIT 1))"
)
_DOCUMENT = "SELECT num, id, name, media_type, sha256, size, by, at, meta FROM document"


class DefinitionReader(ReleaseReader):
    """The reads of definitions and documents."""

    def find_definition(self, tenant: str, kind: str, key: str) -> rows.DefinitionRow | None:
        """Return what there is of a definition, or None."""
        found = self._db.one(
            f"{_DEFINITION} WHERE tenant = ? AND kind = ? AND key = ?",
            self._definition_key(tenant, kind, key),
        )
        return self._definition_row(found) if found else None

    def find_definitions(self, tenant: str, which: rows.DefinitionFilter) -> rows.Page[rows.DefinitionRow]:
        """Return a page of definitions, newest first."""
        limit = checked_limit(which.limit)
        where = Where("tenant = ?", values=[self._words.find(tenant)])
        if which.kind:
            where.add("kind = ?", self._words.find(which.kind))
        if which.state:
            where.add(f"{_STATE} = ?", which.state)
        if which.query:
            where.add_text(which.query, "key", "name")
        with self._db.snapshot():
            total = self._db.value(f"SELECT count(*) FROM definition WHERE {where}", where.values)
            if which.cursor is not None:
                where.add("num < ?", *cursor_numbers(which.cursor, 1))
            found = self._db.all(
                f"{_DEFINITION} WHERE {where} ORDER BY num DESC LIMIT ?", (*where.values, limit + 1)
            )
        items = [self._definition_row(row) for row in found[:limit]]
        return rows.Page(items, total, numbers_cursor(found[limit - 1][:1]) if len(found) > limit else None)

    def draft(self, tenant: str, kind: str, key: str, number: int | None = None) -> rows.Draft | None:
        """Return a draft, the newest one if `number` is None."""
        owner = self._definition_key(tenant, kind, key)
        if number is None:
            found = self._db.one(f"{_DRAFT} ORDER BY x.number DESC LIMIT 1", owner)
        else:
            found = self._db.one(f"{_DRAFT} AND x.number = ?", (*owner, number))
        return self._draft_row(kind, key, found) if found else None

    def drafts(self, tenant: str, kind: str, key: str) -> list[rows.Draft]:
        """Return the kept drafts, newest first."""
        found = self._db.all(f"{_DRAFT} ORDER BY x.number DESC", self._definition_key(tenant, kind, key))
        return [self._draft_row(kind, key, row) for row in found]

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
        owner = self._definition_key(tenant, kind, key)
        number = version if version is not None else self.version_number(tenant, kind, key, tag=tag, at=at)
        found = self._db.one(f"{_VERSION} AND x.version = ?", (*owner, number))
        return self._version_row(kind, key, found) if found else None

    def version_number(
        self, tenant: str, kind: str, key: str, *, tag: str = "", at: int | None = None
    ) -> int | None:
        """Return the number alone of what `version` would return, without a look at any content."""
        values = self._definition_key(tenant, kind, key)
        if tag:
            query, values = _TAGGED, (*values, tag, *values, tag)
        elif at is not None:
            query = f"{_NUMBER} AND x.valid_from <= ? ORDER BY x.valid_from DESC, x.version DESC LIMIT 1"
            values = (*values, at)
        else:
            query = f"SELECT {IN_FORCE} FROM definition WHERE tenant = ? AND kind = ? AND key = ?"
        number: int | None = self._db.value(query, values)
        return number

    def versions(self, tenant: str, kind: str, key: str) -> list[rows.Version]:
        """Return all versions, newest first."""
        found = self._db.all(f"{_VERSION} ORDER BY x.version DESC", self._definition_key(tenant, kind, key))
        return [self._version_row(kind, key, row) for row in found]

    def find_document(self, tenant: str, document: str) -> rows.DocumentRow | None:
        """Return a document's row, or None."""
        found = self._db.one(f"{_DOCUMENT} WHERE tenant = ? AND id = ?", (self._words.find(tenant), document))
        return self._document_row(found) if found else None

    def find_documents(self, tenant: str, which: rows.DocumentFilter) -> rows.Page[rows.DocumentRow]:
        """Return a page of documents, newest first."""
        limit = checked_limit(which.limit)
        where = Where("tenant = ?", values=[self._words.find(tenant)])
        if which.media_type:
            where.add("media_type = ?", which.media_type)
        if which.sha256:
            where.add("sha256 = ?", which.sha256)
        if which.query:
            where.add_text(which.query, "id", "name")
        with self._db.snapshot():
            total = self._db.value(f"SELECT count(*) FROM document WHERE {where}", where.values)
            if which.cursor is not None:
                where.add("num < ?", *cursor_numbers(which.cursor, 1))
            found = self._db.all(
                f"{_DOCUMENT} WHERE {where} ORDER BY num DESC LIMIT ?", (*where.values, limit + 1)
            )
        items = [self._document_row(row) for row in found[:limit]]
        return rows.Page(items, total, numbers_cursor(found[limit - 1][:1]) if len(found) > limit else None)

    def blob(self, tenant: str, sha256: str) -> bytes | None:
        """Return stored bytes by the hex digest of their content, or None."""
        found: bytes | None = self._db.value(
            "SELECT data FROM blob WHERE tenant = ? AND sha256 = ?", (self._words.find(tenant), sha256)
        )
        return found

    def _definition_key(self, tenant: str, kind: str, key: str) -> tuple[Any, ...]:
        return (self._words.find(tenant), self._words.find(kind), key)

    def _definition_row(self, row: tuple[Any, ...]) -> rows.DefinitionRow:
        _, kind, key, name, state, version, draft, changed, updated, by = row
        text = self._words.text
        return rows.DefinitionRow(
            text(kind), key, name, state, version, draft, bool(changed), updated, text(by)
        )

    def _draft_row(self, kind: str, key: str, row: tuple[Any, ...]) -> rows.Draft:
        number, name, content, by, at, note, meta = row
        return rows.Draft(kind, key, number, name, content, self._words.text(by), at, note, codec.load(meta))

    def _version_row(self, kind: str, key: str, row: tuple[Any, ...]) -> rows.Version:
        version, name, content, tag, digest, by, at, note, meta, valid_from = row
        by, meta = self._words.text(by), codec.load(meta)
        return rows.Version(kind, key, version, name, content, tag, digest, by, at, note, meta, valid_from)

    def _document_row(self, row: tuple[Any, ...]) -> rows.DocumentRow:
        _, document, name, media_type, sha256, size, by, at, meta = row
        by = self._words.text(by)
        return rows.DocumentRow(document, name, media_type, sha256, size, by, at, codec.load(meta))


class DefinitionWriter(DefinitionReader, GraphChangeWriter, ReleaseWriter):
    """The writes of definitions and documents; what was `_seen` of versions is forgotten when one is published."""

    _seen: Seen

    def version_number(
        self, tenant: str, kind: str, key: str, *, tag: str = "", at: int | None = None
    ) -> int | None:
        """Return the number alone of what `version` would return; the newest is looked for once a transaction."""
        if tag or at is not None:
            return super().version_number(tenant, kind, key, tag=tag, at=at)
        return self.routed(tenant, kind, key).newest

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
        definition, _, newest = self._definition(tenant, kind, key, name=name, by=by, at=at)
        if base is not None and base != newest:
            raise refusals.draft_stale(key, base=base, newest=newest)
        number = newest + 1
        self._db.run(
            "INSERT INTO draft (definition, number, name, by, at, note, meta, content)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (definition, number, name, self._words.number(by), at, note, codec.dump(meta).decode(), content),
        )
        self._db.run(
            "UPDATE definition SET draft = ?, name = ?, updated = ?, updated_by = ? WHERE num = ?",
            (number, name, at, self._words.number(by), definition),
        )
        self._head_changed(tenant, kind, definition)
        self._db.run(
            "DELETE FROM draft WHERE definition = ? AND number <= ?", (definition, number - rows.DRAFTS_KEPT)
        )
        return number

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
        definition, newest, draft = self._definition(tenant, kind, key, name=name, by=by, at=at)
        actor, digest, extra = self._words.number(by), codec.digest(content), codec.dump(meta).decode()
        version = newest + 1
        self._seen.newest.clear()
        since = at if valid_from is None else valid_from
        self._db.run(
            "INSERT INTO version (definition, version, name, tag, digest, by, at, note, meta, content, valid_from)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (definition, version, name, tag, digest, actor, at, note, extra, content, since),
        )
        self._db.run(
            "UPDATE definition SET version = ?, published_draft = ?, name = ?, updated = ?, updated_by = ?,"
            " archived = 0 WHERE num = ?",
            (version, draft, name, at, actor, definition),
        )
        self._head_changed(tenant, kind, definition)
        return version

    def archive_definition(self, tenant: str, kind: str, key: str, archived: bool) -> bool:
        """Put a definition out of sight, or back, and say whether it exists."""
        definition = self._db.value(
            "UPDATE definition SET archived = ? WHERE tenant = ? AND kind = ? AND key = ? RETURNING num",
            (int(archived), *self._definition_key(tenant, kind, key)),
        )
        if definition is not None:
            self._seen.newest.clear()
            self._head_changed(tenant, kind, definition)
        return definition is not None

    def delete_definition(self, tenant: str, kind: str, key: str) -> bool:
        """Delete a definition with its drafts, versions, links and releases, and say whether it was there."""
        number = self._db.value(
            "DELETE FROM definition WHERE tenant = ? AND kind = ? AND key = ? RETURNING num",
            self._definition_key(tenant, kind, key),
        )
        if number is None:
            return False
        self._seen.newest.clear()
        place = self._definition_key(tenant, kind, key)
        self._db.run("DELETE FROM release WHERE tenant = ? AND kind = ? AND key = ?", place)
        for table in ("draft", "version", "link", "linked"):
            self._db.run(f"DELETE FROM {table} WHERE definition = ?", (number,))
        if kind in LINKED:
            self.renew_graph(tenant)
        return True

    def delete_version(self, tenant: str, kind: str, key: str, version: int) -> bool:
        """Delete one version with its links, and say whether it was there; its number is not given again."""
        number = self._db.value(
            "SELECT num FROM definition WHERE tenant = ? AND kind = ? AND key = ?",
            self._definition_key(tenant, kind, key),
        )
        gone = self._db.count("DELETE FROM version WHERE definition = ? AND version = ?", (number, version))
        for table in ("link", "linked"):
            self._db.run(f"DELETE FROM {table} WHERE definition = ? AND version = ?", (number, version))
        if gone:
            self.renew_graph(tenant)
        return bool(gone)

    def put_document(self, tenant: str, document: rows.DocumentRow) -> None:
        """Add a document or replace what is known of it."""
        self._db.run(
            "INSERT INTO document (tenant, id, name, media_type, sha256, size, by, at, meta)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, id) DO UPDATE SET name = excluded.name,"
            " media_type = excluded.media_type, sha256 = excluded.sha256, size = excluded.size,"
            " by = excluded.by, at = excluded.at, meta = excluded.meta",
            (
                self._words.number(tenant),
                *document[:5],
                self._words.number(document.by),
                document.at,
                codec.dump(document.meta).decode(),
            ),
        )

    def delete_document(self, tenant: str, document: str) -> bool:
        """Delete a document, and its bytes if no other document has them; say whether it was there."""
        owner = self._words.find(tenant)
        sha256 = self._db.value(
            "DELETE FROM document WHERE tenant = ? AND id = ? RETURNING sha256", (owner, document)
        )
        self._db.run(
            "DELETE FROM blob WHERE tenant = ? AND sha256 = ? AND NOT EXISTS"
            " (SELECT 1 FROM document d WHERE d.tenant = blob.tenant AND d.sha256 = blob.sha256)",
            (owner, sha256),
        )
        return sha256 is not None

    def put_blob(self, tenant: str, data: bytes) -> str:
        """Store bytes once and return the hex SHA-256 they are found by."""
        sha256 = codec.digest(data)
        self._db.run(
            "INSERT INTO blob (tenant, sha256, data) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (self._words.number(tenant), sha256, data),
        )
        return sha256

    def _head_changed(self, tenant: str, kind: str, definition: int) -> None:
        """Let whoever keeps a copy of the links know which versions count now."""
        if kind in LINKED:
            self._graph_changed(self._words.number(tenant), definition)

    def _definition(
        self, tenant: str, kind: str, key: str, *, name: str, by: str, at: int
    ) -> tuple[int, int, int]:
        """Return number, newest version and newest draft of a definition, making it if need be."""
        owner = (self._words.number(tenant), self._words.number(kind), key)
        found = self._db.one(
            "SELECT num, version, draft FROM definition WHERE tenant = ? AND kind = ? AND key = ?"
            + self._locked(),
            owner,
        )
        if found is not None:
            return found[0], found[1], found[2]
        number = self._db.insert(
            "INSERT INTO definition (tenant, kind, key, name, archived, version, draft, published_draft,"
            " updated, updated_by, route) VALUES (?, ?, ?, ?, 0, 0, 0, 0, ?, ?, '')",
            (*owner, name, at, self._words.number(by)),
        )
        if kind == "process":
            self._words.number(key)
        return number, 0, 0
