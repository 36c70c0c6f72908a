"""The graph of links as it is asked: its copy in a graph database where that has all that the tables have, else the tables.

The tables are the truth: links are written there with their models. The copy is made from them after each commit, from
where it stands, as often as it takes; a server that stops, or a database that comes back empty, costs nothing but time.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias, TypeVar

from anyio import to_thread

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.links.model import Node
from flowmaster.runtime.clock import real_now
from flowmaster.runtime.observation.health import GRAPH, Health
from flowmaster.runtime.reads import Reads
from flowmaster.runtime.signals import STORED, Signals
from flowmaster.stores.graph import GraphMirror, GraphState, KeptLink, View
from flowmaster.stores.protocol import Reader, Transaction

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0
"""How often is looked for changes that another server made."""

GAP_SECONDS: Final = 0.1
"""How long changes are gathered before the next are copied."""

PAUSE_SECONDS: Final = 1.0
PAUSE_SECONDS_MAX: Final = 30.0
"""How long is waited after the copy could not be made; each time twice as long, up to the second."""

CATCH_UP_SECONDS: Final = 0.25
"""How long a question waits for changes that are just being copied, before the tables are asked."""

CATCH_UP_STEP: Final = 0.02

T = TypeVar("T")

Write: TypeAlias = Callable[[Callable[[Transaction], None]], Awaitable[None]]
"""Changes the store, and is done when that is stored."""


class GraphHealth(NamedTuple):
    """How the copy is: `current`, `behind`, `failing`, or `unknown` before it was reached."""

    state: Literal["current", "behind", "failing", "unknown"]
    says: str
    shown: str
    product: str


class LinkGraph:
    """Answers what leads to what, and keeps a copy up to date where there is one."""

    def __init__(self, reader: Callable[[], Reader], reads: Reads, signals: Signals, health: Health) -> None:
        self._reader = reader
        self._reads = reads
        self._signals = signals
        self._health = health
        self.mirror: GraphMirror | None = None
        self._write: Write | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._going = False
        self._again_at = 0

    async def run(self, tenant: str, work: "Callable[[Asked], T]") -> T:
        """Return what is found by questions to the graph; what goes over a network is asked from a thread."""
        asked = Asked(self, self._reader(), tenant)
        if self.mirror is None:
            return await self._reads.run(tenant, "links", lambda: work(asked))
        await self._caught_up(tenant)
        return await to_thread.run_sync(lambda: work(asked))

    def open(self, write: Write) -> None:
        """Begin to keep the copy up to date, if there is one."""
        if self.mirror is not None:
            self._write, self._going = write, True
            self._keeping = asyncio.create_task(self._keep(self.mirror), name="flowmaster-graph")

    async def close(self) -> None:
        """Stop, when what is just being copied is copied."""
        self._going = False
        if self._keeping is not None:
            self._keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeping
        if self.mirror is not None:
            await asyncio.to_thread(self.mirror.close)

    def health(self, tenant: str) -> GraphHealth | None:
        """Return how the copy of a tenant's links is, as it was last seen; None without one."""
        mirror = self.mirror
        if mirror is None:
            return None
        trouble = self._health.troubles.get(GRAPH)
        state = self._reader().graph_state(tenant)
        if trouble is not None:
            return GraphHealth("failing", trouble.says, mirror.shown, mirror.product)
        if state is None or mirror.known(state):
            return GraphHealth("current", "", mirror.shown, mirror.product)
        return GraphHealth("behind" if mirror.product else "unknown", "", mirror.shown, mirror.product)

    def may_ask(self) -> bool:
        """Whether the copy is asked now: one that failed is left alone for a while, so that nobody waits for it again."""
        return self.mirror is not None and real_now() >= self._again_at

    def failed(self, error: FlowMasterError) -> None:
        """Note that the copy could not be asked, or is behind."""
        self._health.broken(GRAPH, error.code, error.message)
        if error.code != "graph.behind":
            self._again_at = real_now() + int(1_000 * PAUSE_SECONDS_MAX)

    def answered(self) -> None:
        """Note that the copy has all."""
        self._again_at = 0
        if GRAPH in self._health.troubles:
            self._health.works(GRAPH)

    async def _caught_up(self, tenant: str) -> None:
        """Wait a moment for changes that are just being copied."""
        if self.mirror is None or self._keeping is None or not self.may_ask():
            return
        for _ in range(int(CATCH_UP_SECONDS / CATCH_UP_STEP)):
            state = self._reader().graph_state(tenant)
            if state is None or self.mirror.known(state) or not self.may_ask():
                return
            await asyncio.sleep(CATCH_UP_STEP)

    async def _keep(self, mirror: GraphMirror) -> None:
        pause = PAUSE_SECONDS
        while True:
            try:
                whole = await self._copied(mirror)
            except FlowMasterError as error:
                if self._health.troubles.get(GRAPH) is None:
                    logger.warning("The graph waits: %s", error.message)
                self.failed(error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, PAUSE_SECONDS_MAX)
                continue
            except Exception:
                logger.exception("The graph stumbled")
                self._health.broken(GRAPH, "server.fault", "Copying stumbled; the log tells why.")
                await asyncio.sleep(PAUSE_SECONDS_MAX)
                continue
            pause = PAUSE_SECONDS
            if whole:
                self.answered()
                await self._signals.wait(STORED, LOOK_SECONDS)
            await asyncio.sleep(GAP_SECONDS)

    async def _copied(self, mirror: GraphMirror) -> bool:
        """Copy what has changed for any tenant; return whether that was all."""
        states = await asyncio.to_thread(lambda: self._reader().graph_states())
        troubled = GRAPH in self._health.troubles or not mirror.product
        for tenant, state in states.items():
            if troubled or state.former or not mirror.known(state):
                await self._take(mirror, tenant, state)
        return all(mirror.known(state) for state in states.values())

    async def _take(self, mirror: GraphMirror, tenant: str, state: GraphState) -> None:
        working = asyncio.create_task(
            asyncio.to_thread(mirror.take, self._reader(), tenant, lambda: self._going)
        )
        try:
            taken = await asyncio.shield(working)
        except asyncio.CancelledError:
            self._going = False
            await asyncio.wait(
                [working]
            )  # The thread goes on to the end of its batch, and nobody may close the store.
            if not working.cancelled():
                working.exception()
            raise
        if taken.astray:
            logger.warning(
                "The graph has changes of %r that the tables do not know: it is made anew.", tenant
            )
        if taken.astray or taken.emptied:
            assert self._write is not None

            def settle(transaction: Transaction) -> None:
                if taken.astray:
                    transaction.renew_graph(tenant)
                for space in taken.emptied:
                    transaction.forget_space(tenant, space)

            await self._write(settle)


