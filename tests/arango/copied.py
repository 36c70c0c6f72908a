"""Stores whose links are read from a copy in ArangoDB, for tests that run on every store."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, cast

from flowmaster.stores.arango.address import PASSWORD as VARIABLE
from flowmaster.stores.arango.address import address_of, password_of
from flowmaster.stores.arango.mirror import ArangoMirror
from flowmaster.stores.graph import GraphMirror
from flowmaster.stores.protocol import Reader, Store
from tests.arango.double import PASSWORD, Double
from tests.arango.queries import QUERIES

URL: Final = "FLOWMASTER_ARANGO_URL"
"""The environment variable with the address of a real server, such as `http://root@127.0.0.1:8529`; its password is where
`stores/arango/address.py` looks for it. Each test makes a database of its own and drops it."""

SERVER: Final = ["arango-server"] if os.environ.get(URL) else []


@contextmanager
def double() -> Iterator[Double]:
    """Run a double for a test, which must send it no query that it does not know."""
    running = Double(QUERIES)
    try:
        yield running
        assert running.unknown == []
    finally:
        running.close()


@contextmanager
def mirror_on(running: Double, **how: Any) -> Iterator[ArangoMirror]:
    """Connect to a double as a server does; it has time enough unless the test says otherwise, however busy the machine is."""
    made = ArangoMirror(address_of(running.url), PASSWORD, **{"seconds": 20.0, **how})
    try:
        yield made
    finally:
        made.close()


@contextmanager
def copied(store: Store, *, on: str) -> Iterator[Store]:
    """Return a store that brings its copy up to date before each question, and answers from the copy alone."""
    try:
        if on == "arango":
            with double() as running, mirror_on(running) as mirror:
                yield cast("Store", Copied(store, mirror))
        else:
            with _on_server() as mirror:
                yield cast("Store", Copied(store, mirror))
    finally:
        store.close()


@contextmanager
def _on_server() -> Iterator[ArangoMirror]:
    from arango.client import ArangoClient

    address = address_of(f"{os.environ[URL].rstrip('/')}/flowmaster_test_{secrets.token_hex(6)}")
    password = password_of(address, {VARIABLE: "", **os.environ})
    mirror = ArangoMirror(address, password, seconds=10.0)
    try:
        yield mirror
    finally:
        mirror.close()
        client = ArangoClient(address.server)
        system: Any = client.db("_system", address.user, password)
        system.delete_database(address.database, ignore_missing=True)
        client.close()


class Copied:
    """A store whose readers read links from a copy."""

    def __init__(self, store: Store, mirror: GraphMirror) -> None:
        self._store, self._mirror = store, mirror

    def reader(self) -> Reader:
        """Return what reads all but links from the store."""
        return cast("Reader", CopiedReader(self._store.reader(), self._mirror))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class CopiedReader:
    """Reads links from a copy that it first brings up to date."""

    def __init__(self, reader: Reader, mirror: GraphMirror) -> None:
        self._reader, self._mirror = reader, mirror

    def walk(self, tenant: str, *what: Any, **how: Any) -> Any:
        """Walk the copy; it must say what the tables say."""
        state = self._taken(tenant)
        told = self._reader.walk(tenant, *what, **how)
        found = self._mirror.at(state).walk(tenant, *what, **how) if state else []
        assert found == told
        return found

    def link_counts(self, tenant: str) -> Any:
        """Count in the copy."""
        state = self._taken(tenant)
        return self._mirror.at(state).link_counts(tenant) if state else {}

    def _taken(self, tenant: str) -> Any:
        taken = self._mirror.take(self._reader, tenant, lambda: True)
        assert not taken.astray
        return self._reader.graph_state(tenant)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)
