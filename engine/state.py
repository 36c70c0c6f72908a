"""The state of an instance: scopes with variables, tokens at joins, waits and incidents.

It never holds the model or the history, so that its size depends on where the instance stands and not on
how it came there. Only `evolve` changes it.
"""

from collections.abc import Collection, Mapping
from itertools import islice
from typing import NamedTuple, TypeAlias

import msgspec
from msgspec import field
from msgspec.structs import replace

from flowmaster.engine.record import Record
from flowmaster.engine.values import Json

ROOT = 1
"""The key of the process scope in every instance."""


JOINS_NODES = 1_000
"""Nodes among which a glimpse looks for tokens at joins."""

WAITS_GLIMPSED = 100
"""Waits that a glimpse for somebody who wants few of them shows, besides those that have moved."""

NOTHING: Mapping[str, Json] = {}


class Asked(NamedTuple):
    """What somebody wants of a task while its listeners decide; denied, the task is as `before` again."""

    action: str
    by: str
    before: str
    to: tuple[str, ...] = ()
    comment: str = ""
    variables: Mapping[str, Json] = NOTHING
    corrections: Mapping[str, Json] = NOTHING


class TaskWait(Record, frozen=True, tag="t"):
    """A person's open task. `state` follows WS-HumanTask 4.7: ready, reserved, suspended.

    `kinds` says what its roles stand for (`engine/performers.py`); nothing where all are of the house. While listeners
    decide on what is `asked`, the state says what they decide on: creating, assigning, updating, completing.
    """

    id: int
    node: int
    element: str
    since: int
    state: str
    assignee: str
    roles: tuple[str, ...]
    users: tuple[str, ...]
    excluded: tuple[str, ...]
    due: int | None
    follow_up: int | None
    priority: int
    draft: Mapping[str, Json] | None
    kinds: tuple[str, ...] = ()
    asked: Asked | None = None


class JobWait(Record, frozen=True, tag="j"):
    """Work that a connector or an outside worker has to do; `due` holds it back until then.

    `purpose` is empty for the element's own work, else the listener that the work is for (`start:0`,
    `completing:1`; at the start of a process also the start event that it begins at).
    """

    id: int
    node: int
    element: str
    since: int
    type: str
    retries: int
    due: int | None
    purpose: str = ""


class TimerWait(Record, frozen=True, tag="d"):
    """A timer. `left` counts further firings of a cycle (-1 for no end), `every` is its ISO duration or cron.

    `purpose` is empty for a timer of the model's own, else the task deadline it stands for (`remind:0`).
    """

    id: int
    node: int
    element: str
    since: int
    due: int
    every: str
    left: int
    purpose: str


class EventWait(Record, frozen=True, tag="e"):
    """A subscription to a message or signal; an empty `key` takes any message of that name."""

    id: int
    node: int
    element: str
    since: int
    kind: str
    name: str
    key: str


class ChildWait(Record, frozen=True, tag="c"):
    """A called process that has not ended yet; `child` is known once it has started."""

    id: int
    node: int
    element: str
    since: int
    process: str
    child: str


Wait: TypeAlias = TaskWait | JobWait | TimerWait | EventWait | ChildWait


class Incident(NamedTuple):
    """Something that stops one token until a person or agent mends it."""

    id: int
    node: int
    element: str
    stage: str
    code: str
    message: str
    since: int
    attempts: int


class Turns(NamedTuple):
    """How far a loop, multi-instance activity or ad-hoc sub-process has come.

    `items` are those that a sequence has yet to begin with; `results` is what the turns gave, where it is kept: a list
    that `evolve` alone writes to.
    An ad-hoc sub-process has a `total` of -1, and the ids of activities as items.
    """

    total: int
    begun: int = 0
    completed: int = 0
    terminated: int = 0
    items: tuple[Json, ...] = ()
    results: list[Json] | None = None
    over: bool = False

    def copy(self) -> "Turns":
        """Return a copy that shares no mutable part."""
        return self if self.results is None else self._replace(results=self.results.copy())


class Done(NamedTuple):
    """An activity that completed and can be compensated: with its variables if it is a scope, and what is done inside."""

    element: str
    variables: Mapping[str, Json] | None = None
    inside: "tuple[Done, ...]" = ()


class Node(msgspec.Struct):
    """One visit of an element: a token that stays there, or a scope with tokens inside.

    `open` counts what keeps a scope alive: nodes inside it and tokens under way or waiting at its joins.
    A node with `turns` is the body of a loop; the turns are nodes of the same element inside it. `done` lists what
    completed in a scope and can be compensated; a node with `undo` compensates, the last of the list first.
    `started` holds, by complex gateway, the flows whose tokens it has taken since its last reset.
    """

    key: int
    element: str
    scope: int
    open: int = 0
    variables: dict[str, Json] | None = None
    arrivals: dict[str, dict[str, int]] | None = None
    waits: tuple[int, ...] = ()
    turns: Turns | None = None
    done: tuple[Done, ...] = ()
    undo: tuple[Done, ...] | None = None
    started: dict[str, tuple[str, ...]] | None = None

    def copy(self) -> "Node":
        """Return a copy that shares no mutable part."""
        return Node(
            self.key,
            self.element,
            self.scope,
            self.open,
            None if self.variables is None else self.variables.copy(),
            None
            if self.arrivals is None
            else {join: counts.copy() for join, counts in self.arrivals.items()},
            self.waits,
            None if self.turns is None else self.turns.copy(),
            self.done,
            self.undo,
            None if self.started is None else self.started.copy(),
        )


