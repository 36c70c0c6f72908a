"""Which part of a server is broken, and since when."""

from typing import Final, NamedTuple

from flowmaster.runtime.clock import real_now

STORE: Final = "store"
WRITER: Final = "writer"
TIMERS: Final = "timers"
CONNECTORS: Final = "connectors"
TELEMETRY: Final = "telemetry"
GRAPH: Final = "graph"

PARTS: Final = (STORE, WRITER, TIMERS, CONNECTORS, TELEMETRY, GRAPH)
"""The parts that can break by themselves."""

NEEDED: Final = frozenset({STORE, WRITER})
"""The parts without which calls cannot be answered."""


class Trouble(NamedTuple):
    """What is wrong with a part: since when (real time), the code of the error, and what it says."""

    since: int
    code: str
    says: str


class Health:
    """The troubles of one server, by part."""

    def __init__(self) -> None:
        self.troubles: dict[str, Trouble] = {}

    def broken(self, part: str, code: str, says: str) -> None:
        """Note that a part does not work; it is so since this was first noted."""
        known = self.troubles.get(part)
        self.troubles[part] = Trouble(known.since if known else real_now(), code, says)

    def works(self, part: str) -> None:
        """Note that a part works."""
        if self.troubles:
            self.troubles.pop(part, None)

    @property
    def status(self) -> str:
        """`ok`; `degraded` where calls are answered all the same; else `failing`."""
        broken = set(self.troubles)
        return "ok" if not broken else "failing" if broken & NEEDED else "degraded"
