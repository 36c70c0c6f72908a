"""The token game of one scope as a graph: places where tokens stand, joins where they wait, and what splits them.

Data is not looked at: a choice may go any way. A step may take any time, also one that the engine passes at once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple


class Join(Enum):
    """What a token does that comes to a node: it goes on, waits for all flows, or for those that can still come."""

    NONE = "none"
    ALL = "all"
    PATIENT = "patient"


class Split(Enum):
    """Over which ways tokens leave a node: one of them, all, or some."""

    ONE = "one"
    ALL = "all"
    SOME = "some"


class Act(NamedTuple):
    """One thing that happens in a run: `start`, `done`, `event`, `choice`, or `thrown` out of a sub-process.

    A choice names the `flows` taken; it is `idle` where every other choice comes to the same place.
    """

    kind: str
    element: str
    flows: tuple[str, ...] = ()
    idle: bool = False


Acts = tuple[Act, ...]


@dataclass(slots=True, eq=False)
class Edge:
    """A way from node to node: what happens on it, the elements passed, and how many flows it stands for.

    `flow` is the first of them and `into` the last. `always` and `default` say when a split into some of its ways
    takes it.
    """

    source: "Node"
    target: "Node"
    acts: Acts = ()
    passed: frozenset[str] = frozenset()
    hops: int = 1
    flow: str = ""
    into: str = ""
    always: bool = True
    default: bool = False


@dataclass(slots=True, eq=False)
class Node:
    """A place: tokens stand there until something happens, or pass at once.

    `beside` are the ways of events that happen without taking the token away. A node that `kills` takes every other
    token of the scope with it. A join that is `starved` waits for a flow that nothing leads to.
    """

    element: str
    inside: frozenset[str]
    stands: bool = False
    join: Join = Join.NONE
    split: Split = Split.ONE
    kills: bool = False
    starved: bool = False
    ins: list[Edge] = field(default_factory=list)
    outs: list[Edge] = field(default_factory=list)
    beside: list[Edge] = field(default_factory=list)

    @property
    def joins(self) -> bool:
        """Return whether tokens wait for each other here."""
        return self.join is not Join.NONE and (len(self.ins) > 1 or self.starved)

    @property
    def leaving(self) -> Iterator[Edge]:
        """Return every way out, those of events beside it last."""
        yield from self.outs
        yield from self.beside


@dataclass(slots=True, eq=False)
class Net:
    """The nodes of a scope that something leads to; `start` has no way in and chooses how the scope begins.

    Ways end in three places: where a token is `ended`, where the scope and all its tokens are `killed` by an end that
    says so, and where they are `left` since something was thrown out of the scope. A `host` is the step beside which
    an event begins all this.
    """

    start: Node
    nodes: list[Node]
    ended: Node
    killed: Node
    left: Node
    host: str = ""

    def connect(self, edge: Edge) -> Edge:
        """Add a way to the nodes at its ends."""
        edge.source.outs.append(edge)
        edge.target.ins.append(edge)
        return edge

    @property
    def has_kill(self) -> bool:
        """Return whether something takes every token of the scope with it."""
        return bool(self.killed.ins or self.left.ins)

    @property
    def has_patient_join(self) -> bool:
        """Return whether the tokens elsewhere decide when a join goes on."""
        return any(node.join is Join.PATIENT and node.joins for node in self.nodes)


def reach(starts: Iterable[Node], *, beside: bool = True) -> dict[Node, None]:
    """Return the nodes that can be come to, in the order found; without those behind events beside if asked."""
    found: dict[Node, None] = {}
    waiting = list(starts)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found[node] = None
            ways = node.leaving if beside else node.outs
            waiting += [edge.target for edge in ways]
    return found


def empty_net() -> Net:
    """Return a net with nothing but its beginning and its ends."""
    ended, killed, left = (Node("", frozenset(), kills=kills) for kills in (False, True, True))
    return Net(Node("", frozenset()), [], ended, killed, left)
