"""When the steps of a process can begin and end at the earliest and at the latest, by the times that it declares.

Loops count once, what machines do counts as no time, and where nothing limits a step the longest time is open.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from flowmaster.engine.bpmn.vocabulary import SUB_PROCESS_KINDS
from flowmaster.engine.model import Element, EventGateway, Link, Process, Timer
from flowmaster.engine.values import Json
from flowmaster.engine.views.people import doers
from flowmaster.engine.views.spans import STOPPED, Span, limit_of, marks_of, span_of, span_text, timer_of

OPEN_SHOWN: Final = 10
"""How many of the steps are named that keep the longest time of an end open."""

_SECOND: Final = 1_000


class Time(NamedTuple):
    """An instant since the beginning: the earliest, and the latest if nothing before it is open."""

    least: int
    most: int | None
    open: frozenset[str] = frozenset()
    """The elements before it whose longest time is open."""
    declared: int = 0
    """The latest by the times that are declared, where what is open counts as nothing."""

    def later(self, span: Span, key: str) -> "Time":
        """Return the instant when an element that begins now ends."""
        least, declared = self.least + span.least, self.declared + (span.most or span.least)
        if span.most is None or self.most is None:
            return Time(least, None, self.open | ({key} if span.most is None else set()), declared)
        return Time(least, self.most + span.most, self.open, declared)


class Window(NamedTuple):
    """When an element begins and when it ends."""

    start: Time
    end: Time
    span: Span


def timeline(process: Process) -> dict[str, Window]:
    """Return when each element that can be reached begins and ends, by its id."""
    return _Clock(process).scope(process.id, Time(0, 0))


class _Clock:
    """Works out times scope by scope."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def scope(self, key: str, begin: Time) -> dict[str, Window]:
        """Return the windows of what is in a scope that begins at an instant, and of what is in that."""
        elements = self._process.elements
        ahead = _forward(self._process, key)
        before: dict[str, list[str]] = {}
        for one, following in ahead.items():
            for target in following:
                before.setdefault(target, []).append(one)
        windows: dict[str, Window] = {}
        for one in ahead:
            element = elements[one]
            ends = [windows[other] for other in before.get(one, ()) if other in windows]
            start = self._start(element, ends, windows.get(element.host), begin)
            span = self._limited(element, before.get(one, ()))
            if element.kind in SUB_PROCESS_KINDS and element.starts:
                inner = self.scope(one, start)
                windows[one] = _around(self._process, element, start, inner)
                windows.update(inner)
            else:
                windows[one] = Window(start, start.later(span, one), span)
        return windows

    def _start(self, element: Element, ends: list[Window], host: Window | None, begin: Time) -> Time:
        if host is not None:
            return _at_border(self._process, element, host)
        if not ends:
            return begin
        return _met([one.end for one in ends], all_of=element.kind == "parallelGateway")

    def _limited(self, element: Element, before: Sequence[str]) -> Span:
        """Return the span of an element; one of several that are waited for ends with the first of them at the latest."""
        span = span_of(self._process, element)
        for key in before:
            gateway = self._process.elements[key]
            if isinstance(gateway.details, EventGateway) and not gateway.details.parallel:
                for flow in gateway.outgoing:
                    rival = self._process.elements[flow.target]
                    limit = span_of(self._process, rival).most if isinstance(rival.details, Timer) else None
                    if limit is not None and (span.most is None or limit < span.most):
                        span = Span(min(span.least, limit), limit, f"until {rival.label!r}")
        return span


def _around(process: Process, element: Element, start: Time, inner: Mapping[str, Window]) -> Window:
    """Return the window of a sub-process: until all in it has ended, or a timer on its border stops it."""
    end = _latest_end(process, inner, element.id)
    limit = limit_of(process, element)
    most = None if end.most is None or start.most is None else end.most - start.most
    if limit is not None and (most is None or most > limit):
        span = Span(min(end.least - start.least, limit), limit, STOPPED)
        return Window(start, start.later(span, element.id), span)
    return Window(start, end, Span(end.least - start.least, most, "what is in it"))


def _latest_end(process: Process, inner: Mapping[str, Window], key: str) -> Time:
    ends = [
        window.end
        for one, window in inner.items()
        if process.elements[one].scope == key and not process.elements[one].outgoing
    ]
    return _met(ends) if ends else Time(0, None, frozenset({key}))


def _met(times: list[Time], *, all_of: bool = False) -> Time:
    """Return the instant at which one of several ways has come, or all of them."""
    least = max(one.least for one in times) if all_of else min(one.least for one in times)
    open_ends = frozenset[str]().union(*(one.open for one in times))
    lasts = [one.most for one in times]
    known = [one for one in lasts if one is not None]
    most = max(known) if len(known) == len(lasts) else None
    return Time(least, most, open_ends, max(one.declared for one in times))


def _at_border(process: Process, event: Element, host: Window) -> Time:
    """Return when an event on the border of a step can come: with a timer then, else at any time until the step ends."""
    limit = timer_of(process, event)
    if limit is not None:
        return host.start.later(Span(limit, limit), event.id)
    return Time(host.start.least, host.end.most, host.end.open, host.end.declared)


