"""The interface of the graph of links: written with each draft and version, asked up and down."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

from flowmaster.engine.links.model import Link, Node

LINKS_MAX: Final = 2_000
"""Links that one walk brings at most."""

DRAFT: Final = 0
"""The version under which the links of the newest draft are kept."""

View: TypeAlias = Literal["published", "draft", "all"]
"""Whose links count: those of the newest versions (of drafts where there are none), of the newest drafts, or all."""


class KeptLink(NamedTuple):
    """A link, with the definition and the version of it (`DRAFT`: the newest draft) whose model has it."""

    link: Link
    owner: Node
    version: int


class Unlinked(NamedTuple):
    """A version, or with `draft` a newest draft, whose links are not there yet."""

    owner: Node
    version: int
    draft: int


class GraphReads(Protocol):
    """The links of all definitions of a tenant."""

    def links_of(self, tenant: str, owner: Node, version: int) -> list[Link]:
        """Return the links that a version of a definition has, in the order of its model."""
        ...

    def walk(
        self, tenant: str, start: Node, *, up: bool, depth: int, kinds: Sequence[str], view: View
    ) -> list[KeptLink]:
        """Return the links within so many steps from a node, nearest first, at most `LINKS_MAX`.

        `up` goes against the links, to what leads to the node. Circles end by themselves; archived definitions
        have no links.
        """
        ...

    def link_counts(self, tenant: str) -> dict[str, int]:
        """Return how many links of each kind the newest versions have."""
        ...

    def unlinked(self, tenant: str, *, revision: int, limit: int) -> list[Unlinked]:
        """Return versions and newest drafts without links of this revision of what is derived."""
        ...


class GraphWrites(Protocol):
    """Links go with the model that they were derived from, in one transaction."""

    def put_links(
        self, tenant: str, owner: Node, version: int, links: Sequence[Link], *, draft: int, revision: int
    ) -> None:
        """Replace all links of a version of a definition; for `DRAFT`, `draft` is the number of the draft."""
        ...

    def drop_links(self, tenant: str, owner: Node) -> None:
        """Forget all links that the versions and drafts of a definition have."""
        ...
