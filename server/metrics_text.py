"""The figures of a server as Prometheus reads them (text format 0.0.4)."""

from collections.abc import Iterator, Mapping
from typing import Final

from flowmaster.runtime.observation.figures import Figures, Histogram, Labels, Measure

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def metrics_text(figures: Figures, gauges: Mapping[Measure, Mapping[Labels, int]]) -> str:
    """Return all figures."""
    lines: list[str] = []
    for recorded in figures.all:
        measure, parts = recorded.measure, list(recorded.by_labels.items())
        if measure.kind == "counter":
            lines += _numbers(measure, {labels: round(each.sum) for labels, each in parts})
        elif parts:
            lines += _histograms(measure, {labels: each.copy() for labels, each in parts})
    for measure, counts in gauges.items():
        lines += _numbers(measure, counts)
    return "\n".join(lines) + "\n"


def name_of(measure: Measure) -> str:
    """Return the name of a measure: its unit, and `total` for what only grows, stand at its end."""
    name = measure.name.replace(".", "_")
    unit = "_seconds" if measure.unit == "s" else ""
    return f"{name}{unit}{'_total' if measure.kind == 'counter' else ''}"


def _head(measure: Measure) -> Iterator[str]:
    yield f"# HELP {name_of(measure)} {measure.about}"
    yield f"# TYPE {name_of(measure)} {measure.kind}"


def _numbers(measure: Measure, parts: Mapping[Labels, int]) -> Iterator[str]:
    yield from _head(measure)
    for labels, value in sorted(parts.items()):
        yield f"{name_of(measure)}{_braced(_labels(measure, labels))} {value}"


def _histograms(measure: Measure, parts: Mapping[Labels, Histogram]) -> Iterator[str]:
    yield from _head(measure)
    name = name_of(measure)
    for labels, each in sorted(parts.items(), key=lambda part: part[0]):
        told, below = _labels(measure, labels), 0
        for bound, count in zip((*each.bounds, None), each.counts, strict=True):
            below += count
            limit = f'le="{"+Inf" if bound is None else format(bound, ".12g")}"'
            yield f"{name}_bucket{_braced([*told, limit])} {below}"
        yield f"{name}_sum{_braced(told)} {each.sum:.9g}"
        yield f"{name}_count{_braced(told)} {below}"


def _labels(measure: Measure, labels: Labels) -> list[str]:
    return [
        f'{label.replace(".", "_")}="{_escaped(value)}"'
        for label, value in zip(measure.labels, labels, strict=True)
    ]


def _braced(labels: list[str]) -> str:
    return f"{{{','.join(labels)}}}" if labels else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
