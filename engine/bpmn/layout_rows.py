"""Third step of the layout: give every cell its height, so that wires run straight where they can.

Cells that one wire joins are chained into *blocks* of equal height, the main path first, never across each other.
Blocks are packed from the top and then drawn towards what they are joined with. Each lane is packed by itself.
"""

from bisect import bisect_left, insort
from dataclasses import dataclass, field

from flowmaster.engine.bpmn.layout_cells import Band, Cell, Sheet, gap

_ROUNDS = 10
_LANE_PADDING = 20
_LANE_HEIGHT_MIN = 90


@dataclass(slots=True, eq=False)
class _Block:
    cells: list[Cell]
    y: int = 0
    above: dict["_Block", int] = field(default_factory=dict)
    below: dict["_Block", int] = field(default_factory=dict)
    joined: list["_Block"] = field(default_factory=list)


def set_rows(sheet: Sheet, lanes: int, *, has_lanes: bool) -> tuple[Band, ...]:
    """Set `y` of every cell and return where each lane lies."""
    blocks = _blocks(sheet)
    by_lane: list[list[_Block]] = [[] for _ in range(lanes)]
    for block in blocks:
        by_lane[block.cells[0].lane].append(block)
    bands: list[Band] = []
    top = 0
    for inside in by_lane:
        _pack(inside)
        for turn in range(_ROUNDS):
            _draw_together(inside if turn % 2 else inside[::-1])
        top = _settle(inside, bands, top, has_lanes)
    return tuple(bands)


def _blocks(sheet: Sheet) -> list[_Block]:
    """Chain cells along the links that are to be straight."""
    next_of = _straight_links(sheet)
    has_previous = set(next_of.values())
    block_of: dict[Cell, _Block] = {}
    blocks: list[_Block] = []
    for layer in range(len(sheet.layers)):
        for cell in sheet.cells(layer):
            if cell in has_previous:
                continue
            block = _Block([])
            blocks.append(block)
            at: Cell | None = cell
            while at is not None:
                block.cells.append(at)
                block_of[at] = block
                at = next_of.get(at)
    for layer in range(len(sheet.layers)):
        cells = sheet.cells(layer)
        for upper, lower in zip(cells, cells[1:], strict=False):
            if upper.lane == lower.lane:
                room = upper.down + gap(upper, lower) + lower.up
                a, b = block_of[upper], block_of[lower]
                a.below[b] = b.above[a] = max(room, a.below.get(b, 0))
    pairs = list(sheet.links)
    pairs += [(slot, slot.owner) for wire in sheet.wires for slot in wire.slots if slot.owner is not None]
    for left, right in pairs:
        a, b = block_of[left], block_of[right]
        if a is not b and left.lane == right.lane:
            a.joined.append(b)
            b.joined.append(a)
    return _downwards(blocks)


def _straight_links(sheet: Sheet) -> dict[Cell, Cell]:
    """Choose links that become straight: each cell at most one on each side, and none across another."""
    main = {(wire.source, wire.target) for wire in sheet.wires if wire.is_main}

    def urgency(link: tuple[Cell, Cell]) -> int:
        left, right = link
        if link in sheet.heavy:
            return 0
        if left.node is None and right.node is None:
            return 1
        return 2 if link in main else 3

    chosen: dict[Cell, Cell] = {}
    taken: set[Cell] = set()
    pairs: list[list[tuple[int, int]]] = [[] for _ in sheet.layers]
    for link in sorted(sheet.links, key=lambda link: (urgency(link), link[0].layer, link[0].position)):
        left, right = link
        if left.lane != right.lane or left in chosen or right in taken:
            continue
        here = pairs[left.layer]
        place = bisect_left(here, (left.position, right.position))
        if place > 0 and here[place - 1][1] > right.position:
            continue
        if place < len(here) and here[place][1] < right.position:
            continue
        insort(here, (left.position, right.position))
        chosen[left] = right
        taken.add(right)
    return chosen


def _downwards(blocks: list[_Block]) -> list[_Block]:
    """Sort blocks so that each comes after those above it."""
    open_above = {block: len(block.above) for block in blocks}
    ready = [block for block in blocks if not block.above]
    done: list[_Block] = []
    while ready:
        block = ready.pop(0)
        done.append(block)
        for lower in block.below:
            open_above[lower] -= 1
            if open_above[lower] == 0:
                ready.append(lower)
    assert len(done) == len(blocks), "blocks that do not cross have an order"
    return done


def _pack(blocks: list[_Block]) -> None:
    for block in blocks:
        block.y = max((upper.y + room for upper, room in block.above.items()), default=0)


def _draw_together(blocks: list[_Block]) -> None:
    """Move each block towards the middle of those it is joined with, as far as its neighbours allow."""
    for block in blocks:
        if not block.joined:
            continue
        heights = sorted(other.y for other in block.joined)
        half = len(heights) // 2
        wanted = heights[half] if len(heights) % 2 else (heights[half - 1] + heights[half]) // 2
        lowest = min((lower.y - room for lower, room in block.below.items()), default=wanted)
        highest = max((upper.y + room for upper, room in block.above.items()), default=min(lowest, wanted))
        block.y = max(highest, min(lowest, wanted))


def _settle(blocks: list[_Block], bands: list[Band], top: int, has_lanes: bool) -> int:
    """Move a lane's blocks to where the lane begins, enter its band and return where the next one begins."""
    cells = [(block.y, cell) for block in blocks for cell in block.cells]
    padding = _LANE_PADDING if has_lanes else 0
    first = min((y - cell.up for y, cell in cells), default=0)
    last = max((y + cell.down for y, cell in cells), default=0)
    height = last - first + 2 * padding
    spare = max(0, _LANE_HEIGHT_MIN - height) if has_lanes else 0
    for y, cell in cells:
        cell.y = y - first + top + padding + spare // 2
    bands.append(Band(top, top + height + spare))
    return top + height + spare
