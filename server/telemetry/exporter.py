"""The thread that exports: it takes spans from a bounded queue, so that a collector that hangs holds up nobody."""

import logging
import secrets
import threading
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Final

from flowmaster.engine.errors import FlowMasterError
from flowmaster.runtime.observation.health import TELEMETRY
from flowmaster.runtime.observation.observed import Observed
from flowmaster.runtime.observation.traces import Span, Traces
from flowmaster.server.telemetry.otlp import Collector, Gauges
from flowmaster.server.telemetry.plan import Plan

logger = logging.getLogger(__name__)

CLOSE_SECONDS: Final = 2.0
"""How long a server that closes waits until what is left has been taken."""

GAUGES_LEFT_OUT: Final = "The figures of the store are left out of what is exported: %s"


class Exporter:
    """Brings the spans and figures of one server to a collector."""

    def __init__(self, plan: Plan, observed: Observed, gauges: Callable[[], Gauges]) -> None:
        self._plan = plan
        self._observed = observed
        self._gauges = gauges
        self._queue: deque[Span] = deque()
        self._ready = threading.Event()
        self._closed = threading.Event()
        self._collector: Collector | None = None
        self._thread = threading.Thread(target=self._run, name="flowmaster-telemetry", daemon=True)

    def open(self) -> None:
        """Begin to trace and to export; what that needs is loaded by a thread of its own."""
        if self._plan.traces:
            plan = self._plan
            self._observed.traces = Traces(self._take, plan.sampler, plan.sampler_argument)
        self._thread.start()

    def close(self) -> None:
        """Export what is left, as far as a collector takes it within a moment."""
        self._observed.traces = None
        self._closed.set()
        self._ready.set()
        self._thread.join(CLOSE_SECONDS)
        if self._thread.is_alive() and self._collector is not None:
            self._collector.close()

    def _take(self, span: Span) -> None:
        if len(self._queue) >= self._plan.queue_max:
            self._observed.figures.spans_lost += 1
            return
        self._queue.append(span)
        if len(self._queue) >= self._plan.batch_max:
            self._ready.set()

    def _run(self) -> None:
        try:
            collector = self._collector = Collector(self._plan, secrets.token_hex(8))
        except Exception:
            logger.exception("Telemetry cannot be exported")
            self._observed.traces = None
            self._observed.health.broken(
                TELEMETRY, "server.fault", "It cannot be exported; the log tells why."
            )
            return
        due = monotonic() + self._plan.interval_seconds
        while not self._closed.is_set():
            self._ready.wait(min(self._plan.delay_seconds, max(0.0, due - monotonic())))
            self._ready.clear()
            self._export_spans(collector)
            if monotonic() >= due and not self._closed.is_set():
                due = monotonic() + self._plan.interval_seconds
                self._export_figures(collector)
        self._export_spans(collector)
        self._export_figures(collector)

    def _export_spans(self, collector: Collector) -> None:
        while self._queue:
            batch = [self._queue.popleft() for _ in range(min(len(self._queue), self._plan.batch_max))]
            try:
                taken = collector.take_spans(batch)
            except Exception:
                logger.exception("Spans cannot be told")
                taken = False
            self._told(taken)
            if not taken:
                self._observed.figures.spans_lost += len(batch)
                if not self._closed.is_set():
                    return

    def _export_figures(self, collector: Collector) -> None:
        if not self._plan.metrics:
            return
        gauges: Gauges = {}
        try:
            gauges = self._gauges()
        except FlowMasterError as error:
            logger.warning(GAUGES_LEFT_OUT, error.message)
        try:
            self._told(collector.take_figures(self._observed.figures, gauges))
        except Exception:
            logger.exception("Figures cannot be told")
            self._told(taken=False)

    def _told(self, taken: bool) -> None:
        """Note whether the collector takes what it gets; say so in the log when that changes."""
        health = self._observed.health
        if taken and TELEMETRY in health.troubles:
            health.works(TELEMETRY)
            logger.warning("The collector of telemetry takes what it gets again.")
        elif not taken and TELEMETRY not in health.troubles:
            says = "The collector does not take what it gets; spans are given up meanwhile."
            health.broken(TELEMETRY, "telemetry.not_taken", says)
            logger.warning(
                "The collector of telemetry does not take what it gets; spans are given up meanwhile."
            )
