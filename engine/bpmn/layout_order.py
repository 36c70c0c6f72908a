"""Second step of the layout: order the cells of each layer so that few wires cross.

Units are sorted by the middle of their neighbours, layer by layer, forwards and backwards; then neighbours trade
places where that helps. Lanes keep their order.
"""

from bisect import bisect_right, insort

from flowmaster.engine.bpmn.layout_cells import Cell, Sheet

_SWEEPS = 8
_TRADES_MAX = 6
_Unit = tuple[Cell, ...]


def order(sheet: Sheet) -> None:
    """Order every layer of the sheet and number the positions of its cells."""
    left: dict[Cell, list[Cell]] = {}
    right: dict[Cell, list[Cell]] = {}
    for a, b in sheet.links:
        right.setdefault(a, []).append(b)
        left.setdefault(b, []).append(a)
    for layer in range(len(sheet.layers)):
        _number(sheet, layer)
    first = _snapshot(sheet)
    best, least = first, -1
    for begins_forwards in (True, False):
        sheet.layers = [list(units) for units in first]
        for layer in range(len(sheet.layers)):
            _number(sheet, layer)
        for sweep in range(_SWEEPS + 1):
            if sweep > 0:
                _sweep(sheet, left, right, forwards=begins_forwards == (sweep % 2 == 1))
            _trade(sheet, left, right)
            cost = _cost(sheet, right)
            if least < 0 or cost < least:
                best, least = _snapshot(sheet), cost
            if least == 0:
                break
    sheet.layers = best
    for layer in range(len(sheet.layers)):
        _number(sheet, layer)


def _sweep(
    sheet: Sheet, left: dict[Cell, list[Cell]], right: dict[Cell, list[Cell]], *, forwards: bool
) -> None:
    layers = range(1, len(sheet.layers)) if forwards else range(len(sheet.layers) - 2, -1, -1)
    for layer in layers:
        _sort(sheet, layer, left if forwards else right)


def _snapshot(sheet: Sheet) -> list[list[_Unit]]:
    return [list(units) for units in sheet.layers]


def _number(sheet: Sheet, layer: int) -> None:
    for position, cell in enumerate(sheet.cells(layer)):
        cell.position = position


def _sort(sheet: Sheet, layer: int, neighbours: dict[Cell, list[Cell]]) -> None:
    keys = {unit: _middle(unit, neighbours) for unit in sheet.layers[layer]}
    sheet.layers[layer].sort(key=lambda unit: (unit[0].lane, keys[unit]))
    _number(sheet, layer)


def _middle(unit: _Unit, neighbours: dict[Cell, list[Cell]]) -> float:
    places = [near.position for cell in unit for near in neighbours.get(cell, ())]
    owner = unit[0].owner
    if not places and owner is not None:
        shift = 0.25 if unit[0].position > owner.position else -0.25
        return shift + _middle((owner,), neighbours)
    return sum(places) / len(places) if places else float(unit[0].position)


def _cost(sheet: Sheet, right: dict[Cell, list[Cell]]) -> int:
    """Count crossings between layers, and what lies between a slot and the node it turns into."""
    cost = 0
    for layer in range(len(sheet.layers)):
        cells = sheet.cells(layer)
        passed: list[int] = []
        for cell in cells:
            ends = sorted(near.position for near in right.get(cell, ()))
            cost += sum(len(passed) - bisect_right(passed, end) for end in ends)
            for end in ends:
                insort(passed, end)
            if cell.owner is not None and cell.owner.layer == layer:
                cost += _between(cells, cell.position, cell.owner.position)
    return cost


def _between(cells: list[Cell], a: int, b: int) -> int:
    return sum(3 if cell.node is not None else 1 for cell in cells[min(a, b) + 1 : max(a, b)])


def _trade(sheet: Sheet, left: dict[Cell, list[Cell]], right: dict[Cell, list[Cell]]) -> None:
    for _ in range(_TRADES_MAX):
        changed = [_trade_layer(sheet, layer, left, right) for layer in range(len(sheet.layers))]
        if not any(changed):
            return


def _trade_layer(
    sheet: Sheet, layer: int, left: dict[Cell, list[Cell]], right: dict[Cell, list[Cell]]
) -> bool:
    units = sheet.layers[layer]
    changed = False
    for place in range(len(units) - 1):
        upper, lower = units[place], units[place + 1]
        if upper[0].lane != lower[0].lane:
            continue
        gain = _gain(upper, lower, left) + _gain(upper, lower, right) + _owner_gain(upper, lower)
        if gain > 0:
            units[place], units[place + 1] = lower, upper
            first = upper[0].position
            for position, cell in enumerate((*lower, *upper), first):
                cell.position = position
            changed = True
    return changed


def _gain(upper: _Unit, lower: _Unit, neighbours: dict[Cell, list[Cell]]) -> int:
    """Return how many crossings a trade of the two saves on one side."""
    above = [near.position for cell in upper for near in neighbours.get(cell, ())]
    below = [near.position for cell in lower for near in neighbours.get(cell, ())]
    return sum((a > b) - (a < b) for a in above for b in below)


def _owner_gain(upper: _Unit, lower: _Unit) -> int:
    """Return how much nearer slots come to the nodes they turn into when the two trade."""
    gain = 0
    for unit, other, sign in ((upper, lower, 1), (lower, upper, -1)):
        for cell in unit:
            owner = cell.owner
            if owner is None or owner in unit:
                continue
            weight = sum(3 if one.node is not None else 1 for one in other)
            if owner in other:
                continue
            moves_towards = (owner.position > cell.position) == (sign > 0)
            gain += weight if moves_towards else -weight
    return gain
