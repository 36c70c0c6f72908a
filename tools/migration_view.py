"""The plan of a migration: what becomes of what, and for the instances under way which can move over and which cannot."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pydantic import Field

from flowmaster.engine.compare.pairs import SAME_ID
from flowmaster.engine.compare.plan import Plan, plan
from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.migrating import migrated
from flowmaster.engine.model import Executable, Process
from flowmaster.engine.state import ROOT, State
from flowmaster.engine.values import Json
from flowmaster.stores.rows import InstanceFilter
from flowmaster.tools.bounds import leading, left_out
from flowmaster.tools.models import Shape
from flowmaster.tools.registry import Call

EXAMINED_MAX: Final = 1_000
"""Instances that one plan examines, the newest first."""

SECONDS_MAX: Final = 5.0
"""How long they are examined."""

EXAMPLES: Final = 5
"""Instances that are named for each cause."""

PART: Final = 100
_BYTES: Final = 1_800


class MappingView(Shape):
    """What an element becomes."""

    element: str = Field(description="Its id in the older version.")
    name: str = Field(description="What people call it there.")
    becomes: str = Field(description="Its id in the newer version; empty if it is gone.")
    reason: str = Field(description="How it was recognised.")
    tokens: int = Field(default=0, description="How many tokens stand there in the instances examined.")


class Blocked(Shape):
    """A cause that keeps instances from moving over."""

    cause: str = Field(description="The cause as a code.")
    element: str = Field(default="", description="Where it is.")
    text: str = Field(description="What is in the way.")
    options: list[str] = Field(description="What would help.")
    instances: int = Field(description="How many instances it keeps.")
    examples: list[str] = Field(description="Some of them.")


class MigrationView(Shape):
    """What would come of moving the instances under way over."""

    open: int = Field(description="Instances under way on the older version.")
    examined: int = Field(description="How many of them were tried, as copies.")
    migratable: int = Field(description="How many of those can move over.")
    mapping: list[MappingView] = Field(description="Where tokens stand, and what has another id or is gone.")
    blocked: list[Blocked] = Field(description="What keeps the others, most frequent first.")


@dataclass
class _Cause:
    """One cause, and the instances that it keeps."""

    text: str
    options: Sequence[str]
    instances: list[str] = field(default_factory=list)


def migration_view(
    call: Call, old: Process, version: int | None, new: Executable, given: Mapping[str, str]
) -> tuple[MigrationView, dict[str, int]]:
    """Return the plan between two states of a process, with every instance of the older version tried on a copy."""
    found = plan(old, new.process, given)
    reader, tenant = call.app.runtime.reader, call.caller.tenant
    total, states = 0, list[State]()
    if version is not None:
        which = InstanceFilter(
            process=old.id, version=version, statuses=("active", "paused"), limit=EXAMINED_MAX
        )
        page = reader.find_instances(tenant, which)
        total = page.total
        ids = [row.instance for row in page.items]
    else:
        ids = []
    tokens: Counter[str] = Counter()
    causes: dict[tuple[str, str], _Cause] = {}
    good, until = 0, time.monotonic() + SECONDS_MAX
    for instance in ids:
        stored = reader.load(tenant, instance)
        if stored is None or stored.state.version != version:
            continue
        states.append(stored.state)
        tokens.update(_places(stored.state))
        good += _try(call, found, new, stored.state, causes)
        if time.monotonic() > until:
            break
    mapping = _mapping(found, tokens)
    blocked = [
        Blocked(
            cause=code,
            element=element,
            text=cause.text,
            options=list(cause.options),
            instances=len(cause.instances),
            examples=cause.instances[:EXAMPLES],
        )
        for (element, code), cause in sorted(causes.items(), key=lambda one: -len(one[1].instances))
    ]
    shown, told = leading(mapping, _BYTES), leading(blocked, _BYTES)
    counts = {
        "mapping": (len(mapping), len(shown)),
        "blocked": (len(blocked), len(told)),
        "examined": (total, len(states)),
    }
    view = MigrationView(open=total, examined=len(states), migratable=good, mapping=shown, blocked=told)
    return view, left_out(counts)


def moved(process: str, version: int, to: int, given: Mapping[str, str]) -> Hint:
    """Return the call that tries the migration of all instances under way on a version."""
    arguments: dict[str, Json] = {
        "action": "migrate",
        "process": process,
        "version": version,
        "to_version": to,
    }
    if given:
        arguments["mapping"] = dict(given)
    return Hint("instance_batch", {**arguments, "dry_run": True}, "Try it with all of them.")


def _try(
    call: Call, found: Plan, new: Executable, state: State, causes: dict[tuple[str, str], _Cause]
) -> bool:
    """Move a copy over; note every cause if that is refused."""
    try:
        migrated(new, state, found, at=call.app.runtime.now(), by=call.caller.person)
    except FlowMasterError as error:
        for cause in _causes(error):
            key = (str(cause.get("element", "")), str(cause["cause"]))
            options = cause.get("options")
            told = _Cause(
                str(cause.get("text", error.message)),
                list(options) if isinstance(options, list) else [error.fix],
            )
            causes.setdefault(key, told).instances.append(state.instance)
        return False
    return True


def _causes(error: FlowMasterError) -> Iterable[Mapping[str, object]]:
    expected = error.expected
    if isinstance(expected, list) and all(isinstance(one, Mapping) for one in expected):
        return [dict(one) for one in expected if isinstance(one, Mapping)]
    return [{"element": error.path.removeprefix("element:"), "cause": error.code}]


def _places(state: State) -> Iterable[str]:
    """Yield the elements at which tokens stand, those at joins included."""
    for node in state.nodes.values():
        if node.key != ROOT and not node.open:
            yield node.element
        for join, counts in (node.arrivals or {}).items():
            yield from [join] * sum(counts.values())


def _mapping(found: Plan, tokens: Counter[str]) -> list[MappingView]:
    views: list[MappingView] = []
    for key, element in found.old.elements.items():
        pair = found.pairs.get(key)
        same = pair is not None and pair.id == key and pair.reason == SAME_ID
        if key == found.old.id or (same and not tokens[key]):
            continue
        views.append(
            MappingView(
                element=key,
                name=element.label,
                becomes=pair.id if pair else "",
                reason=pair.reason if pair else "is not in the newer version",
                tokens=tokens[key],
            )
        )
    return sorted(views, key=lambda view: (-view.tokens, bool(view.becomes)))
