"""What is seen of one running server, in one place."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter

from flowmaster.runtime.breaker import Breaker
from flowmaster.runtime.observation.errands import Errand, Place, on_errand
from flowmaster.runtime.observation.figures import Figures
from flowmaster.runtime.observation.health import Health
from flowmaster.runtime.observation.traces import Kind, Span, Told, Traces


class Observed:
    """The figures, the health and, where somebody wants them, the traces of one server."""

    def __init__(self) -> None:
        self.figures = Figures()
        self.health = Health()
        self.traces: Traces | None = None
        self.breaker: Breaker | None = None
        """The circuits of its connectors, where it has any."""

    @contextmanager
    def errand(
        self, errand: Errand, name: str, *, link: Place | None = None, told: Mapping[str, Told] | None = None
    ) -> Iterator[Errand]:
        """Work on an errand of the server's own, under a span below the errand's place, or in a trace of its own."""
        with self.span(name, errand.place, told=told, link=link) as span:
            if span is not None:
                errand.place = span.place
            with on_errand(errand):
                yield errand

    @contextmanager
    def span(
        self,
        name: str,
        parent: Place | None,
        *,
        kind: Kind = "internal",
        told: Mapping[str, Told] | None = None,
        link: Place | None = None,
    ) -> Iterator[Span | None]:
        """Do something under a span; without traces under none. It has failed if it told an `error.type`."""
        if self.traces is None:
            yield None
            return
        span = self.traces.begin(name, parent, kind=kind, told=told, link=link)
        try:
            yield span
        except BaseException as error:
            span.told.setdefault("error.type", type(error).__name__)
            raise
        finally:
            self.traces.end(span, failed="error.type" in span.told)


class Stopwatch:
    """How many seconds have gone by since it was made."""

    __slots__ = ("_begun",)

    def __init__(self) -> None:
        self._begun = perf_counter()

    @property
    def seconds(self) -> float:
        """The seconds so far."""
        return perf_counter() - self._begun
