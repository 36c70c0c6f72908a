"""First step of the layout: break cycles, find the main path, put nodes into layers, give wires their slots."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from flowmaster.engine.bpmn.layout_cells import GAP_NODES, Cell, Edge, Node, Sheet, Wire


class Turning(NamedTuple):
    """Choices that the layout can make either way: how it begins, and where wires between lanes run."""

    branches_begin_above: bool
    back_runs_in_target_lane: bool
    stays_in_source_lane: bool


TURNINGS = tuple(
    Turning(above, back, stays)
    for above in (False, True)
    for back in (False, True)
    for stays in (False, True)
)


@dataclass(slots=True)
class _Graph:
    nodes: dict[str, Node]
    edges: list[Edge]
    outgoing: dict[str, list[Edge]]
    back: set[str]
    order: list[str]
    """The nodes so that every edge that does not go back leads onwards."""
    preorder: dict[str, int]
    layer: dict[str, int]
    main_out: dict[str, str]
    main_in: dict[str, str]
    spine: set[str]
    """The edges of the main path."""


def sheet_of(nodes: Sequence[Node], edges: Sequence[Edge], turning: "Turning | None" = None) -> Sheet:
    """Return nodes and edges as cells and wires, each layer in a first order."""
    graph = _graph_of(nodes, edges)
    depth = max(graph.layer.values(), default=-1) + 1
    cells = {node.id: Cell(graph.layer[node.id], node.lane, *_extents(node), node=node) for node in nodes}
    sheet = Sheet(cells, [], [[] for _ in range(depth)])
    turning = turning or TURNINGS[0]
    keys: dict[Cell, float] = {cell: graph.preorder[name] for name, cell in cells.items()}
    for edge in graph.edges:
        wire = _wire(graph, edge, cells, turning)
        sheet.wires.append(wire)
        key = -1.0 if wire.goes_back else graph.preorder[edge.target] - 0.5
        keys.update((slot, key) for slot in wire.slots)
        _link(sheet, wire, edge.id in graph.spine)
    if turning.branches_begin_above:
        keys = {cell: -key for cell, key in keys.items()}
    _gather(sheet, keys)
    return sheet


def _extents(node: Node) -> tuple[int, int, int]:
    half = node.height // 2
    wide = max(node.width, node.label_width)
    up, down = half, node.height - half
    if node.is_gateway:
        up += node.label_height
    else:
        down += node.label_height
    up += sum(GAP_NODES + one.height + one.label_height for one in node.above)
    down += sum(GAP_NODES + one.height + one.label_height for one in node.below)
    wide = max([wide, *(max(one.width, one.label_width) for one in (*node.above, *node.below))])
    return wide, up, down


def _graph_of(nodes: Sequence[Node], edges: Sequence[Edge]) -> _Graph:
    known = {node.id: node for node in nodes}
    outgoing: dict[str, list[Edge]] = {node.id: [] for node in nodes}
    for edge in sorted(edges, key=lambda edge: edge.boundary != ""):
        outgoing[edge.source].append(edge)
    graph = _Graph(known, list(edges), outgoing, set(), [], {}, {}, {}, {}, set())
    _walk(graph)
    _assign_layers(graph)
    _choose_main(graph)
    return graph


def _walk(graph: _Graph) -> None:
    """Walk depth first from the sources; an edge to a node on the way here goes back."""
    entered = {edge.target for edge in graph.edges if edge.target != edge.source}
    leaving = {edge.source for edge in graph.edges}
    roots = [name for name in graph.nodes if name not in entered and name in leaving]
    roots += [name for name in graph.nodes if name in entered] + list(graph.nodes)
    active: set[str] = set()
    finished: list[str] = []
    for root in roots:
        if root in graph.preorder:
            continue
        graph.preorder[root] = len(graph.preorder)
        active.add(root)
        stack = [(root, iter(graph.outgoing[root]))]
        while stack:
            name, rest = stack[-1]
            edge = next(rest, None)
            if edge is None:
                stack.pop()
                active.discard(name)
                finished.append(name)
            elif edge.target in active:
                graph.back.add(edge.id)
            elif edge.target not in graph.preorder:
                graph.preorder[edge.target] = len(graph.preorder)
                active.add(edge.target)
                stack.append((edge.target, iter(graph.outgoing[edge.target])))
    graph.order = finished[::-1]


def _assign_layers(graph: _Graph) -> None:
    """Each node goes one layer behind the last of those that lead to it; a source close to what it leads to."""
    graph.layer = dict.fromkeys(graph.nodes, 0)
    entered: set[str] = set()
    for name in graph.order:
        for edge in graph.outgoing[name]:
            if edge.id not in graph.back:
                entered.add(edge.target)
                graph.layer[edge.target] = max(graph.layer[edge.target], graph.layer[name] + 1)
    for name in graph.order:
        nexts = [graph.layer[edge.target] for edge in graph.outgoing[name] if edge.id not in graph.back]
        if name not in entered and nexts:
            graph.layer[name] = min(nexts) - 1


def _choose_main(graph: _Graph) -> None:
    """The main way out of a node is the longest one; the main path follows it from the first source."""
    height = dict.fromkeys(graph.nodes, 0)
    for name in reversed(graph.order):
        ahead = [edge for edge in graph.outgoing[name] if edge.id not in graph.back]
        straight = [edge for edge in ahead if not edge.boundary]
        if ahead:
            height[name] = 1 + max(height[edge.target] for edge in straight or ahead)
        if straight:
            lane = graph.nodes[name].lane
            best = max(
                straight, key=lambda edge: (height[edge.target], graph.nodes[edge.target].lane == lane)
            )
            graph.main_out[name] = best.id
    targets = {edge.id: edge.target for edge in graph.edges}
    name = next(one for one in graph.order if graph.layer[one] == 0)
    while (step := graph.main_out.get(name)) is not None:
        graph.spine.add(step)
        name = targets[step]
    best_in: dict[str, tuple[bool, bool, int]] = {}
    for edge in graph.edges:
        if edge.id in graph.back:
            continue
        worth = (
            edge.id in graph.spine,
            graph.main_out.get(edge.source) == edge.id,
            graph.layer[edge.source],
        )
        if edge.target not in best_in or worth > best_in[edge.target]:
            best_in[edge.target] = worth
            graph.main_in[edge.target] = edge.id


def _wire(graph: _Graph, edge: Edge, cells: dict[str, Cell], turning: Turning) -> Wire:
    source, target = cells[edge.source], cells[edge.target]
    wire = Wire(edge, source, target, edge.id in graph.back)
    if wire.goes_back:
        lane = target.lane if turning.back_runs_in_target_lane else source.lane
        wire.slots = [Cell(layer, lane) for layer in range(target.layer, source.layer + 1)]
        wire.entry, wire.exit = wire.slots[0], wire.slots[-1]
        wire.entry.owner, wire.exit.owner = target, source
        if edge.boundary:
            wire.exit.lane = source.lane
        return wire
    turns_out = bool(edge.boundary) or graph.main_out.get(edge.source) != edge.id
    turns_in = graph.main_in.get(edge.target) != edge.id
    wire.is_main = not turns_out and not turns_in
    stays = turns_in and (turning.stays_in_source_lane or not turns_out)
    lane = source.lane if stays else target.lane
    first, last = source.layer + (not turns_out), target.layer - (not turns_in)
    wire.slots = [Cell(layer, lane) for layer in range(first, last + 1)]
    if turns_out:
        wire.exit = wire.slots[0]
        wire.exit.owner = source
        if edge.boundary:
            wire.exit.lane = source.lane
    if turns_in:
        wire.entry = wire.slots[-1]
        wire.entry.owner = target
    return wire


def _link(sheet: Sheet, wire: Wire, is_spine: bool) -> None:
    run = list(wire.slots)
    if not wire.goes_back:
        run = [wire.source] * (wire.exit is None) + run + [wire.target] * (wire.entry is None)
    pairs = list(zip(run, run[1:], strict=False))
    sheet.links.extend(pairs)
    if is_spine:
        sheet.heavy.update(pairs)


def _gather(sheet: Sheet, keys: dict[Cell, float]) -> None:
    """Make the units: a node with the slots of its boundary events, every other slot alone."""
    bound: dict[Cell, list[tuple[int, Cell]]] = {}
    attached: set[Cell] = set()
    for wire in sheet.wires:
        if wire.edge.boundary and wire.exit is not None and wire.source.node is not None:
            place = wire.source.node.boundary.index(wire.edge.boundary)
            bound.setdefault(wire.source, []).append((place, wire.exit))
            attached.add(wire.exit)
    for name, cell in list(sheet.nodes.items()):
        node = cell.node
        assert node is not None, "cells of nodes hold their node"
        exits = [slot for _, slot in sorted(bound.get(cell, ()), key=lambda pair: pair[0])]
        unit = (cell, *exits)
        keys.update((one, keys[cell]) for one in unit)
        sheet.layers[cell.layer].append(unit)
        assert sheet.nodes[name] is cell
    for wire in sheet.wires:
        for slot in wire.slots:
            if slot not in attached:
                sheet.layers[slot.layer].append((slot,))
    for units in sheet.layers:
        units.sort(key=lambda unit: (unit[0].lane, keys[unit[0]]))
