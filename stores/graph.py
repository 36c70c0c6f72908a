"""The interface of the graph of links: written with each draft and version, asked up and down."""

from collections.abc import Callable, Sequence
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


class GraphState(NamedTuple):
    """How far the links of a tenant have changed: each change has the next number, in the order of commits.

    `space` names the whole of them; a new one means that all that was copied elsewhere is void. `former` are such spaces.
    """

    space: int
    number: int
    former: tuple[int, ...] = ()


class ChangedLinks(NamedTuple):
    """The links of a version of a definition (or of its newest draft), and the number of their last change."""

    owner: Node
    version: int
    number: int
    links: Sequence[Link]


class ChangedDefinition(NamedTuple):
    """A definition as it is since its change `number`; `age` orders definitions."""

    owner: Node
    number: int
    age: int
    archived: bool
    version: int
    draft: int


class GraphChanges(NamedTuple):
    """What changed; with it, all that has no later change is known up to the number `upto`."""

    upto: int
    definitions: Sequence[ChangedDefinition] = ()
    links: Sequence[ChangedLinks] = ()


class Taken(NamedTuple):
    """What came of copying: whether the copy must be begun anew in a new space, and which former ones are gone."""

    astray: bool = False
    emptied: tuple[int, ...] = ()


class Asking(Protocol):
    """What leads to what."""

    def walk(
        self, tenant: str, start: Node, *, up: bool, depth: int, kinds: Sequence[str], view: View
    ) -> list[KeptLink]:
        """Return the links within so many steps from a node, nearest first, at most `LINKS_MAX`.

        `up` goes against the links, to what leads to the node. Circles end by themselves; archived definitions
        have no links.
        """
        ...


class Walks(Asking, Protocol):
    """What leads to what, and how much there is of it."""

    def link_counts(self, tenant: str) -> dict[str, int]:
        """Return how many links of each kind the newest versions have."""
        ...


class GraphReads(Walks, Protocol):
    """The links of all definitions of a tenant."""

    def links_of(self, tenant: str, owner: Node, version: int) -> list[Link]:
        """Return the links that a version of a definition has, in the order of its model."""
        ...

    def unlinked(self, tenant: str, *, revision: int, limit: int) -> list[Unlinked]:
        """Return versions and newest drafts without links of this revision of what is derived."""
        ...

    def graph_states(self) -> dict[str, GraphState]:
        """Return how far the links of each tenant that ever had any have changed."""
        ...

    def graph_state(self, tenant: str) -> GraphState | None:
        """Return how far the links of a tenant have changed, None if there never were any; `former` is left out."""
        ...

    def graph_changes(self, tenant: str, after: int, *, limit: int) -> GraphChanges:
        """Return what changed behind a number, about so many changes at most, as it stands at one moment."""
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

    def renew_graph(self, tenant: str) -> None:
        """Give the links of a tenant a new space, so that whoever keeps a copy of them makes it anew."""
        ...

    def forget_space(self, tenant: str, space: int) -> None:
        """Forget a former space, of which nothing is left anywhere."""
        ...


class GraphMirror(Protocol):
    """A copy of the links in a graph database, made from the tables after each commit and never asked when it is behind.

    Its reads raise `graph.behind` unless it has all that the tables had when they were asked.
    """

    @property
    def shown(self) -> str:
        """Where it is, without any secret."""
        ...

    @property
    def product(self) -> str:
        """Its name and version, empty until it was reached."""
        ...

    def at(self, state: GraphState) -> Walks:
        """Return what reads the copy, or refuses where it is not at this state."""
        ...

    def known(self, state: GraphState) -> bool:
        """Whether the copy was at this state when it was last seen; nothing is asked."""
        ...

    def take(self, reader: GraphReads, tenant: str, go_on: Callable[[], bool]) -> Taken:
        """Copy what the tables have and the copy has not, as long as `go_on` says so."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...
