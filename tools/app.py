"""What operations work with: the services of one running FlowMaster, opened once by `server/wiring.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from flowmaster.runtime.runtime import Runtime
    from flowmaster.stores.call_log import CallLog
    from flowmaster.tools.limits import Gate
    from flowmaster.tools.registry import Registry


KEY_TAKEN = "idempotency.conflict"
"""The code with which a commit refuses a key that another process committed first."""


@dataclass(frozen=True, slots=True)
class Once:
    """One effect asked for under an idempotency key: the same key and hash may never act twice."""

    key: str
    operation: str
    request_hash: str


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What is known of a key: who used it, and the answer, unless it was lost between effect and reply.

    `subject` names what the effect made (an instance, a task), so that a lost answer can be told again.
    """

    once: Once
    answer: bytes | None
    subject: str = ""


class Neighbour(NamedTuple):
    """A server that works on the same data: the name of its process, its door and version, and since when it lives.

    What is not known is empty.
    """

    name: str
    door: str = ""
    version: str = ""
    since: int = 0


class AnswerBook(Protocol):
    """Where the answers of writes with an idempotency key are kept, per tenant."""

    async def find(self, tenant: str, key: str) -> StoredAnswer | None:
        """Return what is known of the key, or `None` for a key never used."""

    async def remember(self, tenant: str, once: Once, answer: bytes) -> None:
        """Keep the answer of an effect that is committed."""


class Settings(Protocol):
    """What operations may know of how the server was started."""

    @property
    def data(self) -> str:
        """The data folder, or `:memory:`."""

    @property
    def store(self) -> str:
        """The address of the store, or nothing for the store in the data folder."""

    @property
    def clock(self) -> str:
        """The kind of clock: `real` or `virtual`."""

    @property
    def tools(self) -> Sequence[str]:
        """The shown tools: `core`, `all`, or a list of operations."""

    @property
    def folders(self) -> Sequence[str]:
        """The folders below which documents may be read by path."""

    @property
    def read_only(self) -> bool:
        """Whether nothing may be changed through this server."""


def _nobody() -> Sequence[Neighbour]:
    return ()


def _nothing() -> None:
    """Nobody shows tools of processes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The services of one running FlowMaster."""

    settings: Settings
    registry: Registry
    answers: AnswerBook
    runtime: Runtime
    published: Callable[[], None] = _nothing
    """Called when processes were published, since some are tools that a door shows."""
    gate: Gate | None = None
    """Lets calls through as far as the limits of their callers go; none without limits."""
    calls: CallLog | None = None
    """Where calls are noted; nowhere without a data folder."""
    neighbours: Callable[[], Sequence[Neighbour]] = _nobody
    """Returns the servers that work on the same data, this one among them."""