def _forward(process: Process, scope: str) -> dict[str, list[str]]:
    """Return what comes directly behind each element of a scope, each behind what leads to it, without ways back."""
    starts = list(process.elements[scope].starts)
    starts += [
        one.id
        for one in process.elements.values()
        if one.scope == scope and not one.incoming and not one.host and not one.triggered_by_event
    ]
    done: list[str] = []
    state: dict[str, int] = {}
    ways: dict[str, list[str]] = {}
    for start in dict.fromkeys(starts):
        stack = [start]
        while stack:
            key = stack[-1]
            if key not in state:
                state[key] = 1
                ways[key] = []
                for target in _targets(process, key):
                    if state.get(target) != 1:
                        ways[key].append(target)
                        if target not in state:
                            stack.append(target)
                continue
            stack.pop()
            if state[key] == 1:
                state[key] = 2
                done.append(key)
    return {key: ways[key] for key in reversed(done)}


def _targets(process: Process, key: str) -> list[str]:
    element = process.elements[key]
    found = [flow.target for flow in element.outgoing] + [event.id for event in element.boundaries]
    if isinstance(element.details, Link) and element.details.target:
        found.append(element.details.target)
    return found


def timeline_rows(process: Process) -> list[dict[str, Json]]:
    """Return the times of a process as an answer shows them: the chart, how long each end takes, each step with its times."""
    windows = timeline(process)
    rows: list[dict[str, Json]] = [{"gantt": gantt(process, windows)}]
    rows += [_outcome(process.elements[key], windows[key]) for key in _ends(process, windows)]
    rows += [
        _row(process, process.elements[key], window)
        for key, window in windows.items()
        if _has_time(process, process.elements[key], window)
    ]
    return rows


def _ends(process: Process, windows: Mapping[str, Window]) -> list[str]:
    return [
        key
        for key in windows
        if process.elements[key].scope == process.id and not process.elements[key].outgoing
    ]


def _outcome(element: Element, window: Window) -> dict[str, Json]:
    row: dict[str, Json] = {"end": element.id, "name": element.label, **_reached(window.end)}
    if window.end.open:
        row["open_because_of"] = [*sorted(window.end.open)[:OPEN_SHOWN]]
        row["open_total"] = len(window.end.open)
    return row


def _reached(time: Time) -> dict[str, Json]:
    latest = {"declared": span_text(time.declared)} if time.most is None else {"latest": span_text(time.most)}
    return {"earliest": span_text(time.least), **latest}


def _has_time(process: Process, element: Element, window: Window) -> bool:
    return window.span[:2] != (0, 0) or any(True for _ in marks_of(process, element))


def _row(process: Process, element: Element, window: Window) -> dict[str, Json]:
    row: dict[str, Json] = {"element": element.id, "name": element.label}
    row["begins"] = _reached(window.start)
    lasts: dict[str, Json] = {"at_least": span_text(window.span.least)} if window.span.least else {}
    lasts["at_most"] = "open" if window.span.most is None else span_text(window.span.most)
    lasts["why"] = window.span.why
    row["lasts"] = lasts
    for mark in marks_of(process, element):
        kept = row.setdefault(f"{mark.kind}s", [])
        assert isinstance(kept, list)
        kept.append(mark.text)
    return row


def gantt(process: Process, windows: Mapping[str, Window]) -> str:
    """Return the times as a Mermaid chart: every step takes the longest time that it declares, days from the start."""
    lines = ["gantt", f"  title {plain(process.root.label)}", "  dateFormat X", "  axisFormat day %j"]
    section = ""
    number = 0
    for key, window in windows.items():
        element = process.elements[key]
        if element.kind in SUB_PROCESS_KINDS or not _has_time(process, element, window):
            continue
        who = ", ".join(one.name for one in doers(process, element)) or "Waits"
        if who != section:
            section = who
            lines.append(f"  section {plain(who)}")
        for line in _bars(process, element, window, number):
            lines.append(f"  {line}")
        number += 1
    lines.append("  section Ends")
    for key in _ends(process, windows):
        at = windows[key].end.declared // _SECOND
        lines.append(f"  {plain(process.elements[key].label)} :milestone, e{number}, {at}, {at}")
        number += 1
    return "\n".join(lines)


def _bars(process: Process, element: Element, window: Window, number: int) -> Iterator[str]:
    """Yield the bar of a step, open ones as a point that says so, and its reminders and escalations."""
    start, name = window.start.declared // _SECOND, plain(element.label)
    if window.span.most is None:
        yield f"{name} (open end) :crit, milestone, s{number}, {start}, {start}"
    else:
        yield f"{name} :s{number}, {start}, {start + window.span.most // _SECOND}"
    for place, mark in enumerate(marks_of(process, element)):
        if mark.at is not None:
            at = start + mark.at // _SECOND
            yield f"{mark.kind} of {name} :milestone, m{number}_{place}, {at}, {at}"


def plain(text: str) -> str:
    """Return a text without what means something in a Mermaid chart."""
    return " ".join("".join(" " if letter in ":;#,%\n\r" else letter for letter in text).split()) or "-"
