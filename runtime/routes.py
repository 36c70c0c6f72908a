"""Where new starts of a process go: to its newest version, or as a route says to one of two, or to one that is held.

A route stands beside the number of the newest version, so that a start without a version finds both in the look that it
takes anyway, once a transaction. Starts by messages, signals, facts and times are registered for one version, the base:
only those that are marked as routed look for the route at all.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal, NamedTuple, TypeAlias

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.model import Conditional, Element, Message, Process, Signal, Timer, Triggers
from flowmaster.engine.values import Json
from flowmaster.engine.watching import CONDITION
from flowmaster.runtime.models import Models
from flowmaster.stores.protocol import Reader
from flowmaster.stores.releases import Routed
from flowmaster.stores.rows import StartSubscription

Mode: TypeAlias = Literal["canary", "hold", "newest"]

TEXTS_KEPT: Final = 1_000
"""Routes that stay read in memory."""

_KINDS: Final = {"message": Message, "signal": Signal, "timer": Timer, CONDITION: Conditional}


class Route(NamedTuple):
    """Where new starts go since an instant.

    `canary`: to `version` for `percent` of them or `when` a condition holds, the others to `otherwise`. `hold`: all to
    `version`, whatever is published. `newest`: as without a route; it says since when, for whoever compares.
    """

    mode: Mode
    version: int
    otherwise: int = 0
    percent: int | None = None
    when: str = ""
    since: int = 0
    by: str = ""

    @property
    def leads(self) -> bool:
        """Whether it leads anywhere else than to the newest version."""
        return self.mode != "newest"

    @property
    def base(self) -> int:
        """The version that starts go to unless they are drawn for the other one; 0 for the newest."""
        return {"canary": self.otherwise, "hold": self.version, "newest": 0}[self.mode]

    def text(self) -> str:
        """Return it as the store keeps it."""
        return json.dumps({name: value for name, value in self._asdict().items() if value not in (None, "")})


@lru_cache(maxsize=TEXTS_KEPT)
def read_route(text: str) -> Route | None:
    """Return a route from its text, None where there is none."""
    return Route(**json.loads(text)) if text else None


def base_of(routed: Routed) -> int | None:
    """Return the version that starts go to by default, None where nothing is published."""
    route = read_route(routed.route)
    return routed.newest if route is None else route.base or routed.newest


def picked(
    models: Models,
    reader: Reader,
    tenant: str,
    process: str,
    route: Route,
    *,
    variables: Mapping[str, Json],
    business_key: str,
    instance: str,
    at: int,
) -> int:
    """Return the version of a route that a start goes to; the same key goes to the same one again."""
    if route.mode == "hold":
        return route.version
    if route.percent is not None:
        drawn = share(process, route.version, business_key or instance) < route.percent
    else:
        drawn = _holds(models, reader, tenant, process, route, variables, business_key, at)
    return route.version if drawn else route.otherwise


def share(process: str, version: int, key: str) -> int:
    """Return a number from 0 to 99 for a key, evenly spread; another version draws others."""
    digest = hashlib.blake2b(f"{process}\n{version}\n{key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % 100


def _holds(
    models: Models,
    reader: Reader,
    tenant: str,
    process: str,
    route: Route,
    variables: Mapping[str, Json],
    business_key: str,
    at: int,
) -> bool:
    """Return whether the condition of a route is true; no start fails for what it cannot tell."""
    condition = models.route_condition(reader, tenant, process, route.otherwise, route.when)
    try:
        return condition.value({**variables, "business_key": business_key}, at) is True
    except FlowMasterError:
        return False


def begins_alike(process: Process, start: StartSubscription) -> bool:
    """Return whether another version can begin at the same start, by the same message, signal, condition or a time."""
    element = process.elements.get(start.element)
    if element is None or element.kind == "process":
        return False
    details = _details(element, start.number)
    if not isinstance(details, _KINDS[start.kind]):
        return False
    if isinstance(details, Conditional):
        return details.condition.text == start.name
    return not isinstance(details, Message | Signal) or str(details.name.value({}, 0)) == start.name


def _details(element: Element, number: int) -> object:
    details = element.details
    if not isinstance(details, Triggers):
        return details if number == 0 else None
    return details.all[number].details if number < len(details.all) else None
