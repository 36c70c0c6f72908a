"""Automatic layout: a complete diagram for any BPMN document.

The flow of each process and sub-process is laid out in layers from left to right, inner scopes first; pools stand
one below the other; what joins pools and scopes finds its way round the boxes at the end.
"""

from dataclasses import dataclass, field

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.geometry import Box, Point
from flowmaster.engine.bpmn.layout_cells import Band, Placement
from flowmaster.engine.bpmn.layout_grid import Wires
from flowmaster.engine.bpmn.layout_groups import place_groups
from flowmaster.engine.bpmn.layout_labels import likely_labels, set_labels
from flowmaster.engine.bpmn.layout_parts import place
from flowmaster.engine.bpmn.layout_picture import Page, Picture, write
from flowmaster.engine.bpmn.layout_scopes import INNER_PADDING, ScopePlan, plan, scopes_inside_out, size_of
from flowmaster.engine.bpmn.layout_search import Search, doubled
from flowmaster.engine.bpmn.lettering import broken, text_width
from flowmaster.engine.bpmn.vocabulary import DATA_ASSOCIATION_KINDS, FLOW_NODE_KINDS, SUB_PROCESS_KINDS

HEADER = 30
"""Width of the strip with the name at the left of a pool or lane."""

_ORIGIN = Point(160, 80)
_GAP_COMPONENTS = 40
_GAP_PAGES = 100
_GAP_POOLS = 70
_POOL_PADDING = 30
_POOL_WIDTH_MIN = 400
_POOL_HEIGHT_MIN = 120
_BLACK_BOX_HEIGHT = 60


def lay_out(document: BpmnDocument) -> None:
    """Replace the diagram of a document by a complete new one; the same document gives the same diagram."""
    give_ids(document, document.root)
    studio = _Studio(document)
    for scope in scopes_inside_out(document):
        studio.arrange(scope)
    picture = Picture()
    y = _ORIGIN.y
    for page in studio.pages():
        y = studio.draw(page, picture, y) + _GAP_PAGES
    studio.join_loose(picture)
    set_labels(document, picture)
    write(document, picture)


def give_ids(document: BpmnDocument, inside: Element) -> None:
    """Give an id to all inside an element that is drawn, since the diagram refers to it."""
    for element in list(inside.descendants()):
        if not element.id and element.kind in _DRAWN_KINDS:
            element.set("id", document.new_id(element.name or element.kind))


@dataclass(slots=True)
class _Arranged:
    plan: ScopePlan
    placement: Placement
    content: Point
    """Where the content begins inside the scope's own box."""


