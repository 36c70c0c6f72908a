"""Second step of the layout: order the cells of each layer so that few wires cross.

Units are sorted by the middle of their neighbours, layer by layer, forwards and backwards; then neighbours trade
places where that helps. Lanes keep their order.
"""

from bisect import bisect_right, insort

from flowmaster.engine.bpmn.layout_cells import Cell, Sheet

_SWEEPS = 8
_TRADES_MAX = 6
_DIRECTIONS = 2
"""After so many sweeps in a row that changed nothing, no other will."""
_Unit = tuple[Cell, ...]
_Near = dict[Cell, list[Cell]]


def order(sheet: Sheet) -> None:
    """Order every layer of the sheet and number the positions of its cells."""
    left: _Near = {}
    right: _Near = {}
    for a, b in sheet.links:
        right.setdefault(a, []).append(b)
        left.setdefault(b, []).append(a)
    _number_all(sheet)
    first = _snapshot(sheet)
    best, least = first, -1
    for begins_forwards in (True, False):
        sheet.layers = [list(units) for units in first]
        _number_all(sheet)
        still = 0
        for sweep in range(_SWEEPS + 1):
            before = _snapshot(sheet)
            if sweep > 0:
                _sweep(sheet, left, right, forwards=begins_forwards == (sweep % 2 == 1))
            _trade(sheet, left, right)
            still = still + 1 if sweep > 0 and sheet.layers == before else 0
            if still == 0:
                cost = _cost(sheet, right)
                if least < 0 or cost < least:
                    best, least = _snapshot(sheet), cost
            if least == 0 or still == _DIRECTIONS:
                break
        if least == 0:
            break
    sheet.layers = best
    _number_all(sheet)


def _sweep(sheet: Sheet, left: _Near, right: _Near, *, forwards: bool) -> None:
    layers = range(1, len(sheet.layers)) if forwards else range(len(sheet.layers) - 2, -1, -1)
    for layer in layers:
        _sort(sheet, layer, left if forwards else right)


def _snapshot(sheet: Sheet) -> list[list[_Unit]]:
    return [list(units) for units in sheet.layers]


def _number(sheet: Sheet, layer: int) -> None:
    for position, cell in enumerate(sheet.cells(layer)):
        cell.position = position


def _number_all(sheet: Sheet) -> None:
    for layer in range(len(sheet.layers)):
        _number(sheet, layer)


def _sort(sheet: Sheet, layer: int, neighbours: _Near) -> None:
    keys = {unit: _middle(unit, neighbours) for unit in sheet.layers[layer]}
    sheet.layers[layer].sort(key=lambda unit: (unit[0].lane, keys[unit]))
    _number(sheet, layer)


def _middle(unit: _Unit, neighbours: _Near) -> float:
    places = [near.position for cell in unit for near in neighbours.get(cell, ())]
    owner = unit[0].owner
    if not places and owner is not None:
        shift = 0.25 if unit[0].position > owner.position else -0.25
        return shift + _middle((owner,), neighbours)
    return sum(places) / len(places) if places else float(unit[0].position)


def _cost(sheet: Sheet, right: _Near) -> int:
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


def _trade(sheet: Sheet, left: _Near, right: _Near) -> None:
    """Let neighbours trade places; a layer is looked at again when it or one beside it has changed."""
    stale = set(range(len(sheet.layers)))
    for _ in range(_TRADES_MAX):
        changed: set[int] = set()
        for layer in range(len(sheet.layers)):
            if layer in stale and _trade_layer(sheet, layer, left, right):
                changed.add(layer)
                stale.add(layer + 1)
        if not changed:
            return
        stale = {layer + side for layer in changed for side in (-1, 0, 1)}


def _trade_layer(sheet: Sheet, layer: int, left: _Near, right: _Near) -> bool:
    units = sheet.layers[layer]
    if len(units) == 1:
        return False
    ends = {unit: (_ends(unit, left), _ends(unit, right)) for unit in units}
    changed = False
    for place in range(len(units) - 1):
        upper, lower = units[place], units[place + 1]
        if upper[0].lane != lower[0].lane:
            continue
        over, under = ends[upper], ends[lower]
        gain = _gain(over[0], under[0]) + _gain(over[1], under[1]) + _owner_gain(upper, lower)
        if gain > 0:
            units[place], units[place + 1] = lower, upper
            first = upper[0].position
            for position, cell in enumerate((*lower, *upper), first):
                cell.position = position
            changed = True
    return changed


def _ends(unit: _Unit, neighbours: _Near) -> list[int]:
    """Return where the wires of a unit end in the layer on one side."""
    return [near.position for cell in unit for near in neighbours.get(cell, ())]


def _gain(over: list[int], under: list[int]) -> int:
    """Return how many crossings on one side are saved when two units with these ends trade."""
    gain = 0
    for a in over:
        for b in under:
            gain += (a > b) - (a < b)
    return gain


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