class Parent(NamedTuple):
    """The wait in another instance that called this one; `depth` counts the callers above."""

    instance: str
    wait: int
    depth: int = 1


class Origin(NamedTuple):
    """The instance that a fork began as, and the number of its last event until then."""

    instance: str
    seq: int


class Changed(msgspec.Struct):
    """What of a state has changed since it was stored, so that a step of a wide instance need not write all of it.

    `nodes` holds keys of nodes that came, changed or went, `results` the places of collected results by the key of
    their node, `dropped` the nodes that went with their results, `waits` those that changed or went, as they were,
    `opened` the keys of those that came; `held` says that the instance was paused or went on.
    """

    nodes: set[int] = field(default_factory=set)
    results: set[tuple[int, int]] = field(default_factory=set)
    dropped: set[int] = field(default_factory=set)
    waits: dict[int, Wait] = field(default_factory=dict)
    opened: set[int] = field(default_factory=set)
    held: bool = False

    def copy(self) -> "Changed":
        """Return a copy that shares no mutable part."""
        copied = Changed()
        if self.nodes or self.results or self.waits or self.opened or self.held:
            copied.nodes, copied.results, copied.dropped = (
                self.nodes.copy(),
                self.results.copy(),
                self.dropped.copy(),
            )
            copied.waits, copied.opened, copied.held = self.waits.copy(), self.opened.copy(), self.held
        return copied

    def clear(self) -> None:
        """Begin anew, since the state is stored."""
        self.nodes.clear()
        self.results.clear()
        self.dropped.clear()
        self.waits.clear()
        self.opened.clear()
        self.held = False


class State(msgspec.Struct, eq=False):
    """Everything that decides what an instance does next.

    `seq` counts its events; `keys` is the last key given to a node, wait or incident; `performers` holds
    everybody who performed each human step, for exclusions. Nothing of a `sandbox` leaves it; a fork has an `origin`.
    """

    instance: str
    process: str
    version: int
    status: str = "active"
    business_key: str = ""
    started: int = 0
    seq: int = 0
    keys: int = 0
    parent: Parent | None = None
    nodes: dict[int, Node] = field(default_factory=dict)
    waits: dict[int, Wait] = field(default_factory=dict)
    incidents: dict[int, Incident] = field(default_factory=dict)
    performers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    sandbox: bool = False
    origin: Origin | None = None
    changed: Changed = field(default_factory=Changed)

    def __eq__(self, other: object) -> bool:
        """Two states are the same whatever of them is stored."""
        names = (name for name in self.__struct_fields__ if name != "changed")
        return isinstance(other, State) and all(getattr(self, one) == getattr(other, one) for one in names)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def copy(self) -> "State":
        """Return a copy that shares no mutable part."""
        return State(
            self.instance,
            self.process,
            self.version,
            self.status,
            self.business_key,
            self.started,
            self.seq,
            self.keys,
            self.parent,
            {key: node.copy() for key, node in self.nodes.items()},
            self.waits.copy(),
            self.incidents.copy(),
            self.performers.copy(),
            self.sandbox,
            self.origin,
            self.changed.copy(),
        )

    def glimpse(self, moved: Collection[int] = (), *, few: bool = False) -> "State":
        """Return what may be shown of a state while the state itself goes on.

        Of the tokens these are those at joins, unless there are more than `JOINS_NODES` to look through, and those where
        the `moved` waits stand, with the scopes around them. With `few`, only the first waits and the moved ones are shown.
        """
        nodes, waits = self.nodes, self.waits
        shown = {ROOT: nodes[ROOT]} if ROOT in nodes else {}
        for wait in (waits[key] for key in moved if key in waits):
            key = wait.node
            while key in nodes and key not in shown:
                shown[key] = nodes[key]
                key = nodes[key].scope
        if len(nodes) <= JOINS_NODES:
            shown |= {key: node for key, node in nodes.items() if node.arrivals}
        keys = dict.fromkeys((*islice(waits, WAITS_GLIMPSED), *moved)) if few else waits
        return replace(
            self,
            nodes={key: node.copy() for key, node in shown.items()},
            waits={key: waits[key] for key in keys if key in waits} if few else waits.copy(),
            incidents=self.incidents.copy(),
            performers=self.performers.copy(),
            changed=Changed(),
        )

    @property
    def variables(self) -> Mapping[str, Json]:
        """Return the variables of the process scope; empty once the instance has ended without them."""
        root = self.nodes.get(ROOT)
        return (root.variables or {}) if root else {}
