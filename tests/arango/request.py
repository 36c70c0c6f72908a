"""A request to the double, and what it is told."""

from typing import Any, NamedTuple

from tests.arango.world import Database, Refused, Transaction, View, World


class Told(NamedTuple):
    """An answer: status, body, headers."""

    status: int
    body: Any
    headers: dict[str, str]


def told(status: int, body: Any, **headers: str) -> Told:
    """Return an answer."""
    return Told(status, body, headers)


class Request(NamedTuple):
    """A request for one database, by a user who was let in."""

    world: World
    database: Database
    user: str
    method: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    text: str

    def flag(self, name: str, otherwise: bool = False) -> bool:
        """Return a parameter that is true or false."""
        given = self.query.get(name)
        return otherwise if given is None else given.lower() in ("true", "1", "yes")

    def header(self, name: str) -> str:
        """Return a header without the quotes of a revision."""
        return self.headers.get(name, "").strip().strip('"')

    @property
    def transaction(self) -> Transaction | None:
        """The running transaction that the request belongs to."""
        number = self.headers.get("x-arango-trx-id")
        if not number:
            return None
        found = self.world.transactions.get(number)
        if found is None or found.status != "running":
            raise Refused(404, 1655, "transaction not found")
        return found

    def view(self, collection: str) -> View:
        """Return the documents of a collection as this request sees them."""
        return View(self.world, self.database.collection(collection), self.transaction)

    def given(self, name: str) -> Any:
        """Return a field of the body."""
        return self.body.get(name) if isinstance(self.body, dict) else None
