"""Spans of traces: made where something happens, at next to no cost, and handed to whoever exports them.

Nothing here needs a library. Whether a trace is recorded is decided where it begins, as the sampler of OpenTelemetry
that is named in the settings would decide it; a caller's own decision is followed by the samplers that say so.
"""

import random
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from time import time_ns
from typing import Final, Literal, TypeAlias

from flowmaster.runtime.observation.errands import Place

Kind: TypeAlias = Literal["internal", "server", "client"]
Told: TypeAlias = str | int | float | bool

ORIGINS_MAX: Final = 20_000
"""Instances of which is kept in mind where the work on them began; the oldest is forgotten."""

STATE_LENGTH_MAX: Final = 512

_PARENT: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED: Final = 1
_HALF: Final = (1 << 64) - 1


class Span:
    """Something that took time, with what is told of it."""

    __slots__ = ("begun", "ended", "failed", "kind", "link", "name", "parent", "place", "told")

    def __init__(
        self,
        name: str,
        place: Place,
        *,
        parent: int = 0,
        kind: Kind = "internal",
        told: Mapping[str, Told] | None = None,
        link: Place | None = None,
        begun: int = 0,
    ) -> None:
        self.name = name
        self.place = place
        self.parent = parent
        self.kind = kind
        self.told: dict[str, Told] = dict(told or {})
        self.link = link
        self.begun = begun or time_ns()
        self.ended = 0
        self.failed = False

    def tell(self, name: str, value: Told) -> None:
        """Tell something of it."""
        self.told[name] = value


class Traces:
    """Where spans begin and where they go when they have ended."""

    def __init__(
        self, take: Callable[[Span], None], sampler: str = "parentbased_always_on", argument: str = ""
    ) -> None:
        self._take = take
        self._follows = sampler.startswith("parentbased_")
        self._limit = _limit(sampler.removeprefix("parentbased_"), argument)
        self._origins: OrderedDict[tuple[str, str], Place] = OrderedDict()

    def begin(
        self,
        name: str,
        parent: Place | None,
        *,
        kind: Kind = "internal",
        told: Mapping[str, Told] | None = None,
        link: Place | None = None,
    ) -> Span:
        """Begin a span under a place, or a trace of its own."""
        if parent is None:
            trace, above, state = random.getrandbits(128) or 1, 0, ""
            sampled = trace & _HALF < self._limit
        else:
            trace, above, state = parent.trace, parent.span, parent.state
            sampled = parent.sampled if self._follows else trace & _HALF < self._limit
        place = Place(trace, random.getrandbits(64) or 1, sampled, state)
        return Span(name, place, parent=above, kind=kind, told=told, link=link)

    def end(self, span: Span, *, failed: bool = False) -> None:
        """End a span, and hand it on if its trace is recorded."""
        if span.place.sampled:
            span.ended = span.ended or time_ns()
            span.failed = failed
            self._take(span)

    def remember(self, tenant: str, instance: str, place: Place) -> None:
        """Keep in mind where the work on an instance began."""
        self._origins[tenant, instance] = place
        self._origins.move_to_end((tenant, instance))
        if len(self._origins) > ORIGINS_MAX:
            self._origins.popitem(last=False)

    def origin(self, tenant: str, instance: str) -> Place | None:
        """Return where the work on an instance began, if this server knows."""
        return self._origins.get((tenant, instance))


def below(name: str, place: Place, *, begun: int, ended: int, told: Mapping[str, Told]) -> Span:
    """Return a span under a place that has taken its time already."""
    own = Place(place.trace, random.getrandbits(64) or 1, place.sampled, place.state)
    span = Span(name, own, parent=place.span, told=told, begun=begun)
    span.ended = ended
    return span


def place_in(parent: object, state: object = "") -> Place | None:
    """Return the place that a `traceparent` names (W3C Trace Context, 3.2); nothing for one that names none."""
    found = _PARENT.fullmatch(parent.strip()) if isinstance(parent, str) else None
    if found is None or found[1] == "ff" or (found[1] == "00" and found[5]):
        return None
    trace, span = int(found[2], 16), int(found[3], 16)
    if not trace or not span:
        return None
    told = state if isinstance(state, str) and len(state) <= STATE_LENGTH_MAX and state.isprintable() else ""
    return Place(trace, span, bool(int(found[4], 16) & _SAMPLED), told)


def headers_for(place: Place) -> dict[str, str]:
    """Return the headers with which a request goes on from a place."""
    headers = {"traceparent": f"00-{place.trace:032x}-{place.span:016x}-{int(place.sampled):02x}"}
    return headers | ({"tracestate": place.state} if place.state else {})


def _limit(sampler: str, argument: str) -> int:
    """Return below which half of its id a trace is recorded, by the names that OpenTelemetry gives samplers."""
    match sampler:
        case "always_off":
            return 0
        case "traceidratio":
            try:
                ratio = float(argument)
            except ValueError:
                ratio = 1.0
            return round(min(1.0, max(0.0, ratio)) * (1 << 64))
        case _:
            return 1 << 64