@dataclass(slots=True)
class _Studio:
    document: BpmnDocument
    arranged: dict[str, _Arranged] = field(default_factory=dict)
    sizes: dict[str, Box] = field(default_factory=dict)
    placed: set[str] = field(default_factory=set)

    def arrange(self, scope: Element) -> None:
        """Lay out what is directly inside a scope, whose sub-processes are arranged already."""
        found = plan(self.document, scope, self.sizes)
        if not found.nodes:
            if scope.kind == "process":
                self.arranged[scope.id] = _Arranged(found, Placement({}, {}, (), 0, 0), Point(0, 0))
            return
        placement = place(found)
        content = Point(0, 0)
        if scope.kind in SUB_PROCESS_KINDS:
            title = broken(scope.name, max(placement.width, 200))
            content = Point(INNER_PADDING, INNER_PADDING + (title.height + 4 if title.lines else 0))
            lanes = HEADER * bool(found.lanes)
            width = placement.width + 2 * INNER_PADDING + lanes
            content = content.moved(lanes, 0)
            self.sizes[scope.id] = Box(0, 0, width, placement.height + content.y + INNER_PADDING)
        self.arranged[scope.id] = _Arranged(found, placement, content)

    def pages(self) -> list[Page]:
        """Return the diagrams to draw: one per collaboration, one per process in none."""
        pages: list[Page] = []
        drawn: set[str] = set()
        for collaboration in self.document.collaborations:
            participants = collaboration.children("participant")
            if participants:
                pages.append(Page(collaboration, participants))
                drawn.update(one.id for one in map(self._process, participants) if one is not None)
        pages += [Page(process, []) for process in self.document.processes if process.id not in drawn]
        return pages

    def draw(self, page: Page, picture: Picture, top: int) -> int:
        """Place everything of one page below `top` and return where it ends."""
        picture.pages.append(page)
        first = len(picture.boxes)
        if page.owner.kind == "process":
            self._place_scope(page.owner, picture, Point(_ORIGIN.x, top))
        else:
            self._place_pools(page, picture, top)
        bottom = max((box.bottom for box in list(picture.boxes.values())[first:]), default=top)
        x = _ORIGIN.x
        for note in page.owner.children("textAnnotation"):
            if note.id not in picture.boxes:
                width, height = size_of(self.document, note, {})
                picture.boxes[note.id] = Box(x, bottom + _GAP_COMPONENTS, width, height)
                x += width + _GAP_COMPONENTS
        place_groups(self.document, page, picture, list(picture.boxes)[first:])
        boxes = list(picture.boxes.items())[first:]
        page.ids.update(identifier for identifier, _ in boxes)
        return max((box.bottom for _, box in boxes), default=top)

    def _process(self, participant: Element) -> Element | None:
        process = self.document.reference(participant, "processRef")
        return process if process is not None and process.kind == "process" else None

    def _place_pools(self, page: Page, picture: Picture, top: int) -> None:
        contents: list[tuple[Element, Element | None, int]] = []
        for pool in page.participants:
            process = self._process(pool)
            if process is None or process.id in self.placed or not self._has_content(process):
                contents.append((pool, None, 0))
                continue
            self.placed.add(process.id)
            depth = _lane_depth(process)
            width = HEADER * (1 + depth) + self.arranged[process.id].placement.width + 2 * _POOL_PADDING
            contents.append((pool, process, width))
        width = max([_POOL_WIDTH_MIN, *(needed for _, _, needed in contents)])
        for pool, process, _ in contents:
            height = _BLACK_BOX_HEIGHT
            if process is not None:
                height = self._place_process(process, picture, Point(_ORIGIN.x, top), width, pool.name)
            picture.boxes[pool.id] = Box(_ORIGIN.x, top, width, height)
            picture.horizontal.add(pool.id)
            top += height + _GAP_POOLS

    def _has_content(self, process: Element) -> bool:
        return bool(self.arranged[process.id].plan.nodes or self.arranged[process.id].plan.lanes)

    def _place_process(
        self, process: Element, picture: Picture, corner: Point, width: int, title: str
    ) -> int:
        """Place a process inside its pool and return how high the pool is."""
        arranged = self.arranged[process.id]
        x = corner.x + HEADER * (1 + _lane_depth(process)) + _POOL_PADDING
        padding = 0 if arranged.plan.lanes else _POOL_PADDING
        needed = max(_POOL_HEIGHT_MIN, text_width(title) + 20)
        height = max(arranged.placement.height + 2 * padding, needed)
        spare = (height - arranged.placement.height - 2 * padding) // 2
        y = corner.y + padding + (0 if arranged.plan.lanes else spare)
        picture.rooms[process.id] = Box(corner.x + HEADER, corner.y, width - HEADER, height)
        self._place_scope(process, picture, Point(x, y))
        return height

    def _place_scope(self, scope: Element, picture: Picture, corner: Point) -> None:
        """Place a scope's content with its upper left corner at `corner`, and all sub-processes inside."""
        waiting = [(scope, corner)]
        while waiting:
            scope, corner = waiting.pop()
            arranged = self.arranged[scope.id]
            for identifier, box in arranged.placement.boxes.items():
                picture.boxes[identifier] = box.moved(corner.x, corner.y)
                inside = self.arranged.get(identifier)
                if inside is not None:
                    picture.expanded.add(identifier)
                    start = corner.moved(box.x + inside.content.x, box.y + inside.content.y)
                    spare = box.width - self.sizes[identifier].width
                    waiting.append((inside.plan.scope, start.moved(spare // 2, 0)))
            picture.above.update(one.id for node in arranged.plan.nodes for one in node.above)
            for identifier, way in arranged.placement.ways.items():
                picture.ways[identifier] = [point.moved(corner.x, corner.y) for point in way]
            self._place_lanes(arranged, picture, corner)

    def _place_lanes(self, arranged: _Arranged, picture: Picture, corner: Point) -> None:
        scope, bands = arranged.plan.scope, arranged.placement.bands
        if not arranged.plan.lanes:
            return
        room = picture.rooms.get(scope.id)
        if room is None:
            depth = _lane_depth(scope)
            padding = _POOL_PADDING * (scope.kind == "process")
            left = corner.x - padding - HEADER * depth
            width = arranged.placement.width + 2 * padding + HEADER * depth
            room = Box(left, corner.y, width, bands[-1].bottom if bands else 0)
        band_of = dict(zip(arranged.plan.lanes, bands, strict=True))
        spare = room.bottom - corner.y - bands[-1].bottom
        band_of[arranged.plan.lanes[-1]] = Band(bands[-1].top, bands[-1].bottom + max(0, spare))
        for lane_set in scope.children("laneSet"):
            for lane in lane_set.descendants("lane"):
                inside = [band_of[one] for one in (lane, *lane.descendants("lane")) if one in band_of]
                shift = HEADER * sum(up.kind == "lane" for up in lane.ancestors())
                top, bottom = inside[0].top, inside[-1].bottom
                box = Box(room.x + shift, corner.y + top, room.width - shift, bottom - top)
                picture.boxes[lane.id] = box
                picture.horizontal.add(lane.id)

    def join_loose(self, picture: Picture) -> None:
        """Find ways for the edges that the layers do not carry, and boxes for groups."""
        edges = [edge for arranged in self.arranged.values() for edge in arranged.plan.loose]
        for identifier in doubled(self.document, picture.ways):
            del picture.ways[identifier]
            edges.append(self.document.element(identifier))
        for association in self.document.root.descendants(*_ASSOCIATION_KINDS):
            if association.id and association.id not in picture.ways:
                edges.append(association)
        for collaboration in self.document.collaborations:
            edges.extend(collaboration.children("messageFlow"))
        containers = picture.expanded | picture.horizontal | picture.groups
        wires = Wires()
        for way in picture.ways.values():
            wires.add(way)
        solid = [box for identifier, box in picture.boxes.items() if identifier not in containers]
        solid += [picture.boxes[identifier] for identifier in picture.expanded]
        pools = [picture.boxes[pool.id] for page in picture.pages for pool in page.participants]
        search = Search(solid, wires, names=likely_labels(self.document, picture), pools=pools)
        for edge in edges:
            self._join(edge, picture, search)

    def _join(self, edge: Element, picture: Picture, search: Search) -> None:
        start, end = self.document.start_of(edge), self.document.end_of(edge)
        if start is None or end is None:
            return
        source, target = _box_of(start, picture), _box_of(end, picture)
        if source is None or target is None or start == end:
            return
        if edge.kind == "association" or edge.kind in _ASSOCIATION_KINDS:
            straight = _straight_down(source, target)
            if straight is not None and not _is_blocked(straight, picture, {start.id, end.id}):
                picture.ways[edge.id] = straight
                return
        passable = [
            picture.boxes[up.id]
            for one in (start, end)
            for up in one.ancestors()
            if up.id in picture.expanded
        ]
        sides = ("bt", "tb") if source.center.y <= target.center.y else ("tb", "bt")
        rest = "rl" if source.center.x <= target.center.x else "lr"
        if edge.kind in ("sequenceFlow", "association"):
            sides, rest = (rest, rest[::-1]), sides[0]
            order = (sides[0] + rest, sides[1] + rest[::-1])
        else:
            order = (sides[0] + rest, sides[1] + rest[::-1])
        picture.ways[edge.id] = search.way(
            source, target, passable=passable, source_sides=order[0], target_sides=order[1]
        )


_ASSOCIATION_KINDS = ("association", *DATA_ASSOCIATION_KINDS)
_DRAWN_KINDS = frozenset(
    {*_ASSOCIATION_KINDS, "sequenceFlow", "messageFlow", "participant", "lane", "group", "textAnnotation"}
) | frozenset({*FLOW_NODE_KINDS, "process", "collaboration", "dataObjectReference", "dataStoreReference"})


def _lane_depth(scope: Element) -> int:
    """Return how many lane headers stand side by side."""
    depth = 0
    for lane in scope.descendants("lane"):
        depth = max(depth, 1 + sum(up.kind == "lane" for up in lane.ancestors()))
    return depth


def _box_of(element: Element, picture: Picture) -> Box | None:
    """Return the box of an element, or a dot in the middle of an edge that a note is attached to."""
    if element.id in picture.boxes:
        return picture.boxes[element.id]
    way = picture.ways.get(element.id)
    if not way:
        return None
    a, b = max(zip(way, way[1:], strict=False), key=lambda pair: abs(pair[0].x - pair[1].x))
    return Box((a.x + b.x) // 2, (a.y + b.y) // 2, 0, 0)


def _straight_down(source: Box, target: Box) -> list[Point] | None:
    if abs(source.center.x - target.center.x) > 2:
        return None
    x = source.center.x
    if source.bottom < target.y:
        return [Point(x, source.bottom), Point(x, target.y)]
    if target.bottom < source.y:
        return [Point(x, source.y), Point(x, target.bottom)]
    return None


def _is_blocked(way: list[Point], picture: Picture, ends: set[str]) -> bool:
    low, high = sorted((way[0].y, way[1].y))
    line = Box(way[0].x, low + 1, 1, high - low - 2)
    containers = picture.horizontal | picture.groups | picture.expanded
    return any(
        box.overlaps(line)
        for name, box in picture.boxes.items()
        if name not in ends and name not in containers
    )
