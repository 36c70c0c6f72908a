"""Figures are exact where they count, near where they estimate, and rates reach back as far as they say."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as some

from flowmaster.runtime.observation import figures as module
from flowmaster.runtime.observation.figures import OTHER, SECONDS, SERIES_MAX, Figures, Histogram, together
from flowmaster.runtime.observation.traces import headers_for, place_in
from flowmaster.server.metrics_text import metrics_text


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock that figures go by."""
    made = Clock()
    monkeypatch.setattr(module, "monotonic", made)
    return made


@given(some.lists(some.floats(0, 60), min_size=1, max_size=200), some.sampled_from([0.5, 0.9, 0.99]))
def test_a_quantile_lies_between_the_bounds_that_the_value_itself_lies_between(
    values: list[float], part: float
) -> None:
    histogram = Histogram(SECONDS)
    for value in values:
        histogram.record(value)
    exact = sorted(values)[max(0, -(-int(part * 1_000) * len(values) // 1_000) - 1)]
    found = histogram.quantile(part)
    below = max((bound for bound in SECONDS if bound < exact), default=0.0)
    above = min((bound for bound in SECONDS if bound >= exact), default=SECONDS[-1])
    assert min(below, SECONDS[-1]) <= found <= above
    assert histogram.count == len(values)


def test_nothing_has_no_quantile() -> None:
    assert Histogram(SECONDS).quantile(0.5) == 0.0


def test_rates_are_those_of_the_last_seconds(clock: Clock) -> None:
    kept, ok = Figures(), ("task_find", "rest", "ok")
    for _ in range(600):
        clock.now += 0.1
        kept.operations.record(ok, 0.001)
    window = kept.window(10)
    assert 9 <= window.seconds <= 16
    assert window.of(kept.operations)[ok].count / window.seconds == pytest.approx(10, rel=0.05)
    whole = kept.window(60)
    assert whole.of(kept.operations)[ok].count == 600
    clock.now += 70
    assert kept.window(60).of(kept.operations) == {}
    kept.operations.record(ok, 0.001)
    assert kept.window(10).of(kept.operations)[ok].count == 1


def test_a_server_that_has_just_begun_reckons_with_the_time_it_has_been_up(clock: Clock) -> None:
    kept = Figures()
    clock.now += 2
    kept.operations.record(("a_b", "rest", "ok"), 0.001)
    assert kept.window(60).seconds == 2.0


def test_labels_without_end_are_told_together() -> None:
    kept = Figures()
    for number in range(SERIES_MAX + 50):
        kept.incidents.record((f"code.{number}",))
    assert len(kept.incidents.by_labels) == SERIES_MAX + 1
    assert kept.incidents.by_labels[OTHER,].count == 50


def test_the_text_for_prometheus_adds_up_and_escapes_labels() -> None:
    kept, drawn = Figures(), random.Random(7)
    for _ in range(500):
        kept.operations.record(("task_find", "rest", 'o"k\\\n'), drawn.expovariate(100))
    text = metrics_text(kept, {})
    lines = [line for line in text.splitlines() if line.startswith("flowmaster_operation_duration_seconds")]
    told = 'flowmaster_operation="task_find",flowmaster_door="rest",flowmaster_outcome="o\\"k\\\\\\n"'
    buckets = [int(line.rpartition(" ")[2]) for line in lines if "_bucket" in line]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 500
    assert f"flowmaster_operation_duration_seconds_count{{{told}}} 500" in lines
    (whole,) = [line for line in lines if "_sum" in line]
    assert float(whole.rpartition(" ")[2]) == pytest.approx(together(kept.operations.by_labels).sum)
    assert "# TYPE flowmaster_operation_duration_seconds histogram" in text


TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_a_place_goes_on_as_it_came() -> None:
    place = place_in(f"00-{TRACE}-{SPAN}-01", "vendor=1")
    assert place is not None
    assert headers_for(place) == {"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": "vendor=1"}
    unsampled = place_in(f"cc-{TRACE}-{SPAN}-00-what-comes-later")
    assert unsampled is not None
    assert (unsampled.sampled, headers_for(unsampled)) == (False, {"traceparent": f"00-{TRACE}-{SPAN}-00"})


@pytest.mark.parametrize(
    "parent",
    [
        None,
        7,
        "",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE[1:]}-{SPAN}-01",
        "x" * 100_000,
    ],
)
def test_what_names_no_place_is_left_aside(parent: object) -> None:
    assert place_in(parent) is None


@given(some.text(max_size=60), some.text(max_size=600))
def test_no_text_breaks_the_reading_of_a_place(parent: str, state: str) -> None:
    place_in(parent, state)
    place = place_in(f"00-{TRACE}-{SPAN}-01", state)
    assert place is not None
    assert "\n" not in "".join(headers_for(place).values())
