"""The operation on chains of instances: what began what, what told what, and how long it took from end to end."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from pydantic import Field

from flowmaster.engine.errors import Hint
from flowmaster.engine.timers import iso
from flowmaster.runtime.desk import absent
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import InstanceFilter, InstanceRow
from flowmaster.tools.bounds import leading, left_out
from flowmaster.tools.link_views import mermaid_text
from flowmaster.tools.models import Arguments, NextCall, Result, Shape, follow_up
from flowmaster.tools.naming import iso_duration
from flowmaster.tools.registry import Call, operation

How = Literal["calls", "message", "signal", "key"]

ALL: Final[tuple[How, ...]] = ("calls", "message", "signal", "key")

INSTANCES_BYTES: Final = 3_200
LINKS_BYTES: Final = 1_600
"""How long the lists of an answer may be."""

SENT_AT_ONCE: Final = 1_000
"""How many messages and signals of one instance are looked at."""

OPEN: Final = ("active", "paused")


class InstanceChain(Arguments):
    """Whose chain."""

    instance: str = Field(description="Any instance of it.", examples=["order-1"])
    follow: list[How] = Field(
        default=list(ALL),
        min_length=1,
        max_length=4,
        description="What is followed: called processes, messages and signals between instances, the same business key.",
    )
    limit: int = Field(
        default=100, ge=1, le=500, description="How many instances at most, the nearest first."
    )


class ChainedView(Shape):
    """An instance of a chain."""

    instance: str = Field(description="Its id.")
    process: str = Field(description="Its process.")
    version: int = Field(description="The version it runs on.")
    business_key: str = Field(default="", description="The key that the business knows it by.")
    status: str = Field(description="How it is.")
    started: str = Field(description="When it began.")
    ended: str | None = Field(default=None, description="When it ended.")
    lasted: str = Field(description="How long it took, or has taken so far; ISO 8601.")
    incidents: int = Field(default=0, description="How many incidents it has.")


class ChainLinkView(Shape):
    """What joins two instances."""

    source: str = Field(description="The one that called, sent, or was first with the key.")
    how: str = Field(description="calls, message, signal or key.")
    target: str = Field(description="The one that was called, received, or came later with the key.")
    name: str = Field(default="", description="Of the message or signal; the key.")
    at: str = Field(description="When.")


class ChainView(Result):
    """Instances that belong together, from end to end."""

    summary: str = Field(description="The chain in a sentence.")
    began: str = Field(description="When the first of them began.")
    ended: str | None = Field(default=None, description="When the last one ended, if all have.")
    lasted: str = Field(description="From the first beginning to the last end, or until now; ISO 8601.")
    open: int = Field(description="How many are not over.")
    instances: list[ChainedView] = Field(description="The instances, the first one begun first.")
    links: list[ChainLinkView] = Field(description="What joins them, oldest first.")
    mermaid: str = Field(description="The chain as Mermaid text.")


@operation(right="instance.read", read_only=True)
async def instance_chain(call: Call, arguments: InstanceChain) -> ChainView:
    """Show the chain of instances that one belongs to, as from order over delivery to invoice, with the time it took.

    Followed are calls, messages and signals that one sent and another received, and the same business key.
    """
    runtime, tenant = call.app.runtime, call.caller.tenant
    start = _row(runtime.reader, tenant, arguments.instance)
    if start is None:
        raise absent(runtime.reader, tenant, arguments.instance)
    chain = Chain(runtime.reader, tenant, frozenset(arguments.follow), arguments.limit)
    chain.gather(start)
    return _shown(chain, runtime.now())


class Joined(NamedTuple):
    """What joins two instances; orders by time."""

    at: int
    source: str
    target: str
    how: How
    name: str


@dataclass
class Chain:
    """Gathers the instances that belong together, from one of them outwards."""

    reader: Reader
    tenant: str
    follow: frozenset[str]
    limit: int
    rows: dict[str, InstanceRow] = field(default_factory=dict)
    links: dict[Joined, None] = field(default_factory=dict)
    beyond: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)

    def gather(self, start: InstanceRow) -> None:
        """Follow every link until there is none that leads on, or enough are found."""
        self.rows[start.instance] = start
        near = [start]
        while near:
            found: dict[str, InstanceRow] = {}
            for row in near:
                for other in self._joined(row):
                    if other.instance in self.rows or other.instance in found:
                        continue
                    if len(self.rows) + len(found) >= self.limit:
                        self.beyond.add(other.instance)
                    else:
                        found[other.instance] = other
            self.rows |= found
            near = list(found.values())

    def _joined(self, row: InstanceRow) -> Iterator[InstanceRow]:
        ways: Mapping[str, Callable[[InstanceRow], Iterator[InstanceRow]]] = {
            "calls": self._called,
            "key": self._keyed,
        }
        for how, way in ways.items():
            if how in self.follow:
                yield from way(row)
        if self.follow & {"message", "signal"}:
            yield from self._sent(row)

    def _called(self, row: InstanceRow) -> Iterator[InstanceRow]:
        if row.parent is not None:
            caller = _row(self.reader, self.tenant, row.parent.instance)
            if caller is not None:
                self._link(row.started, caller, row, "calls")
                yield caller
        which = InstanceFilter(parent=row.instance, include_sandbox=row.sandbox, limit=self.limit + 1)
        for child in self.reader.find_instances(self.tenant, which).items:
            self._link(child.started, row, child, "calls")
            yield child

    def _keyed(self, row: InstanceRow) -> Iterator[InstanceRow]:
        """Give the instances with the same key; a fork stands apart, as what it is a copy of has its key."""
        if not row.business_key or row.sandbox or row.business_key in self.keys:
            return
        self.keys.add(row.business_key)
        which = InstanceFilter(business_key=row.business_key, limit=self.limit + 1)
        alike = sorted(self.reader.find_instances(self.tenant, which).items, key=_age)
        for earlier, later in zip(alike, alike[1:], strict=False):
            self._link(later.started, earlier, later, "key", row.business_key)
        yield from alike

    def _sent(self, row: InstanceRow) -> Iterator[InstanceRow]:
        for one in self.reader.sent(self.tenant, [row.instance], limit=SENT_AT_ONCE):
            if one.kind not in self.follow:
                continue
            ends = [self.rows.get(end) or _row(self.reader, self.tenant, end) for end in one[:2]]
            sender, receiver = ends
            if sender is not None and receiver is not None:
                self._link(
                    one.at, sender, receiver, "message" if one.kind == "message" else "signal", one.name
                )
                yield receiver if sender.instance == row.instance else sender

    def _link(self, at: int, source: InstanceRow, target: InstanceRow, how: How, name: str = "") -> None:
        self.links[Joined(at, source.instance, target.instance, how, name)] = None


def _shown(chain: Chain, now: int) -> ChainView:
    rows = sorted(chain.rows.values(), key=_age)
    links = sorted(one for one in _telling(chain) if one.source in chain.rows and one.target in chain.rows)
    open_ = sum(1 for row in rows if row.status in OPEN)
    last = now if open_ else max(row.updated for row in rows)
    views = [_view(row, now) for row in rows]
    shown = leading(views, INSTANCES_BYTES)
    joined = leading([_link_view(one) for one in links], LINKS_BYTES)
    return ChainView(
        summary=_summary(rows, open_, last - rows[0].started),
        began=iso(rows[0].started),
        ended=None if open_ else iso(last),
        lasted=iso_duration(last - rows[0].started) or "PT0S",
        open=open_,
        instances=shown,
        links=joined,
        mermaid=_mermaid(rows[: len(shown)], links[: len(joined)]),
        left_out=left_out(
            {
                "instances": (len(rows) + len(chain.beyond), len(shown)),
                "links": (len(links), len(joined)),
            }
        ),
        next=_next(rows),
    )


def _telling(chain: Chain) -> Iterator[Joined]:
    """Give the links; the same key says nothing between two that a call or message joins already."""
    joined = {frozenset((one.source, one.target)) for one in chain.links if one.how != "key"}
    for one in chain.links:
        if one.how != "key" or frozenset((one.source, one.target)) not in joined:
            yield one


def _summary(rows: list[InstanceRow], open_: int, lasted: int) -> str:
    processes = list(dict.fromkeys(row.process for row in rows))
    named = ", ".join(processes[:6]) + (f" and {len(processes) - 6} more" if len(processes) > 6 else "")
    count = f"{len(rows)} instance{'s' if len(rows) > 1 else ''}"
    state = f"{open_} not over" if open_ else "all over"
    return f"{count} of {named}; {state}; {iso_duration(lasted) or 'PT0S'} from end to end."


def _view(row: InstanceRow, now: int) -> ChainedView:
    ended = None if row.status in OPEN else row.updated
    return ChainedView(
        instance=row.instance,
        process=row.process,
        version=row.version,
        business_key=row.business_key,
        status=row.status,
        started=iso(row.started),
        ended=None if ended is None else iso(ended),
        lasted=iso_duration((now if ended is None else ended) - row.started) or "PT0S",
        incidents=row.incidents,
    )


def _link_view(one: Joined) -> ChainLinkView:
    return ChainLinkView(source=one.source, how=one.how, target=one.target, name=one.name, at=iso(one.at))


def _mermaid(rows: list[InstanceRow], links: list[Joined]) -> str:
    numbers = {row.instance: f"i{number}" for number, row in enumerate(rows)}
    lines = ["flowchart LR"]
    for row in rows:
        lines.append(f'  {numbers[row.instance]}["{mermaid_text(row.instance)}<br/>{row.status}"]')
    for one in links:
        if one.source in numbers and one.target in numbers:
            told = f"{one.how} {mermaid_text(one.name)}".strip()
            lines.append(f'  {numbers[one.source]} -->|"{told}"| {numbers[one.target]}')
    return "\n".join(lines)


def _next(rows: list[InstanceRow]) -> list[NextCall]:
    """Propose to look at the first one that is stuck, else at the first one that is not over."""
    stuck = [row for row in rows if row.incidents and row.status in OPEN]
    going = [row for row in rows if row.status in OPEN]
    return [
        follow_up(Hint("instance_read", {"instance": row.instance}, why))
        for row, why in [
            *((row, "It is stopped by an incident.") for row in stuck[:1]),
            *((row, "It is not over.") for row in going[:1] if row not in stuck[:1]),
        ]
    ]


def _row(reader: Reader, tenant: str, instance: str) -> InstanceRow | None:
    stored = reader.load(tenant, instance)
    return None if stored is None else stored.row


def _age(row: InstanceRow) -> tuple[int, str]:
    return (row.started, row.instance)


OPERATIONS = (instance_chain,)
