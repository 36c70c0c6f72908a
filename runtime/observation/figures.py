"""The figures of one server process: what was counted and measured since it began.

They are always kept, since they cost next to nothing; whoever wants them (`server_load`, `/metrics`, an exporter)
reads them here. What is recorded under one name comes from one thread, or from several that may lose a count.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Final, Literal, NamedTuple, TypeAlias

Labels: TypeAlias = tuple[str, ...]

SECONDS: Final = tuple(0.0001 * 2**power for power in range(20))
"""The bounds of durations: from a tenth of a millisecond to 52 seconds, each twice the one before."""

PIECES: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)

SERIES_MAX: Final = 2_000
"""Combinations of labels of one measure that are told apart; further ones count as `other`."""

KEPT_SECONDS: Final = 5.0
"""How far apart the moments lie that rates are reckoned from."""

KEPT: Final = 14
"""Moments that are kept: enough for the last minute."""

OTHER: Final = "other"


class Measure(NamedTuple):
    """One thing that is counted or measured, as exporters name it."""

    name: str
    kind: Literal["histogram", "counter", "gauge"]
    unit: str
    about: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


OPERATIONS: Final = Measure(
    "flowmaster.operation.duration",
    "histogram",
    "s",
    "How long calls of operations took.",
    ("flowmaster.operation", "flowmaster.door", "flowmaster.outcome"),
    SECONDS,
)
COMMITS: Final = Measure(
    "flowmaster.commit.duration",
    "histogram",
    "s",
    "How long commits took, with the work that they hold.",
    ("flowmaster.outcome",),
    SECONDS,
)
PIECES_OF_COMMITS: Final = Measure(
    "flowmaster.commit.pieces",
    "histogram",
    "{piece}",
    "How many pieces of work shared a commit.",
    (),
    PIECES,
)
TIMERS: Final = Measure("flowmaster.timer.lag", "histogram", "s", "How late timers fired.", (), SECONDS)
JOBS: Final = Measure(
    "flowmaster.job.lag",
    "histogram",
    "s",
    "How long jobs waited until a connector took them.",
    ("flowmaster.connector",),
    SECONDS,
)
CONNECTORS: Final = Measure(
    "flowmaster.connector.duration",
    "histogram",
    "s",
    "How long connectors worked on jobs.",
    ("flowmaster.connector", "flowmaster.outcome"),
    SECONDS,
)
INCIDENTS: Final = Measure(
    "flowmaster.incident.raised",
    "counter",
    "{incident}",
    "Incidents that were raised.",
    ("flowmaster.incident.code",),
)
STARTED: Final = Measure(
    "flowmaster.instance.started", "counter", "{instance}", "Instances that were started."
)
ENDED: Final = Measure(
    "flowmaster.instance.ended",
    "counter",
    "{instance}",
    "Instances that ended.",
    ("flowmaster.instance.status",),
)
QUEUE: Final = Measure(
    "flowmaster.writer.queue", "gauge", "{piece}", "Pieces of work that wait to be stored."
)
OUTBOX: Final = Measure(
    "flowmaster.outbox.depth", "gauge", "{effect}", "Effects between instances that are still to be done."
)
INSTANCES: Final = Measure(
    "flowmaster.instance.count",
    "gauge",
    "{instance}",
    "Instances of all tenants in the store.",
    ("flowmaster.instance.status",),
)
SPANS_LOST: Final = Measure(
    "flowmaster.telemetry.lost",
    "counter",
    "{span}",
    "Spans that were given up, since no collector took them.",
)

MEASURES: Final = (
    OPERATIONS,
    COMMITS,
    PIECES_OF_COMMITS,
    TIMERS,
    JOBS,
    CONNECTORS,
    INCIDENTS,
    STARTED,
    ENDED,
    QUEUE,
    OUTBOX,
    INSTANCES,
    SPANS_LOST,
)
"""All that is told, in order."""


class Histogram:
    """How often values fell between bounds, and their sum."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float], counts: Sequence[int] = (), total: float = 0.0) -> None:
        self.bounds = bounds
        self.counts = list(counts) or [0] * (len(bounds) + 1)
        self.sum = total

    @property
    def count(self) -> int:
        """How many values there were."""
        return sum(self.counts)

    def record(self, value: float) -> None:
        """Take in a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def copy(self) -> "Histogram":
        """Return what stands in it now."""
        return Histogram(self.bounds, self.counts, self.sum)

    def since(self, before: "Histogram | None") -> "Histogram":
        """Return what came after an earlier copy."""
        if before is None:
            return self.copy()
        counts = [now - then for now, then in zip(self.counts, before.counts, strict=True)]
        return Histogram(self.bounds, counts, self.sum - before.sum)

    def add(self, other: "Histogram") -> None:
        """Take in all values of another one of the same bounds."""
        self.counts = [ours + theirs for ours, theirs in zip(self.counts, other.counts, strict=True)]
        self.sum += other.sum

    def quantile(self, part: float) -> float:
        """Return the value below which a part of all values lies, between its bounds in proportion."""
        wanted, seen = part * self.count, 0
        for place, count in enumerate(self.counts):
            if count and seen + count >= wanted:
                below = self.bounds[place - 1] if place else 0.0
                above = self.bounds[place] if place < len(self.bounds) else below
                return below + (above - below) * (wanted - seen) / count
            seen += count
        return 0.0


class Recorded:
    """The values of one measure, apart by their labels."""

    __slots__ = ("_figures", "by_labels", "measure")

    def __init__(self, measure: Measure, figures: "Figures") -> None:
        self.measure = measure
        self.by_labels: dict[Labels, Histogram] = {}
        self._figures = figures

    def record(self, labels: Labels, value: float = 1.0) -> None:
        """Take in a value; of a counter, how much it grows."""
        self._figures.keep()
        found = self.by_labels.get(labels)
        if found is None:
            found = self._further(labels)
        found.counts[bisect_left(found.bounds, value)] += 1
        found.sum += value

    def _further(self, labels: Labels) -> Histogram:
        if len(self.by_labels) >= SERIES_MAX:
            labels = (OTHER,) * len(labels)
        return self.by_labels.setdefault(labels, Histogram(self.measure.bounds))


class Figures:
    """All figures of one server process."""

    def __init__(self, began: float | None = None) -> None:
        self.began = monotonic() if began is None else began
        self.operations = Recorded(OPERATIONS, self)
        self.commits = Recorded(COMMITS, self)
        self.pieces = Recorded(PIECES_OF_COMMITS, self)
        self.timers = Recorded(TIMERS, self)
        self.jobs = Recorded(JOBS, self)
        self.connectors = Recorded(CONNECTORS, self)
        self.incidents = Recorded(INCIDENTS, self)
        self.started = Recorded(STARTED, self)
        self.ended = Recorded(ENDED, self)
        self.spans_lost = 0
        self.all = (
            self.operations,
            self.commits,
            self.pieces,
            self.timers,
            self.jobs,
            self.connectors,
            self.incidents,
            self.started,
            self.ended,
        )
        self._moments: deque[tuple[float, Mapping[str, Mapping[Labels, Histogram]]]] = deque(maxlen=KEPT)
        self._next = monotonic() + KEPT_SECONDS
        self._moments.append((self.began, {}))

    def keep(self) -> None:
        """Keep the moment before a value comes in, if the last one lies far enough back."""
        now = monotonic()
        if now >= self._next:
            self._next = now + KEPT_SECONDS
            self._moments.append((now, {each.measure.name: _copies(each) for each in self.all}))

    def window(self, seconds: float) -> "Window":
        """Return what came within the last so many seconds, or a few more."""
        now = monotonic()
        begins = now - seconds - KEPT_SECONDS
        for at, before in self._moments:
            if at >= begins:
                return Window(self, before, max(now - at, 1.0))
        quiet = {each.measure.name: _copies(each) for each in self.all}
        return Window(self, quiet, seconds)


class Window:
    """What came since a moment."""

    def __init__(
        self, figures: Figures, before: Mapping[str, Mapping[Labels, Histogram]], seconds: float
    ) -> None:
        self._before = before
        self.figures = figures
        self.seconds = seconds

    def of(self, recorded: Recorded) -> dict[Labels, Histogram]:
        """Return the values of one measure, without labels under which nothing came."""
        before = self._before.get(recorded.measure.name, {})
        found = {labels: each.since(before.get(labels)) for labels, each in list(recorded.by_labels.items())}
        return {labels: each for labels, each in found.items() if each.count}


def _copies(recorded: Recorded) -> dict[Labels, Histogram]:
    return {labels: each.copy() for labels, each in list(recorded.by_labels.items())}


def together(parts: Mapping[Labels, Histogram], bounds: Sequence[float] = SECONDS) -> Histogram:
    """Return the values under all labels as one."""
    whole = Histogram(bounds)
    for each in parts.values():
        whole.add(each)
    return whole
