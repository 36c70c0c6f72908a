"""Last step of the layered layout: columns, channels and the ways of the wires.

A wire leaves a node at its right side, or at its top or bottom where it has a slot in the node's own column and
nothing but other wires stands between. It changes height in channels only, so it never runs through a node.
"""

from dataclasses import dataclass, field

from flowmaster.engine.bpmn.geometry import Box, Point, straightened
from flowmaster.engine.bpmn.layout_cells import (
    GAP_NODES,
    Band,
    Cell,
    Node,
    Placement,
    Sheet,
    Wire,
    boundary_offset,
)
from flowmaster.engine.bpmn.layout_channels import CHANNEL_WIDTH, TRACK_WIDTH, Piece, set_tracks

BOUNDARY_SIZE = 36
_LABEL_ROOM = 22
_COLUMN_MIN = 50


@dataclass(slots=True, eq=False)
class _Way:
    wire: Wire
    exit_upright: bool = False
    entry_upright: bool = False
    levels: list[int] = field(default_factory=list)
    """The height of the wire in each layer it passes, from its leftmost layer on."""
    pieces: dict[int, Piece] = field(default_factory=dict)
    """The upright pieces by channel; channel k lies right of column k."""


def route(sheet: Sheet, bands: tuple[Band, ...], *, margin: int = 0) -> Placement:
    """Return boxes and ways of everything on the sheet."""
    ways = [_Way(wire) for wire in sheet.wires]
    _choose_sides(sheet, ways)
    for way in ways:
        _set_levels(way)
    channels = _channels(sheet, ways)
    columns = _columns(sheet, ways, channels, margin)
    boxes = _boxes(sheet, columns)
    lines = {way.wire.edge.id: _line(way, boxes, columns) for way in ways}
    return Placement(boxes, lines, bands, columns.width, bands[-1].bottom if bands else 0)


def _choose_sides(sheet: Sheet, ways: list[_Way]) -> None:
    """Let wires turn into their nodes from above or below where the way is free; the shortest first."""
    wishes: list[tuple[int, int, _Way, Cell, Cell, bool]] = []
    for number, way in enumerate(ways):
        wire = way.wire
        if wire.exit is not None:
            way.exit_upright = bool(wire.edge.boundary)
            wishes.append((abs(wire.exit.y - wire.source.y), number, way, wire.exit, wire.source, True))
        if wire.entry is not None:
            wishes.append((abs(wire.entry.y - wire.target.y), number, way, wire.entry, wire.target, False))
    taken: dict[int, list[tuple[int, int, Cell]]] = {}
    uses: dict[tuple[Cell, bool], bool] = {}
    wishes.sort(key=lambda wish: wish[:2])
    for _, _, way, slot, node, leaves in wishes:
        if leaves and way.wire.edge.boundary:
            continue
        if way.wire.goes_back and leaves and slot is way.wire.entry:
            continue
        is_above = slot.position < node.position
        low, high = min(slot.y, node.y), max(slot.y, node.y)
        others = taken.setdefault(node.layer, [])
        if uses.get((node, is_above), leaves) != leaves or not _has_port(node, is_above):
            continue
        if any(other is not node and low < bottom and top < high for top, bottom, other in others):
            continue
        cells = sheet.cells(node.layer)
        between = cells[min(slot.position, node.position) + 1 : max(slot.position, node.position)]
        if any(cell.node is not None for cell in between):
            continue
        uses[node, is_above] = leaves
        others.append((low, high, node))
        if leaves:
            way.exit_upright = True
        else:
            way.entry_upright = True


def _has_port(cell: Cell, is_above: bool) -> bool:
    node = cell.node
    assert node is not None, "wires end at nodes"
    if is_above:
        return not node.above
    return not node.below and len(node.boundary) <= 2 and (node.is_gateway or node.label_height == 0)


def _set_levels(way: _Way) -> None:
    wire = way.wire
    if wire.goes_back:
        way.levels = [slot.y for slot in wire.slots]
        return
    levels = {slot.layer: slot.y for slot in wire.slots}
    if not way.exit_upright:
        levels[wire.source.layer] = wire.source.y
    if not way.entry_upright:
        levels[wire.target.layer] = wire.target.y
    way.levels = [levels[layer] for layer in sorted(levels)]


def _channels(sheet: Sheet, ways: list[_Way]) -> list[int]:
    """Return how many tracks each channel has, the one left of the first column first."""
    numbers = {cell: number for number, cell in enumerate(sheet.nodes.values())}
    pieces: list[list[Piece]] = [[] for _ in range(len(sheet.layers) + 1)]
    for way in ways:
        for channel, piece in _pieces(way, numbers):
            way.pieces[channel] = piece
            pieces[channel + 1].append(piece)
    return [set_tracks(here) for here in pieces]


