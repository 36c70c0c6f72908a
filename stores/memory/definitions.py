"""Definitions and documents in memory."""

from typing import Any

from flowmaster.engine.values import Json
from flowmaster.stores import codec, refusals, rows
from flowmaster.stores.memory.data import Head, locked
from flowmaster.stores.memory.graph_changes import GraphChangeWriter
from flowmaster.stores.memory.instances import holds
from flowmaster.stores.memory.releases import ReleaseReader, ReleaseWriter
from flowmaster.stores.paging import checked_limit, cursor_numbers, numbers_cursor


@locked
class DefinitionReader(ReleaseReader):
    """The reads of definitions and documents."""

    def find_definition(self, tenant: str, kind: str, key: str) -> rows.DefinitionRow | None:
        """Return what there is of a definition, or None."""
        found = self._data.definitions.get((tenant, kind, key))
        return found.row if found else None

    def find_definitions(self, tenant: str, which: rows.DefinitionFilter) -> rows.Page[rows.DefinitionRow]:
        """Return a page of definitions, newest first."""
        limit = checked_limit(which.limit)
        found = [
            head
            for (owner, kind, key), head in self._data.definitions.items()
            if owner == tenant
            and which.kind in ("", kind)
            and which.state in ("", head.row.state)
            and (not which.query or holds(which.query, key, head.row.name))
        ]
        found.sort(key=lambda head: -head.number)
        total = len(found)
        if which.cursor is not None:
            (behind,) = cursor_numbers(which.cursor, 1)
            found = [head for head in found if head.number < behind]
        more = numbers_cursor((found[limit - 1].number,)) if len(found) > limit else None
        return rows.Page([head.row for head in found[:limit]], total, more)

    def draft(self, tenant: str, kind: str, key: str, number: int | None = None) -> rows.Draft | None:
        """Return a draft, the newest one if `number` is None."""
        head = self._data.definitions.get((tenant, kind, key))
        wanted = number if number is not None else head.row.draft if head else 0
        found = self._data.drafts.get((tenant, kind, key, wanted))
        return found[0]._replace(meta=codec.load(found[1])) if found else None

    def drafts(self, tenant: str, kind: str, key: str) -> list[rows.Draft]:
        """Return the kept drafts, newest first."""
        head = self._data.definitions.get((tenant, kind, key))
        numbers = range(head.row.draft if head else 0, 0, -1)
        found = (self.draft(tenant, kind, key, number) for number in numbers[: rows.DRAFTS_KEPT])
        return [draft for draft in found if draft is not None]

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
        number = version if version is not None else self.version_number(tenant, kind, key, tag=tag, at=at)
        return next((each for each in self.versions(tenant, kind, key) if each.version == number), None)

    def version_number(
        self, tenant: str, kind: str, key: str, *, tag: str = "", at: int | None = None
    ) -> int | None:
        """Return the number alone of what `version` would return, without a look at any content."""
        found = self.versions(tenant, kind, key)
        if tag:
            moved = self._data.releases.get((tenant, kind, key, "tag", tag))
            if moved is not None:
                return moved[0].version
            found = [each for each in found if each.tag == tag]
        elif at is not None:
            found = [each for each in found if each.valid_from <= at]
            found.sort(key=lambda each: (each.valid_from, each.version), reverse=True)
        else:
            return self.routed(tenant, kind, key).newest
        return found[0].version if found else None

    def versions(self, tenant: str, kind: str, key: str) -> list[rows.Version]:
        """Return all versions, newest first."""
        head = self._data.definitions.get((tenant, kind, key))
        found = (
            self._data.versions[tenant, kind, key, number]
            for number in range(head.row.version if head else 0, 0, -1)
            if (tenant, kind, key, number) in self._data.versions
        )
        return [version._replace(meta=codec.load(meta)) for version, meta in found]

    def find_document(self, tenant: str, document: str) -> rows.DocumentRow | None:
        """Return a document's row, or None."""
        found = self._data.documents.get((tenant, document))
        return found[1]._replace(meta=codec.load(found[2])) if found else None

    def find_documents(self, tenant: str, which: rows.DocumentFilter) -> rows.Page[rows.DocumentRow]:
        """Return a page of documents, newest first."""
        limit = checked_limit(which.limit)
        found = [
            (number, row, meta)
            for (owner, _), (number, row, meta) in self._data.documents.items()
            if owner == tenant
            and which.media_type in ("", row.media_type)
            and which.sha256 in ("", row.sha256)
            and (not which.query or holds(which.query, row.document, row.name))
        ]
        found.sort(key=lambda document: -document[0])
        total = len(found)
        if which.cursor is not None:
            (behind,) = cursor_numbers(which.cursor, 1)
            found = [document for document in found if document[0] < behind]
        more = numbers_cursor((found[limit - 1][0],)) if len(found) > limit else None
        items = [row._replace(meta=codec.load(meta)) for _, row, meta in found[:limit]]
        return rows.Page(items, total, more)

    def blob(self, tenant: str, sha256: str) -> bytes | None:
        """Return stored bytes by the hex digest of their content, or None."""
        return self._data.blobs.get((tenant, sha256))


