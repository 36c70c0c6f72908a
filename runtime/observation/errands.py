"""What is being done and for whom: it goes along with every task and thread that works on it.

Logs, traces and the log of calls read it; nothing that decides anything does.
"""

from contextvars import ContextVar
from typing import Final, NamedTuple


class Place(NamedTuple):
    """A place in a trace (W3C Trace Context): the span under which more happens; `state` is passed on unread."""

    trace: int
    span: int
    sampled: bool
    state: str = ""

    @property
    def trace_id(self) -> str:
        """The id of the trace as it is written."""
        return f"{self.trace:032x}"


class Errand:
    """Work for somebody: one call of an operation, a job of a connector, a firing of timers."""

    __slots__ = ("caller", "changed", "door", "operation", "origin", "place", "request", "tenant")

    def __init__(
        self,
        operation: str,
        *,
        caller: str = "",
        tenant: str = "",
        door: str = "",
        request: str = "",
        place: Place | None = None,
        origin: Place | None = None,
    ) -> None:
        self.operation = operation
        self.caller = caller
        self.tenant = tenant
        self.door = door
        self.request = request
        self.place = place
        """Where its own span is, under which what it does comes to stand."""
        self.origin = origin
        """Where the span is under which later work for the same instances comes to stand; none: its own."""
        self.changed: dict[str, int] = {}
        """The revision of each instance that it has changed."""


ERRAND: Final[ContextVar[Errand | None]] = ContextVar("flowmaster_errand", default=None)
"""What the running task or thread works on; nothing where it works for the server itself."""


class on_errand:
    """Works on an errand; a class, since every call passes through it."""

    __slots__ = ("_errand", "_token")

    def __init__(self, errand: Errand) -> None:
        self._errand = errand

    def __enter__(self) -> Errand:
        self._token = ERRAND.set(self._errand)
        return self._errand

    def __exit__(self, *_: object) -> None:
        ERRAND.reset(self._token)
