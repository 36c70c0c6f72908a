"""Our spans and figures as OpenTelemetry's own exporters take them: the one file that knows its packages."""

import logging
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from flowmaster import __version__
from flowmaster.runtime.observation.errands import Place
from flowmaster.runtime.observation.figures import Figures, Histogram, Labels, Measure
from flowmaster.runtime.observation.traces import Span
from flowmaster.server.telemetry.plan import Plan

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import Metric
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import SpanContext

SERVICE: Final = "flowmaster"
SCOPE: Final = "flowmaster"

Gauges = Mapping[Measure, Mapping[Labels, int]]


class Collector:
    """A collector that takes spans and figures, each in one request; blocks the thread until it has them."""

    def __init__(self, plan: Plan, instance: str) -> None:
        """Load what is needed, which takes its time."""
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.util.instrumentation import InstrumentationScope

        # It is told once, by us, that a collector does not answer; its own words would come with every try.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._spans = OTLPSpanExporter(endpoint=plan.traces_to or None)
        self._metrics = OTLPMetricExporter(endpoint=plan.metrics_to or None)
        told = {"service.version": __version__, "service.instance.id": instance}
        if "OTEL_SERVICE_NAME" not in os.environ and "service.name=" not in os.environ.get(
            "OTEL_RESOURCE_ATTRIBUTES", ""
        ):
            told["service.name"] = SERVICE
        self._resource = Resource.create(told)
        self._scope = InstrumentationScope(SCOPE, __version__)
        self._began = time.time_ns()

    def take_spans(self, spans: Sequence[Span]) -> bool:
        """Send spans and return whether they were taken."""
        from opentelemetry.sdk.trace.export import SpanExportResult

        readable = [self._readable(span) for span in spans]
        return self._spans.export(readable) is SpanExportResult.SUCCESS

    def take_figures(self, figures: Figures, gauges: Gauges) -> bool:
        """Send figures and return whether they were taken."""
        from opentelemetry.sdk.metrics.export import (
            MetricExportResult,
            MetricsData,
            ResourceMetrics,
            ScopeMetrics,
        )

        metrics = [*self._recorded(figures), *self._told(gauges)]
        within = ScopeMetrics(self._scope, metrics, "")
        data = MetricsData([ResourceMetrics(self._resource, [within], "")])
        return self._metrics.export(data) is MetricExportResult.SUCCESS

    def close(self) -> None:
        """Give up whatever is under way."""
        self._spans.shutdown()  # type: ignore[no-untyped-call]  # the library leaves its arguments untyped
        self._metrics.shutdown()

    def _readable(self, span: Span) -> "ReadableSpan":
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.trace import Link, SpanKind
        from opentelemetry.trace.status import Status, StatusCode

        kinds = {"internal": SpanKind.INTERNAL, "server": SpanKind.SERVER, "client": SpanKind.CLIENT}
        above = Place(span.place.trace, span.parent, span.place.sampled)
        return ReadableSpan(
            span.name,
            context=_context(span.place),
            parent=_context(above) if span.parent else None,
            resource=self._resource,
            attributes=span.told,
            links=[Link(_context(span.link))] if span.link is not None else [],
            kind=kinds[span.kind],
            status=Status(StatusCode.ERROR if span.failed else StatusCode.UNSET),
            start_time=span.begun,
            end_time=span.ended,
            instrumentation_scope=self._scope,
        )

    def _recorded(self, figures: Figures) -> "Iterable[Metric]":
        from opentelemetry.sdk.metrics.export import AggregationTemporality, HistogramDataPoint, Metric
        from opentelemetry.sdk.metrics.export import Histogram as Histograms

        now = time.time_ns()
        for recorded in figures.all:
            measure, parts = recorded.measure, list(recorded.by_labels.items())
            if not parts:
                continue
            if measure.kind == "counter":
                yield self._summed(measure, {labels: round(each.sum) for labels, each in parts})
            else:
                points = [
                    HistogramDataPoint(
                        _attributes(measure, labels),
                        self._began,
                        now,
                        each.count,
                        each.sum,
                        each.counts,
                        each.bounds,
                        *_extremes(each),
                    )
                    for labels, each in ((labels, found.copy()) for labels, found in parts)
                ]
                data = Histograms(points, AggregationTemporality.CUMULATIVE)
                yield Metric(measure.name, measure.about, measure.unit, data)

    def _told(self, gauges: Gauges) -> "Iterable[Metric]":
        from opentelemetry.sdk.metrics.export import Gauge, Metric

        for measure, parts in gauges.items():
            if measure.kind == "counter":
                yield self._summed(measure, parts)
            else:
                yield Metric(measure.name, measure.about, measure.unit, Gauge(self._points(measure, parts)))

    def _summed(self, measure: Measure, parts: Mapping[Labels, int]) -> "Metric":
        from opentelemetry.sdk.metrics.export import AggregationTemporality, Metric, Sum

        data = Sum(self._points(measure, parts), AggregationTemporality.CUMULATIVE, is_monotonic=True)
        return Metric(measure.name, measure.about, measure.unit, data)

    def _points(self, measure: Measure, parts: Mapping[Labels, int]) -> list[Any]:
        from opentelemetry.sdk.metrics.export import NumberDataPoint

        now = time.time_ns()
        return [
            NumberDataPoint(_attributes(measure, labels), self._began, now, value)
            for labels, value in parts.items()
        ]


def _attributes(measure: Measure, labels: Labels) -> dict[str, str]:
    return dict(zip(measure.labels, labels, strict=True))


def _extremes(histogram: Histogram) -> tuple[float, float]:
    """Return between which bounds all values lie; the least and the greatest themselves are not kept."""
    filled = [place for place, count in enumerate(histogram.counts) if count]
    if not filled:
        return 0.0, 0.0
    last = len(histogram.bounds) - 1
    return (histogram.bounds[filled[0] - 1] if filled[0] else 0.0), histogram.bounds[min(filled[-1], last)]


def _context(place: Place) -> "SpanContext":
    from opentelemetry.trace import SpanContext, TraceFlags, TraceState

    state = TraceState.from_header([place.state]) if place.state else None
    return SpanContext(place.trace, place.span, is_remote=False, trace_flags=TraceFlags(1), trace_state=state)
