"""Places for the names that stand outside their shapes: events, gateways, data, flows.

Each label has a few possible places, the best first; the one that covers least of what is drawn already wins.
"""

from dataclasses import dataclass, field

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.geometry import Box, Point
from flowmaster.engine.bpmn.layout_picture import Picture
from flowmaster.engine.bpmn.layout_scopes import FLOW_LABEL_WIDTH, label_size
from flowmaster.engine.bpmn.lettering import label_lines
from flowmaster.engine.bpmn.vocabulary import GATEWAY_KINDS

_AWAY = 4
_BUCKET = 120
_SHAPE_PRICE = 40
_LABEL_PRICE = 60
_WIRE_PRICE = 12
_BORDER_PRICE = 14
_HEADER = 30
_RANK_PRICE = 1


def set_labels(document: BpmnDocument, picture: Picture) -> None:
    """Set the box of every label of a picture."""
    taken = _taken(picture)
    for identifier, box in picture.boxes.items():
        element = document.element(identifier)
        width, height = label_size(document, element)
        if width:
            places = _beside(element, box, width, height, is_above=identifier in picture.above)
            picture.labels[identifier] = taken.take(places)
    for identifier, way in picture.ways.items():
        flow = document.element(identifier)
        if flow.name.strip() and len(way) > 1:
            picture.labels[identifier] = taken.take(_along(flow, way))


def _taken(picture: Picture) -> "_Taken":
    """Return what is drawn before there are any labels."""
    taken = _Taken()
    containers = picture.horizontal | picture.groups | picture.expanded
    for identifier, box in picture.boxes.items():
        if identifier in containers:
            for bar in _bars(box):
                taken.add(bar, _BORDER_PRICE)
        else:
            taken.add(box, _SHAPE_PRICE)
        if identifier in picture.horizontal:
            taken.add(Box(box.x, box.y, _HEADER, box.height), _SHAPE_PRICE)
    for identifier in picture.expanded:
        box = picture.boxes[identifier]
        taken.add(Box(box.x, box.y, box.width, 28), _SHAPE_PRICE)
    for way in picture.ways.values():
        for a, b in zip(way, way[1:], strict=False):
            left, top = min(a.x, b.x), min(a.y, b.y)
            taken.add(Box(left, top, max(1, abs(a.x - b.x)), max(1, abs(a.y - b.y))), _WIRE_PRICE)
    return taken


def likely_labels(document: BpmnDocument, picture: Picture) -> list[Box]:
    """Return where the names of nodes would stand best, before lines are found for what joins them."""
    found: list[Box] = []
    for identifier, box in picture.boxes.items():
        element = document.find(identifier)
        width, height = (0, 0) if element is None else label_size(document, element)
        if element is not None and width:
            found.append(_beside(element, box, width, height, is_above=identifier in picture.above)[0])
    return found


@dataclass(slots=True)
class _Taken:
    """What is drawn already, in buckets of the plane, each part with the price of covering it."""

    buckets: dict[tuple[int, int], list[tuple[Box, int]]] = field(default_factory=dict)

    def add(self, box: Box, price: int) -> None:
        for bucket in _buckets(box):
            self.buckets.setdefault(bucket, []).append((box, price))

    def take(self, places: list[Box]) -> Box:
        """Return the cheapest of some places and enter it."""
        ranked = [(self._price(place) + rank * _RANK_PRICE, rank) for rank, place in enumerate(places)]
        best = places[min(ranked)[1]]
        self.add(best, _LABEL_PRICE)
        return best

    def _price(self, place: Box) -> int:
        found = {
            id(entry): entry[1]
            for bucket in _buckets(place)
            for entry in self.buckets.get(bucket, ())
            if entry[0].overlaps(place)
        }
        return sum(found.values())


def _bars(box: Box) -> list[Box]:
    """Return the four sides of a box."""
    return [
        Box(box.x, box.y, box.width, 1),
        Box(box.x, box.bottom, box.width, 1),
        Box(box.x, box.y, 1, box.height),
        Box(box.right, box.y, 1, box.height),
    ]


def _buckets(box: Box) -> list[tuple[int, int]]:
    return [
        (x, y)
        for x in range(box.x // _BUCKET, box.right // _BUCKET + 1)
        for y in range(box.y // _BUCKET, box.bottom // _BUCKET + 1)
    ]


def _beside(element: Element, box: Box, width: int, height: int, *, is_above: bool) -> list[Box]:
    """Below an event or piece of data, above a gateway; elsewhere round it where that is taken."""
    middle = box.center.x - width // 2
    left, right = box.center.x - _AWAY - width, box.center.x + _AWAY
    over, under = box.y - height - 2, box.bottom + 2
    beside = box.center.y - height // 2
    if element.kind == "boundaryEvent":
        places = [(left, under), (right, under), (left, under + 12), (right, under + 12)]
        places += [
            (box.right + 2, box.center.y + 2),
            (middle, under + 10),
            (box.x - width - 2, box.center.y + 2),
        ]
    elif element.kind in GATEWAY_KINDS:
        places = [(middle, over), (left, over), (right, over), (middle, under), (left, under), (right, under)]
        places += [(middle - width // 4, over), (middle + width // 4, over)]
    elif is_above:
        places = [(middle, over), (box.right + _AWAY, beside), (box.x - width - _AWAY, beside)]
    else:
        places = [(middle, under), (middle, over), (right, under), (left, under), (left, over), (right, over)]
    return [Box(x, y, width, height) for x, y in places]


def _along(flow: Element, way: list[Point]) -> list[Box]:
    """Above the beginning of the first level part that is long enough, else anywhere along the line."""
    lines = label_lines(flow.name, FLOW_LABEL_WIDTH, 4)
    width, height = lines.width, lines.height
    near: list[tuple[int, int]] = []
    far: list[tuple[int, int]] = []
    for a, b in zip(way, way[1:], strict=False):
        x, y = (a.x + b.x) // 2, (a.y + b.y) // 2
        if a.x == b.x:
            for at in (y, (3 * a.y + b.y) // 4, (a.y + 3 * b.y) // 4):
                far += [(x + _AWAY, at - height // 2), (x - _AWAY - width, at - height // 2)]
            continue
        begin = a.x + 6 if b.x > a.x else a.x - 6 - width
        fits = near if abs(a.x - b.x) >= width + 10 else far
        fits += [(begin, a.y - height - 2), (begin, a.y + 3)]
        fits += [(x - width // 2, a.y - height - 2), (x - width // 2, a.y + 3)]
        end = b.x - 14 - width if b.x > a.x else b.x + 14
        fits += [(end, a.y - height - 2), (end, a.y + 3)]
    return [Box(x, y, width, height) for x, y in (*near, *far)]