@locked
class DefinitionWriter(DefinitionReader, GraphChangeWriter, ReleaseWriter):
    """The writes of definitions and documents."""

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
        newest = self._head(tenant, kind, key).row.draft
        if base is not None and base != newest:
            raise refusals.draft_stale(key, base=base, newest=newest)
        number, data = newest + 1, self._data
        draft = rows.Draft(kind, key, number, name, content, by, at, note, None)
        data.put(data.drafts, (tenant, kind, key, number), (draft, codec.dump(meta).decode()))
        data.delete(data.drafts, (tenant, kind, key, number - rows.DRAFTS_KEPT))
        head = self._head(tenant, kind, key)
        row = head.row._replace(draft=number, name=name, updated=at, updated_by=by)
        self._put_head(tenant, head._replace(row=row))
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
        head, data = self._head(tenant, kind, key), self._data
        number = head.row.version + 1
        digest, since = codec.digest(content), at if valid_from is None else valid_from
        version = rows.Version(kind, key, number, name, content, tag, digest, by, at, note, None, since)
        data.put(data.versions, (tenant, kind, key, number), (version, codec.dump(meta).decode()))
        row = head.row._replace(version=number, name=name, updated=at, updated_by=by)
        self._put_head(tenant, head._replace(row=row, archived=False, published_draft=row.draft))
        return number

    def archive_definition(self, tenant: str, kind: str, key: str, archived: bool) -> bool:
        """Put a definition out of sight, or back, and say whether it exists."""
        head = self._data.definitions.get((tenant, kind, key))
        if head is None:
            return False
        self._put_head(tenant, head._replace(archived=archived))
        return True

    def delete_definition(self, tenant: str, kind: str, key: str) -> bool:
        """Delete a definition with its drafts, versions, links and releases, and say whether it was there."""
        data, place = self._data, (tenant, kind, key)
        if place not in data.definitions:
            return False
        data.delete(data.definitions, place)
        tables: tuple[dict[Any, Any], ...] = (
            data.drafts,
            data.versions,
            data.releases,
            data.links,
            data.graph_numbers,
        )
        for table in tables:
            for row in [row for row in table if row[:3] == place]:
                data.delete(table, row)
        self.renew_graph(tenant)
        return True

    def delete_version(self, tenant: str, kind: str, key: str, version: int) -> bool:
        """Delete one version with its links, and say whether it was there; its number is not given again."""
        place = (tenant, kind, key, version)
        gone = self._data.delete(self._data.versions, place)
        self._data.delete(self._data.links, place)
        self._data.delete(self._data.graph_numbers, place)
        if gone:
            self.renew_graph(tenant)
        return gone

    def put_document(self, tenant: str, document: rows.DocumentRow) -> None:
        """Add a document or replace what is known of it."""
        old = self._data.documents.get((tenant, document.document))
        number = old[0] if old else self._data.number("", "document")
        row = (number, document._replace(meta=None), codec.dump(document.meta).decode())
        self._data.put(self._data.documents, (tenant, document.document), row)

    def delete_document(self, tenant: str, document: str) -> bool:
        """Delete a document, and its bytes if no other document has them; say whether it was there."""
        found = self._data.documents.get((tenant, document))
        if found is None:
            return False
        self._data.delete(self._data.documents, (tenant, document))
        sha256 = found[1].sha256
        others = (row for (owner, _), (_, row, _) in self._data.documents.items() if owner == tenant)
        if all(row.sha256 != sha256 for row in others):
            self._data.delete(self._data.blobs, (tenant, sha256))
        return True

    def put_blob(self, tenant: str, data: bytes) -> str:
        """Store bytes once and return the hex SHA-256 they are found by."""
        sha256 = codec.digest(data)
        if (tenant, sha256) not in self._data.blobs:
            self._data.put(self._data.blobs, (tenant, sha256), data)
        return sha256

    def _head(self, tenant: str, kind: str, key: str) -> Head:
        found = self._data.definitions.get((tenant, kind, key))
        if found is not None:
            return found
        row = rows.DefinitionRow(kind, key, "", "draft", 0, 0, False, 0, "")
        return Head(self._data.number("", "definition"), row, archived=False, published_draft=0)

    def _put_head(self, tenant: str, head: Head) -> None:
        row = head.row
        state = "archived" if head.archived else "published" if row.version else "draft"
        row = row._replace(state=state, changed=row.draft > head.published_draft)
        self._data.put(self._data.definitions, (tenant, row.kind, row.key), head._replace(row=row))
        self._graph_changed(tenant, row.kind, row.key)