class Asked:
    """The questions of one call: to the copy, until it fails or is behind; from then on to the tables."""

    def __init__(self, graph: LinkGraph, tables: Reader, tenant: str) -> None:
        self._graph = graph
        self._tables = tables
        self._asking = graph.may_ask()
        self._why = ""
        trouble = graph._health.troubles.get(GRAPH)
        if graph.mirror is not None and not self._asking and trouble is not None:
            self._why = trouble.says

    @property
    def tables(self) -> Reader:
        """All else that can be read."""
        return self._tables

    @property
    def notes(self) -> list[str]:
        """What whoever asked should know."""
        return [f"From the tables: {self._why}"] if self._why else []

    def walk(
        self, tenant: str, start: Node, *, up: bool, depth: int, kinds: Sequence[str], view: View
    ) -> list[KeptLink]:
        """Return the links within so many steps from a node, nearest first, at most `LINKS_MAX`."""
        state = self._tables.graph_state(tenant) if self._asking else None
        mirror = self._graph.mirror
        if mirror is not None and state is not None:
            try:
                found = mirror.at(state).walk(tenant, start, up=up, depth=depth, kinds=kinds, view=view)
                if (
                    self._tables.graph_state(tenant) == state
                ):  # Else what changed meanwhile may be half in it.
                    self._graph.answered()
                    return found
            except FlowMasterError as error:
                self._asking = False
                self._why = error.message
                self._graph.failed(error)
        return self._tables.walk(tenant, start, up=up, depth=depth, kinds=kinds, view=view)
