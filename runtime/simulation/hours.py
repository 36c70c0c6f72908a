"""The open hours of a calendar, worked out once as far as they are needed."""

from bisect import bisect_right
from collections.abc import Iterator

from flowmaster.engine.calendars import Calendar, spans_from


class Hours:
    """Tells when work goes on and how long it has gone on, in milliseconds, from an instant on."""

    def __init__(self, calendar: Calendar, begins: int) -> None:
        self._coming: Iterator[tuple[int, int]] = spans_from(calendar, begins)
        self._opens: list[int] = []
        self._closes: list[int] = []
        self._before: list[int] = []
        """The open time before each span."""
        self._open = 0

    def opening(self, at: float) -> float:
        """Return the first open instant from one on."""
        return max(at, self._opens[self._span_at(at)])

    def after(self, at: float, takes: float) -> float:
        """Return the instant that lies so much open time behind another."""
        place = self._span_at(at)
        wanted = self._before[place] + max(0.0, at - self._opens[place]) + takes
        while self._open < wanted:
            self._add()
        place = max(place, bisect_right(self._before, wanted) - 1)
        if (
            place and self._before[place] == wanted and takes
        ):  # The end of one day, not the beginning of the next.
            place -= 1
        return self._opens[place] + wanted - self._before[place]

    def between(self, begin: float, end: float) -> float:
        """Return the open time between two instants."""
        return max(0.0, self._until(end) - self._until(begin))

    def _until(self, at: float) -> float:
        place = self._span_at(at)
        return self._before[place] + max(0.0, at - self._opens[place])

    def _span_at(self, at: float) -> int:
        """Return the place of the span that an instant lies in, else of the next one."""
        while not self._closes or self._closes[-1] <= at:
            self._add()
        return bisect_right(self._closes, at)

    def _add(self) -> None:
        opens, closes = next(self._coming)
        self._opens.append(opens)
        self._closes.append(closes)
        self._before.append(self._open)
        self._open += closes - opens
