"""The interface of releases: movable tags, policies, approvals, and where new starts go."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

from flowmaster.engine.values import Json

Aspect: TypeAlias = Literal["tag", "policy", "author", "approval", "approved"]
"""What a row of a release is about: a tag by its name, the one policy, who worked on the draft, a decision by whose it is,
and who approved a version."""

OF_PEOPLE: Final = ("author", "approval", "approved")
"""Aspects whose names are those of people."""


class ReleaseRow(NamedTuple):
    """Something that was said of the releases of a definition, by whom and when.

    `version` is the version that a tag names, or the draft that an approval is about.
    """

    aspect: Aspect
    name: str
    by: str
    at: int
    version: int = 0
    body: Json = None


class Routed(NamedTuple):
    """The newest version, and as text the route that new starts take, empty without one."""

    newest: int | None
    route: str


class Run(NamedTuple):
    """An instance as a comparison of versions sees it."""

    version: int
    status: str
    incidents: int
    started: int
    updated: int


class ReleaseReads(Protocol):
    """What was said of releases."""

    def releases(self, tenant: str, kind: str, key: str, aspect: Aspect) -> list[ReleaseRow]:
        """Return the rows of one aspect by their names; in a transaction no other server changes them meanwhile."""
        ...

    def routed(self, tenant: str, kind: str, key: str) -> Routed:
        """Return the newest version of a definition with the route of new starts, in one look."""
        ...

    def runs(self, tenant: str, process: str, *, since: int, limit: int) -> list[Run]:
        """Return the newest instances of a process that began at or after an instant, without sandboxes."""
        ...


class ReleaseWrites(Protocol):
    """What is said of releases."""

    def put_release(self, tenant: str, kind: str, key: str, row: ReleaseRow) -> None:
        """Add a row, or replace the one of the same aspect and name."""
        ...

    def drop_releases(self, tenant: str, kind: str, key: str, aspect: Aspect, names: Sequence[str]) -> int:
        """Delete the rows of an aspect with these names and return how many there were."""
        ...

    def put_route(self, tenant: str, kind: str, key: str, route: str) -> None:
        """Set the route that new starts of a definition take; an empty one takes it away."""
        ...