def _pieces(way: _Way, numbers: dict[Cell, int]) -> list[tuple[int, Piece]]:
    wire = way.wire
    first = min(wire.source.layer, wire.target.layer)
    last = first + len(way.levels) - 1
    from_node = ("right of", numbers[wire.source])
    to_node = ("left of", numbers[wire.target])
    found: list[tuple[int, Piece]] = []
    if wire.goes_back and not way.entry_upright:
        found.append((first - 1, Piece((), (way.levels[0], wire.target.y), (to_node,))))
    for place, (left, right) in enumerate(zip(way.levels, way.levels[1:], strict=False)):
        if left == right:
            continue
        trunks: list[tuple[str, int]] = []
        if not wire.goes_back and place == 0 and not way.exit_upright:
            trunks.append(from_node)
        if not wire.goes_back and first + place + 1 == last and not way.entry_upright:
            trunks.append(to_node)
        found.append((first + place, Piece((left,), (right,), tuple(trunks))))
    if wire.goes_back and not way.exit_upright:
        found.append((last, Piece((way.levels[-1], wire.source.y), (), (from_node,))))
    return found


@dataclass(frozen=True, slots=True)
class _Columns:
    left: list[int]
    sizes: list[int]
    channel_left: list[int]
    """The x of the first track of each channel, the one left of the first column first."""
    width: int

    def center(self, layer: int) -> int:
        return self.left[layer] + self.sizes[layer] // 2

    def track(self, channel: int, piece: Piece) -> int:
        return self.channel_left[channel + 1] + piece.track * TRACK_WIDTH


def _columns(sheet: Sheet, ways: list[_Way], tracks: list[int], margin: int) -> _Columns:
    count = len(sheet.layers)
    sizes = [max((cell.width for cell in sheet.cells(layer)), default=0) for layer in range(count)]
    sizes = [max(size + size % 2, _COLUMN_MIN) for size in sizes]
    room = [0] * (count + 1)
    for way in ways:
        wire = way.wire
        if wire.edge.label_width and not wire.goes_back:
            layer = wire.source.layer
            begin = sizes[layer] // 2 if way.exit_upright else 0
            room[layer + 1] = max(room[layer + 1], wire.edge.label_width + _LABEL_ROOM - begin)
    left: list[int] = []
    channel_left: list[int] = []
    x = margin
    for channel in range(count + 1):
        used = max(0, tracks[channel] - 1) * TRACK_WIDTH
        is_outer = channel in (0, count)
        wide = max(used + 2 * 19, room[channel], 0 if is_outer else CHANNEL_WIDTH)
        if is_outer and not tracks[channel]:
            wide = room[channel]
        channel_left.append(x + (wide - used) // 2)
        x += wide
        if channel < count:
            left.append(x)
            x += sizes[channel]
    return _Columns(left, sizes, channel_left, x + margin)


def _boxes(sheet: Sheet, columns: _Columns) -> dict[str, Box]:
    boxes: dict[str, Box] = {}
    for name, cell in sheet.nodes.items():
        node = cell.node
        assert node is not None, "cells of nodes hold their node"
        x = columns.center(cell.layer) - node.width // 2
        box = Box(x, cell.y - node.height // 2, node.width, node.height)
        boxes[name] = box
        for place, event in enumerate(node.boundary):
            middle = x + boundary_offset(node.width, place, len(node.boundary))
            half = BOUNDARY_SIZE // 2
            boxes[event] = Box(middle - half, box.bottom - half, BOUNDARY_SIZE, BOUNDARY_SIZE)
        boxes.update(_beside(node, box))
    return boxes


def _beside(node: Node, box: Box) -> dict[str, Box]:
    """Return the boxes of the notes and data above and below a node, from the node outwards."""
    boxes: dict[str, Box] = {}
    y = box.y - (node.label_height if node.is_gateway else 0)
    for one in node.above[::-1]:
        boxes[one.id] = Box(box.center.x - one.width // 2, y - GAP_NODES - one.height, one.width, one.height)
        y = boxes[one.id].y - one.label_height
    y = box.bottom + (0 if node.is_gateway else node.label_height)
    for one in node.below:
        boxes[one.id] = Box(box.center.x - one.width // 2, y + GAP_NODES, one.width, one.height)
        y = boxes[one.id].bottom + one.label_height
    return boxes


def _line(way: _Way, boxes: dict[str, Box], columns: _Columns) -> list[Point]:
    wire = way.wire
    source = boxes[wire.edge.boundary or wire.edge.source]
    target = boxes[wire.edge.target]
    first = min(wire.source.layer, wire.target.layer)
    levels = way.levels[::-1] if wire.goes_back else way.levels
    points: list[Point] = []
    if way.exit_upright:
        upwards = levels[0] < source.center.y
        points.append(Point(source.center.x, source.y if upwards else source.bottom))
        points.append(Point(source.center.x, levels[0]))
    else:
        points.append(Point(source.right, wire.source.y))
        if wire.goes_back:
            x = columns.track(wire.source.layer, way.pieces[wire.source.layer])
            points += [Point(x, wire.source.y), Point(x, levels[0])]
    for place, (here, there) in enumerate(zip(levels, levels[1:], strict=False)):
        if here != there:
            channel = first + len(levels) - 2 - place if wire.goes_back else first + place
            x = columns.track(channel, way.pieces[channel])
            points += [Point(x, here), Point(x, there)]
    if way.entry_upright:
        upwards = levels[-1] > target.center.y
        points.append(Point(target.center.x, levels[-1]))
        points.append(Point(target.center.x, target.bottom if upwards else target.y))
    else:
        if wire.goes_back:
            channel = wire.target.layer - 1
            x = columns.track(channel, way.pieces[channel])
            points += [Point(x, levels[-1]), Point(x, wire.target.y)]
        points.append(Point(target.x, wire.target.y))
    return straightened(points)
