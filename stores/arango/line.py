"""The line to an ArangoDB: connects when first used, keeps within a time, and speaks in FlowMaster's errors."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from flowmaster.engine.errors import FlowMasterError
from flowmaster.stores.arango.address import Address
from flowmaster.stores.arango.texts import DEFINITIONS, GRAPH, LINKS, MARKS, NODES, PARTS

if TYPE_CHECKING:
    from arango.client import ArangoClient
    from arango.database import StandardDatabase
    from arango.http import HTTPClient

ABSENT: Final = frozenset({1203, 1228, 1924})
"""There is no such collection, database or graph (`errorNum`)."""

THERE_ALREADY: Final = frozenset({1207, 1921, 1925})
"""A collection or graph has that name: another server has just made it."""

OVERTAKEN: Final = frozenset({1200, 1210})
"""Another server has just written that document."""

BATCH: Final = 500
"""Rows of an answer that come in one piece."""


RUNTIME_MIN: Final = 0.05
"""The seconds that the server is given for a query at least."""


class Overtaken(Exception):
    """Another server was at the same; what there is has to be looked at again."""


class Emptied(Exception):
    """The database or its collections are not there."""


class Line:
    """One ArangoDB, reached from any thread; each thread has its own time in which all it asks must be answered."""

    def __init__(self, address: Address, password: str) -> None:
        self._address = address
        self._password = password
        self._clock = threading.local()
        self._opening = threading.Lock()
        self._client: ArangoClient | None = None
        self._database: StandardDatabase | None = None
        self.product = ""

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Give this thread so much time for all that it asks; everything that goes wrong becomes a FlowMasterError."""
        self._clock.until = time.monotonic() + seconds
        try:
            with self._told(seconds):
                yield
        finally:
            self._clock.until = None

    def left(self) -> float:
        """Return how many seconds this thread has left."""
        until: float = self._clock.until
        return max(0.0, until - time.monotonic())

    def query(self, text: str, **values: Any) -> list[Any]:
        """Run one of the texts and return its rows."""
        runtime: Any = max(RUNTIME_MIN, self.left())
        cursor: Any = self._opened().aql.execute(
            text, bind_vars=values, batch_size=BATCH, max_runtime=runtime
        )
        return list(cursor)

    def change(self, text: str, **values: Any) -> int:
        """Run one of the texts that change something and return how many documents it changed."""
        runtime: Any = max(RUNTIME_MIN, self.left())
        cursor: Any = self._opened().aql.execute(text, bind_vars=values, max_runtime=runtime)
        return int(cursor.statistics()["modified"])

    def get(self, collection: str, key: str) -> Mapping[str, Any] | None:
        """Return a document, or None."""
        found: Any = self._opened().collection(collection).get(key)
        return None if found is None else dict(found)

    def insert(self, collection: str, document: Mapping[str, Any]) -> None:
        """Add a document; raise `Overtaken` if there is one."""
        self._opened().collection(collection).insert(dict(document), silent=True)

    def replace(self, collection: str, document: Mapping[str, Any]) -> None:
        """Replace a document by one with its `_rev`; raise `Overtaken` if it was changed meanwhile."""
        self._opened().collection(collection).replace(dict(document), check_rev=True, silent=True)

    def add(self, collection: str, documents: Sequence[Mapping[str, Any]]) -> None:
        """Add documents; those that are there already stay as they are."""
        told: Any = (
            self._opened()
            .collection(collection)
            .import_bulk([dict(each) for each in documents], on_duplicate="ignore", details=True)
        )
        if told.get("errors"):
            why = str((told.get("details") or ["it does not say why"])[0])
            if "conflict" in why:
                raise Overtaken
            raise self._failed(f"{told['errors']} of {len(documents)} documents were not added: {why}")

    def prepare(self) -> None:
        """Make the database, the collections, their indexes and the graph, as far as they are not there."""
        try:
            self._prepare()
        except Emptied:
            self._make_database()
            self._prepare()

    def look(self) -> str:
        """Return the version of the server, once it has let us in."""
        version = str(self._opened().version())
        self.product = f"ArangoDB {version}"
        self._opened().collections()
        return version

    def close(self) -> None:
        """Let go of all connections."""
        if self._client is not None:
            self._client.close()

    def _opened(self) -> "StandardDatabase":
        with self._opening:
            if self._database is None:
                self._database = self._connected(self._address.database)
            return self._database

    def _connected(self, database: str) -> "StandardDatabase":
        from arango.client import ArangoClient

        if self._client is None:
            # The driver would ask again by itself; here whoever copies does so, and whoever reads turns to the tables.
            self._client = ArangoClient(
                hosts=self._address.server, http_client=self._http(), resolver_max_tries=1
            )
        return self._client.db(
            database, username=self._address.user, password=self._password, auth_method="jwt"
        )

    def _http(self) -> "HTTPClient":
        from arango.http import DefaultHTTPClient
        from arango.response import Response

        line = self

        class Hurried(DefaultHTTPClient):
            def send_request(self, *arguments: Any, **named: Any) -> Response:
                from requests import Timeout

                left = line.left()
                if not left:
                    raise Timeout
                self.request_timeout = left
                return super().send_request(*arguments, **named)

        return Hurried(retry_attempts=0)

    def _prepare(self) -> None:
        database: Any = self._opened()
        with self._whoever_makes_it():
            if not database.has_graph(GRAPH):
                database.create_graph(
                    GRAPH,
                    edge_definitions=[
                        {
                            "edge_collection": LINKS,
                            "from_vertex_collections": [NODES],
                            "to_vertex_collections": [NODES],
                        }
                    ],
                )
        for name in (NODES, LINKS, PARTS, DEFINITIONS, MARKS):
            with self._whoever_makes_it():
                if not database.has_collection(name):
                    database.create_collection(name, edge=name == LINKS)
            fields = [["part", "change"], ["space"]] if name == LINKS else [["space"]]
            for each in fields:
                database.collection(name).add_index({"type": "persistent", "fields": each})

    def _make_database(self) -> None:
        system: Any = self._connected("_system")
        with self._whoever_makes_it():
            system.create_database(self._address.database)
        self._database = None

    @contextmanager
    def _whoever_makes_it(self) -> Iterator[None]:
        from arango.exceptions import ArangoServerError

        try:
            yield
        except ArangoServerError as error:
            if error.error_code not in THERE_ALREADY:
                raise self._meaning(error) from None

    @contextmanager
    def _told(self, seconds: float) -> Iterator[None]:
        from arango.exceptions import ArangoError, ArangoServerError
        from requests import RequestException, Timeout

        try:
            yield
        except Timeout:
            raise self._slow(seconds) from None
        except ArangoServerError as error:
            raise self._meaning(error) from None
        except (RequestException, OSError) as error:
            raise self._unreachable(type(error).__name__) from None
        except ArangoError as error:
            raise self._failed(str(error)) from None
        except (KeyError, TypeError, ValueError) as error:
            raise self._failed(f"its answer is not one of ArangoDB ({type(error).__name__})") from None

    def _meaning(self, error: Any) -> Exception:
        """Return what stands for a refusal of the server; its own words are told without the password."""
        number, status = error.error_code, error.http_code
        if number in OVERTAKEN:
            return Overtaken()
        if number in ABSENT:
            return Emptied()
        if status in (401, 403):
            return FlowMasterError(
                "graph.refused",
                f"The graph at {self._address.shown!r} does not let {self._address.user!r} in (HTTP {status}).",
                path="--graph",
                fix="Look at user, password and the user's rights on the database: it needs to read and write there.",
                status=502,
            )
        if status == 503:
            return self._unreachable("HTTP 503")
        if number == 1500:
            return self._slow(0)
        return self._failed(f"HTTP {status}, error {number}: {error.error_message}")

    def _slow(self, seconds: float) -> FlowMasterError:
        limit = f" within {seconds:g} seconds" if seconds else " in time"
        return FlowMasterError(
            "graph.slow",
            f"The graph at {self._address.shown!r} did not answer{limit}.",
            fix="Links are read from the tables meanwhile. Look at the load of the ArangoDB and the network between.",
            status=504,
        )

    def _unreachable(self, why: str) -> FlowMasterError:
        return FlowMasterError(
            "graph.unreachable",
            f"The graph at {self._address.shown!r} cannot be reached ({why}).",
            fix="Links are read from the tables meanwhile. Start the ArangoDB, or correct `--graph`.",
            status=503,
        )

    def _failed(self, why: str) -> FlowMasterError:
        said = why.replace(self._password, "...") if self._password else why
        return FlowMasterError(
            "graph.failed",
            f"The graph at {self._address.shown!r} refused: {said[:300]}.",
            fix="Look at the log of the ArangoDB. Links are read from the tables meanwhile.",
            status=502,
        )
