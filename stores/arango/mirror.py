"""The copy of the links in ArangoDB: made from the tables after each commit, read where it has all that they have.

A tenant's mark says up to which change the copy is whole. It is moved by its revision, from the one that the copying
began with, so that only whoever saw all changes before may say that those behind are there; documents and edges may be
written twice, late, and by several servers at once (see `texts.py`).
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.links.model import Link, Node
from flowmaster.stores.arango import texts
from flowmaster.stores.arango.address import Address
from flowmaster.stores.arango.line import Emptied, Line, Overtaken
from flowmaster.stores.graph import (
    LINKS_MAX,
    ChangedDefinition,
    ChangedLinks,
    GraphReads,
    GraphState,
    KeptLink,
    Taken,
    View,
)

READ_SECONDS: Final = 1.0
"""How long one walk may take; then the tables are walked."""

WRITE_SECONDS: Final = 10.0
"""How long one batch of changes may take."""

AT_ONCE: Final = 100
"""Changes that are copied in one batch."""

SENT_AT_ONCE: Final = 1_000
"""Documents that are sent in one piece."""

TURNS_MAX: Final = 5
"""How often a batch is begun again because other servers were at the same."""

T = TypeVar("T")


class ArangoMirror:
    """One ArangoDB database with the links of all tenants of a store."""

    def __init__(
        self, address: Address, password: str, *, seconds: float = READ_SECONDS, at_once: int = AT_ONCE
    ) -> None:
        self._address = address
        self._reading = Line(address, password)
        self._writing = Line(address, password)
        self._seconds = seconds
        self._at_once = at_once
        self._marks: dict[int, int] = {}

    @property
    def shown(self) -> str:
        """Where it is, without any secret."""
        return self._address.shown

    @property
    def product(self) -> str:
        """Its name and version, empty until it was reached."""
        return self._writing.product

    def at(self, state: GraphState) -> "ArangoWalks":
        """Return what reads the copy, or refuses where it is not at this state."""
        return ArangoWalks(self, state)

    def known(self, state: GraphState) -> bool:
        """Whether the copy was at this state when it was last seen; nothing is asked."""
        return self._marks.get(state.space) == state.number

    def read(self, state: GraphState, work: Callable[[Line], T]) -> T:
        """Return what is read, if the copy is at a state before and afterwards.

        Raises:
            FlowMasterError: it is behind, or does not answer in time.
        """
        try:
            with self._reading.within(self._seconds):
                if not self.known(state):
                    self._check(state)
                found = work(self._reading)
                self._check(state)
                return found
        except (Emptied, Overtaken):
            self._marks.pop(state.space, None)
            raise self._behind() from None

    def take(self, reader: GraphReads, tenant: str, go_on: Callable[[], bool]) -> Taken:
        """Copy what the tables have and the copy has not, as long as `go_on` says so.

        Raises:
            FlowMasterError: it cannot be written, or not in time. What was written so far counts.
        """
        turns = 0
        while go_on():
            state = reader.graph_states().get(tenant)
            if state is None:
                break
            try:
                with self._writing.within(WRITE_SECONDS):
                    taken = self._turn(reader, tenant, state)
            except Overtaken:
                taken, turns = None, turns + 1
            except Emptied:
                taken, turns = None, turns + 1
                self._prepare()
            if taken is not None:
                turns = 0
                if self.known(state) or taken.astray:
                    return taken
            if turns > TURNS_MAX:
                raise self._behind()
        return Taken()

    def _turn(self, reader: GraphReads, tenant: str, state: GraphState) -> Taken:
        """Copy one batch of changes, or tidy up where there is none."""
        if not self._writing.product:
            self._writing.look()
        mark = self._writing.get(texts.MARKS, str(state.space))
        number = int(mark["number"]) if mark else 0
        if number > self._newest(reader, tenant, state):
            return Taken(astray=True)
        self._marks[state.space] = number
        if mark is not None and number >= state.number:
            return Taken(emptied=self._emptied(state))
        self._marks.pop(state.space)
        self._batch(reader, tenant, state, mark)
        return Taken()

    def _prepare(self) -> None:
        try:
            with self._writing.within(WRITE_SECONDS):
                self._writing.prepare()
        except (Emptied, Overtaken):
            raise self._behind() from None

    def look(self) -> str:
        """Return the version of the server, or refuse where it does not let us in; nothing is changed."""
        try:
            with self._writing.within(WRITE_SECONDS):
                return self._writing.look()
        except Emptied:
            return ""

    def mark_of(self, state: GraphState) -> int:
        """Return up to which change the copy is whole, 0 without any."""
        try:
            with self._writing.within(WRITE_SECONDS):
                mark = self._writing.get(texts.MARKS, str(state.space))
        except Emptied:
            return 0
        return int(mark["number"]) if mark else 0

    def close(self) -> None:
        """Let go of it."""
        self._reading.close()
        self._writing.close()

    def _check(self, state: GraphState) -> None:
        mark = self._reading.get(texts.MARKS, str(state.space))
        self._marks[state.space] = int(mark["number"]) if mark else 0
        if not self.known(state):
            raise self._behind()

    def _newest(self, reader: GraphReads, tenant: str, state: GraphState) -> int:
        """Return the newest change of a space that there can be a mark of: looked up behind the mark."""
        now = reader.graph_state(tenant)
        return max(state.number, now.number) if now and now.space == state.space else state.number

    def _behind(self) -> FlowMasterError:
        return FlowMasterError(
            "graph.behind",
            f"The graph at {self.shown!r} does not have the newest changes yet.",
            fix="Links are read from the tables meanwhile. If it stays so, look at `server_info`.",
            status=503,
        )

    def _batch(
        self, reader: GraphReads, tenant: str, state: GraphState, mark: Mapping[str, Any] | None
    ) -> None:
        """Write one batch of changes and then the mark: nodes and edges first, what makes them count behind them."""
        line = self._writing
        told = reader.graph_changes(tenant, int(mark["number"]) if mark else 0, limit=self._at_once)
        of = _Documents(tenant, state.space)
        for text, documents in (
            (texts.NODES, of.nodes(told.links)),
            (texts.LINKS, of.links(told.links)),
        ):
            for piece in _pieces(documents):
                line.add(text, piece)
        for piece in _pieces(of.parts(told.links)):
            line.change(texts.PUT_PARTS, documents=piece)
            line.change(texts.DROP_OLD, parts=[each["_key"] for each in piece])
        for piece in _pieces(of.definitions(told.definitions)):
            line.change(texts.PUT_DEFINITIONS, documents=piece)
        made = {**(mark or {}), "_key": str(state.space), "space": state.space}
        made |= {"tenant": tenant, "number": told.upto}
        if mark is None:
            line.insert(texts.MARKS, made)
        else:
            line.replace(texts.MARKS, made)
        self._marks[state.space] = told.upto

    def _emptied(self, state: GraphState) -> tuple[int, ...]:
        """Take former spaces out of the copy, and return those of which nothing is left."""
        for space in state.former:
            for text in texts.EMPTY.values():
                while self._writing.change(text, space=space, most=SENT_AT_ONCE):
                    pass
        return state.former


class ArangoWalks:
    """Reads of the copy at one state."""

    def __init__(self, mirror: ArangoMirror, state: GraphState) -> None:
        self._mirror = mirror
        self._state = state

    def walk(
        self, tenant: str, start: Node, *, up: bool, depth: int, kinds: Sequence[str], view: View
    ) -> list[KeptLink]:
        """Return the links within so many steps from a node, nearest first, at most `LINKS_MAX`."""
        of = _Documents(tenant, self._state.space)

        def work(line: Line) -> list[KeptLink]:
            found: list[KeptLink] = []
            near, seen = {start}, {start}
            for _ in range(depth):
                if not near or len(found) >= LINKS_MAX:
                    break
                rows = line.query(
                    texts.UP if up else texts.DOWN,
                    here=sorted(of.node_id(node) for node in near),
                    space=self._state.space,
                    tenant=tenant,
                    kinds=list(kinds),
                    view=view,
                    most=LINKS_MAX - len(found),
                )
                met = [_kept(row) for row in rows]
                found += met
                near = {one.link.source if up else one.link.target for one in met} - seen
                seen |= near
            return found

        return self._mirror.read(self._state, work)

    def link_counts(self, tenant: str) -> dict[str, int]:
        """Return how many links of each kind the newest versions have."""
        rows = self._mirror.read(
            self._state, lambda line: line.query(texts.COUNT, space=self._state.space, tenant=tenant)
        )
        return dict(sorted((str(row["kind"]), int(row["links"])) for row in rows))


class _Documents:
    """The documents of a tenant in a space, with keys that the same things always have."""

    def __init__(self, tenant: str, space: int) -> None:
        self._of = {"tenant": tenant, "space": space}
        self._names = (space, tenant)

    def node_id(self, node: Node) -> str:
        """Return the id of a node."""
        return f"{texts.NODES}/{self._key(*node)}"

    def nodes(self, parts: Iterable[ChangedLinks]) -> Iterator[dict[str, Any]]:
        """Yield the nodes that links meet, each once."""
        for kind, key in dict.fromkeys(node for one in parts for link in one.links for node in link[1:3]):
            yield {"_key": self._key(kind, key), **self._of, "kind": kind, "key": key}

    def links(self, parts: Iterable[ChangedLinks]) -> Iterator[dict[str, Any]]:
        """Yield the edges of versions: none ever changes, since the number of the change is in its key."""
        for one in parts:
            for place, link in enumerate(one.links):
                yield {
                    "_key": f"{self._part(one)}-{one.number}-{place}",
                    "_from": self.node_id(link.source),
                    "_to": self.node_id(link.target),
                    **self._of,
                    "kind": link.kind,
                    "source_kind": link.source.kind,
                    "source": link.source.key,
                    "target_kind": link.target.kind,
                    "target": link.target.key,
                    "element": link.element,
                    "pinned": link.pinned,
                    "free": link.free,
                    "owner": self._key(*one.owner),
                    "part": self._part(one),
                    "version": one.version,
                    "change": one.number,
                    "place": place,
                }

    def parts(self, parts: Iterable[ChangedLinks]) -> Iterator[dict[str, Any]]:
        """Yield what says which edges of a version count."""
        for one in parts:
            yield {
                "_key": self._part(one),
                **self._of,
                "owner": self._key(*one.owner),
                "version": one.version,
                "number": one.number,
                "links": len(one.links),
            }

    def definitions(self, changes: Iterable[ChangedDefinition]) -> Iterator[dict[str, Any]]:
        """Yield what says which versions of a definition count."""
        for one in changes:
            yield {
                "_key": self._key(*one.owner),
                **self._of,
                "kind": one.owner.kind,
                "key": one.owner.key,
                "age": one.age,
                "archived": one.archived,
                "version": one.version,
                "draft": one.draft,
                "number": one.number,
            }

    def _part(self, one: ChangedLinks) -> str:
        return f"{self._key(*one.owner)}-{one.version}"

    def _key(self, *names: str) -> str:
        whole = json.dumps([*self._names, *names], ensure_ascii=True)
        return hashlib.blake2b(whole.encode(), digest_size=20).hexdigest()


def _kept(row: Mapping[str, Any]) -> KeptLink:
    link = Link(
        row["kind"], Node(*row["source"]), Node(*row["target"]), row["element"], row["pinned"], row["free"]
    )
    return KeptLink(link, Node(*row["owner"]), row["version"])


def _pieces(documents: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while piece := list(islice(documents, SENT_AT_ONCE)):
        yield piece
