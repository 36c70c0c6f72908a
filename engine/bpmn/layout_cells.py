"""What the layered layout works on: nodes and edges that come in, cells and wires between them.

A *cell* is one place in a layer (a column of the diagram): a node, or a *slot* that keeps room for a wire that
passes. A *wire* is the way of one edge through cells. Layers run from left to right, cells of a layer from top to
bottom, lanes are bands of cells.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from flowmaster.engine.bpmn.geometry import Box, Point

GAP_NODES = 30
"""Least room between two nodes of one column."""
GAP_WIRES = 16
"""Least room between two wires, and between a wire and a node."""

BOUNDARY_STEP_MIN, BOUNDARY_STEP_MAX = 56, 124
"""How far apart the events on a border stand."""
BOUNDARY_ENDS = 44
"""Room at both ends of a border together, from the corner to the middle of the event there."""


class Node(NamedTuple):
    """A node to be placed."""

    id: str
    width: int
    height: int
    lane: int = 0
    label_width: int = 0
    label_height: int = 0
    """The room of a label that stands below the node, 0 where the name is inside."""
    boundary: tuple[str, ...] = ()
    """The events on its lower border, from right to left."""
    above: tuple["Node", ...] = ()
    """Notes and data that stand above it."""
    below: tuple["Node", ...] = ()
    is_gateway: bool = False


class Edge(NamedTuple):
    """An edge to be routed; `boundary` is the event on the source's border where it begins."""

    id: str
    source: str
    target: str
    boundary: str = ""
    label_width: int = 0


class Band(NamedTuple):
    """Where a lane lies, from `top` to `bottom`."""

    top: int
    bottom: int


@dataclass(frozen=True, slots=True)
class Placement:
    """A finished layout: boxes of nodes and boundary events, ways of edges, lanes, and the size of it all."""

    boxes: Mapping[str, Box]
    ways: Mapping[str, list[Point]]
    bands: tuple[Band, ...]
    width: int
    height: int


@dataclass(slots=True, eq=False)
class Cell:
    """A place in a layer; `up` and `down` say how far it reaches from its middle line."""

    layer: int
    lane: int
    width: int = 0
    up: int = 0
    down: int = 0
    node: Node | None = None
    owner: "Cell | None" = None
    """For a slot beside a node of the same layer, where a wire turns into it: that node."""
    position: int = 0
    y: int = 0


@dataclass(slots=True, eq=False)
class Wire:
    """The way of an edge. `slots` lie in consecutive layers from left to right, also for a wire that goes back."""

    edge: Edge
    source: Cell
    target: Cell
    goes_back: bool
    slots: list[Cell] = field(default_factory=list)
    exit: Cell | None = None
    """The slot in the source's own layer, where the wire may leave through the top or bottom."""
    entry: Cell | None = None
    """The slot in the target's own layer."""
    is_main: bool = False


@dataclass(slots=True)
class Sheet:
    """Everything about one layout in the making. A *unit* is a run of cells that stay together in their layer."""

    nodes: dict[str, Cell]
    wires: list[Wire]
    layers: list[list[tuple[Cell, ...]]]
    links: list[tuple[Cell, Cell]] = field(default_factory=list)
    """Pairs of neighbouring cells of wires in consecutive layers, left one first."""
    heavy: set[tuple[Cell, Cell]] = field(default_factory=set)
    """The links that should be straight before all others: those of the main path."""

    def cells(self, layer: int) -> list[Cell]:
        """Return the cells of a layer from top to bottom."""
        return [cell for unit in self.layers[layer] for cell in unit]


def gap(upper: Cell, lower: Cell) -> int:
    """Return the least room between two neighbours of a layer."""
    return GAP_NODES if upper.node is not None and lower.node is not None else GAP_WIRES


def boundary_offset(host_width: int, place: int, count: int) -> int:
    """Return how far right of its host's left side the middle of a boundary event is; place 0 is rightmost."""
    step = min(BOUNDARY_STEP_MAX, (host_width - BOUNDARY_ENDS) // (count - 1)) if count > 1 else 0
    return host_width - BOUNDARY_ENDS // 2 - place * step
