"""What a double of an ArangoDB server holds: databases, collections, documents with revisions, transactions.

It follows the server's documentation as far as the endpoints beside it go, with its error numbers, and knows nothing of
FlowMaster.
"""

import copy
import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

Document = dict[str, Any]

DOCUMENTS, EDGES = 2, 3
_KEY = re.compile(r"[a-zA-Z0-9_\-:.@()+,=;$!*'%]{1,254}")
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_\-]{0,255}")


class Refused(Exception):
    """An answer that is an error: HTTP status, `errorNum` and message, and what else stands in it."""

    def __init__(self, status: int, number: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": True, "code": status, "errorNum": number, "errorMessage": message, **more}


class Collection:
    """Documents by key; their order is that of their insertion."""

    def __init__(self, name: str, kind: int, number: int, properties: Mapping[str, Any]) -> None:
        self.name, self.kind, self.number = name, kind, number
        self.properties: Document = {"waitForSync": False, **properties}
        self.documents: dict[str, Document] = {}
        self.indexes: list[Document] = [
            {"id": f"{name}/0", "type": "primary", "name": "primary", "fields": ["_key"], "unique": True}
        ]
        if kind == EDGES:
            self.indexes.append(
                {
                    "id": f"{name}/1",
                    "type": "edge",
                    "name": "edge",
                    "fields": ["_from", "_to"],
                    "unique": False,
                }
            )

    def about(self) -> Document:
        """Return what is told of it."""
        return {
            "id": str(self.number),
            "name": self.name,
            "status": 3,
            "type": self.kind,
            "isSystem": self.name.startswith("_"),
            "globallyUniqueId": f"h{self.number}/{self.number}",
        }


class Database:
    """Collections and graphs by name."""

    def __init__(self, name: str, number: int) -> None:
        self.name, self.number = name, number
        self.collections: dict[str, Collection] = {}
        self.graphs: dict[str, Document] = {}

    def collection(self, name: str) -> Collection:
        """Return a collection, or refuse (1203)."""
        if name not in self.collections:
            raise Refused(404, 1203, f"collection or view not found: {name}")
        return self.collections[name]


class Transaction:
    """Changes that nobody else sees before they are committed."""

    def __init__(self, database: str, collections: Mapping[str, list[str]]) -> None:
        self.database, self.status = database, "running"
        self.writes = {*collections.get("write", ()), *collections.get("exclusive", ())}
        self.changed: dict[tuple[str, str], Document | None] = {}
        self.before: dict[tuple[str, str], str] = {}


class World:
    """A whole server."""

    def __init__(self, password: str) -> None:
        self.users = {"root": password}
        self.databases: dict[str, Database] = {}
        self.transactions: dict[str, Transaction] = {}
        self.cursors: dict[str, Any] = {}
        self._numbers = itertools.count(100)
        self.make_database("_system")

    def number(self) -> int:
        """Return a number that was never given out."""
        return next(self._numbers)

    def make_database(self, name: str) -> Database:
        """Make a database, or refuse (1207, 1229)."""
        if name in self.databases:
            raise Refused(409, 1207, "duplicate name")
        if not _NAME.fullmatch(name):
            raise Refused(400, 1229, "database name invalid")
        made = self.databases[name] = Database(name, self.number())
        return made

    def database(self, name: str) -> Database:
        """Return a database, or refuse (1228)."""
        if name not in self.databases:
            raise Refused(404, 1228, "database not found")
        return self.databases[name]

    def make_collection(
        self, database: Database, name: Any, kind: int, more: Mapping[str, Any]
    ) -> Collection:
        """Make a collection, or refuse (1207, 1208)."""
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise Refused(400, 1208, "illegal name")
        if name in database.collections:
            raise Refused(409, 1207, "duplicate name")
        made = database.collections[name] = Collection(name, kind, self.number(), more)
        return made

    def revision(self) -> str:
        """Return a new revision."""
        return f"_rev{self.number():08d}"


class View:
    """The documents of a collection as a request sees them: of a transaction, or at large."""

    def __init__(self, world: World, collection: Collection, transaction: Transaction | None) -> None:
        self.world, self.collection, self.transaction = world, collection, transaction

    def get(self, key: str) -> Document | None:
        """Return a document, or None."""
        place = (self.collection.name, key)
        if self.transaction is not None and place in self.transaction.changed:
            found = self.transaction.changed[place]
        else:
            found = self.collection.documents.get(key)
        return copy.deepcopy(found)

    def all(self) -> Iterator[Document]:
        """Yield all documents."""
        added = (
            [key for name, key in self.transaction.changed if name == self.collection.name]
            if self.transaction
            else []
        )
        for key in dict.fromkeys([*self.collection.documents, *added]):
            found = self.get(key)
            if found is not None:
                yield found

    def put(self, document: Document) -> Document:
        """Write a document under a new revision and return it; refuse what an index forbids (1210)."""
        self._check(document)
        written = {
            **document,
            "_id": f"{self.collection.name}/{document['_key']}",
            "_rev": self.world.revision(),
        }
        self._write(document["_key"], written)
        return copy.deepcopy(written)

    def delete(self, key: str) -> None:
        """Take a document away."""
        self._write(key, None)

    def new_key(self, document: Mapping[str, Any]) -> str:
        """Return the key of a new document, or refuse it (1221)."""
        key = document.get("_key")
        if key is None:
            return str(self.world.number())
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise Refused(400, 1221, "illegal document key")
        return key

    def _check(self, document: Document) -> None:
        if self.collection.kind == EDGES:
            for end in ("_from", "_to"):
                if not isinstance(document.get(end), str) or document[end].count("/") != 1:
                    raise Refused(400, 1233, "edge attribute missing or invalid")
        for index in self.collection.indexes:
            if index.get("unique") and index["type"] != "primary":
                values = [document.get(field) for field in index["fields"]]
                for other in self.all():
                    if (
                        other["_key"] != document["_key"]
                        and [other.get(f) for f in index["fields"]] == values
                    ):
                        raise Refused(409, 1210, f"unique constraint violated - in index {index['name']}")

    def _write(self, key: str, document: Document | None) -> None:
        transaction, name = self.transaction, self.collection.name
        if transaction is None:
            if document is None:
                self.collection.documents.pop(key, None)
            else:
                self.collection.documents[key] = document
            return
        if name not in transaction.writes:
            raise Refused(400, 1652, f"unregistered collection used in transaction: {name} [write]")
        now = self.collection.documents.get(key, {}).get("_rev", "")
        if transaction.before.setdefault((name, key), now) != now:
            raise Refused(409, 1200, "write-write conflict")
        transaction.changed[name, key] = document

    def commit(self) -> None:
        """Make what the transaction changed in this collection visible to all."""
        assert self.transaction is not None
        for (name, key), document in self.transaction.changed.items():
            if name == self.collection.name:
                if document is None:
                    self.collection.documents.pop(key, None)
                else:
                    self.collection.documents[key] = document
