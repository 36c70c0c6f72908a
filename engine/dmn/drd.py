"""The diagram of a decision model's requirements: laid out once, told as DMN diagram data, as SVG and as Mermaid.

What is required stands below what requires it. A file keeps the diagram data that it has; one without gets some at
its end, and ids for its requirements where they have none, since a line must name what it draws.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import NamedTuple

from lxml import etree

from flowmaster.engine.bpmn.geometry import Box, Point
from flowmaster.engine.bpmn.svg_pen import INK, Pen, Style, attribute
from flowmaster.engine.dmn.reader import DmnModel
from flowmaster.engine.dmn.xml import NAMESPACES, Element, child, children, content, local, namespace

DC = "http://www.omg.org/spec/DMN/20180521/DC/"
DI = "http://www.omg.org/spec/DMN/20180521/DI/"
SWEEPS = 4
_SIZES = {
    "decision": (180, 80),
    "inputData": (125, 45),
    "businessKnowledgeModel": (135, 46),
    "knowledgeSource": (100, 63),
    "decisionService": (180, 80),
    "textAnnotation": (160, 50),
}
_LINKS = ("informationRequirement", "knowledgeRequirement", "authorityRequirement")
_ROW, _GAP, _MARGIN = 150, 40, 30


class Link(NamedTuple):
    """A requirement or association: its element, from what is required to what requires it."""

    element: Element
    kind: str
    source: str
    target: str


class Drawing(NamedTuple):
    """The boxes of the elements by id, and the lines between them."""

    nodes: Mapping[str, Element]
    boxes: Mapping[str, Box]
    links: Sequence[Link]
    lines: Sequence[tuple[Point, Point]]


def with_diagram(model: DmnModel) -> str:
    """Return the document of a model, with diagram data if it had none."""
    root = deepcopy(model.root)
    if not any(
        local(element) in ("DMNShape", "DMNEdge") for element in root.iter() if isinstance(element.tag, str)
    ):
        _add_diagram(root, drawing_of(root))
    text = etree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def drawing_of(root: Element) -> Drawing:
    """Lay out the elements of a document."""
    nodes = {element.get("id", ""): element for element in children(root, *_SIZES) if element.get("id")}
    links = [
        link
        for element in children(root)
        for link in _links(element)
        if link.source in nodes and link.target in nodes
    ]
    layers = _layers(nodes, links)
    _order(layers, links)
    width = max((_width(layer, nodes) for layer in layers), default=0)
    boxes: dict[str, Box] = {}
    for number, layer in enumerate(reversed(layers)):
        x = _MARGIN + (width - _width(layer, nodes)) // 2
        for name in layer:
            size = _SIZES[local(nodes[name])]
            boxes[name] = Box(x, _MARGIN + number * _ROW + (80 - size[1]) // 2, *size)
            x += size[0] + _GAP
    return Drawing(nodes, boxes, links, [_line(link, links, boxes) for link in links])


def _links(element: Element) -> list[Link]:
    if local(element) == "association":
        ends = [(child(element, end)) for end in ("sourceRef", "targetRef")]
        source, target = ((end.get("href", "") if end is not None else "").lstrip("#") for end in ends)
        return [Link(element, "association", target, source)]
    target = element.get("id", "")
    return [
        Link(need, local(need), required.get("href", "").lstrip("#"), target)
        for need in children(element, *_LINKS)
        for required in children(need)
        if required.get("href")
    ]


def _layers(nodes: Mapping[str, Element], links: Sequence[Link]) -> list[list[str]]:
    """Put each element above all it requires, and what requires nothing right below the lowest that requires it."""
    needs: dict[str, list[str]] = {name: [] for name in nodes}
    users: dict[str, list[str]] = {name: [] for name in nodes}
    for link in links:
        needs[link.target].append(link.source)
        users[link.source].append(link.target)
    depth = dict.fromkeys(nodes, 0)
    for _ in nodes:
        raised = {
            name: max([depth[name], *(depth[other] + 1 for other in needs[name] if other != name)])
            for name in nodes
        }
        if raised == depth or max(raised.values()) > len(nodes):
            break
        depth = raised
    for name in nodes:
        if not needs[name] and users[name]:
            depth[name] = max(0, min(depth[user] for user in users[name]) - 1)
    layers: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in nodes:
        layers[depth[name]].append(name)
    return [layer for layer in layers if layer]


def _order(layers: list[list[str]], links: Sequence[Link]) -> None:
    """Put each element near those that it is joined to in the layers next to it."""
    joined: dict[str, list[str]] = {}
    for link in links:
        joined.setdefault(link.source, []).append(link.target)
        joined.setdefault(link.target, []).append(link.source)
    for _ in range(SWEEPS):
        places = {name: place - len(layer) / 2 for layer in layers for place, name in enumerate(layer)}
        for layer in layers:
            layer.sort(
                key=lambda name: (
                    sum(places[other] for other in joined.get(name, [name])) / len(joined.get(name, [name]))
                )
            )


def _width(layer: Sequence[str], nodes: Mapping[str, Element]) -> int:
    return sum(_SIZES[local(nodes[name])][0] + _GAP for name in layer) - _GAP


def _line(link: Link, links: Sequence[Link], boxes: Mapping[str, Box]) -> tuple[Point, Point]:
    """Return the ends of a line; several that arrive at one box share its side.

    What is required stands below, in a circle of requirements beside what requires it.
    """
    source, target = boxes[link.source], boxes[link.target]
    arriving = sorted(
        (other for other in links if other.target == link.target),
        key=lambda other: boxes[other.source].center.x,
    )
    end = target.x + target.width * (arriving.index(link) + 1) // (len(arriving) + 1)
    if source.y >= target.bottom:
        return Point(source.center.x, source.y), Point(end, target.bottom)
    if source.x < target.x:
        return Point(source.right, source.center.y), Point(target.x, target.center.y)
    return Point(source.x, source.center.y), Point(target.right, target.center.y)


def _add_diagram(root: Element, drawing: Drawing) -> None:
    version = NAMESPACES[namespace(root)]
    model = "https://www.omg.org/spec/DMN/20191111/MODEL/" if version < "1.2" else namespace(root)
    space = model.replace("/MODEL/", "/DMNDI/")
    taken = {element.get("id", "") for element in root.iter() if isinstance(element.tag, str)}
    whole = etree.SubElement(root, f"{{{space}}}DMNDI", nsmap={"dmndi": space, "dc": DC, "di": DI})
    diagram = etree.SubElement(whole, f"{{{space}}}DMNDiagram", id=_free("diagram", taken))
    for name, box in drawing.boxes.items():
        shape = etree.SubElement(diagram, f"{{{space}}}DMNShape", id=_free(f"shape_{name}", taken))
        shape.set("dmnElementRef", name)
        if local(drawing.nodes[name]) == "decisionService":
            shape.set("isCollapsed", "true")
        bounds = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
        etree.SubElement(shape, f"{{{DC}}}Bounds", {key: str(value) for key, value in bounds.items()})
    for link, ends in zip(drawing.links, drawing.lines, strict=True):
        if not link.element.get("id"):
            link.element.set("id", _free(f"need_{link.target}_{link.source}", taken))
        edge = etree.SubElement(
            diagram, f"{{{space}}}DMNEdge", id=_free(f"edge_{link.element.get('id')}", taken)
        )
        edge.set("dmnElementRef", link.element.get("id", ""))
        for point in ends:
            etree.SubElement(edge, f"{{{DI}}}waypoint", x=str(point.x), y=str(point.y))
    etree.indent(whole, level=1)


def _free(name: str, taken: set[str]) -> str:
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    taken.add(found)
    return found


def draw_requirements(model: DmnModel) -> str:
    """Return the requirements of a model as SVG."""
    drawing = drawing_of(model.root)
    pen, style = Pen(), Style()
    for link, (start, end) in zip(drawing.links, drawing.lines, strict=True):
        dashes = "" if link.kind == "informationRequirement" else ' stroke-dasharray="5 4"'
        pen.path(f"M{start.x} {start.y}L{end.x} {end.y}", Style(fill="none", weight="1.5"), extra=dashes)
        if link.kind != "association":
            pen.arrow((start, end), style, is_open=link.kind == "knowledgeRequirement")
    for name, box in drawing.boxes.items():
        element = drawing.nodes[name]
        pen.put(f"<g data-element={attribute(name)}>")
        _shape(pen, local(element), box, style)
        pen.text_in(_name(element), Box(box.x + 8, box.y, box.width - 16, box.height), INK, lines_max=3)
        pen.put("</g>")
    width = max((box.right for box in drawing.boxes.values()), default=170) + _MARGIN
    height = max((box.bottom for box in drawing.boxes.values()), default=50) + _MARGIN
    return pen.page(model.name or "Decision requirements", width, height)


def _shape(pen: Pen, kind: str, box: Box, style: Style) -> None:
    match kind:
        case "inputData":
            pen.rect(box, style, radius=box.height // 2)
        case "businessKnowledgeModel":
            right, bottom, cut = box.right, box.bottom, 14
            pen.path(
                f"M{box.x + cut} {box.y}L{right} {box.y}L{right} {bottom - cut}L{right - cut} {bottom}"
                f"L{box.x} {bottom}L{box.x} {box.y + cut}z",
                style,
            )
        case "knowledgeSource":
            wave = f"q{box.width // 4} 14 {box.width // 2} 0t{box.width // 2} 0"
            pen.path(f"M{box.x} {box.bottom - 6}{wave}L{box.right} {box.y}L{box.x} {box.y}z", style)
        case "decisionService":
            pen.rect(box, style, radius=14)
        case "textAnnotation":
            pen.path(
                f"M{box.x + 12} {box.y}L{box.x} {box.y}L{box.x} {box.bottom}L{box.x + 12} {box.bottom}",
                Style(fill="none"),
            )
        case _:
            pen.rect(box, style)


def _name(element: Element) -> str:
    return element.get("name", "") or content(child(element, "text")) or element.get("id", "")


_BRACKETS = {
    "inputData": ("([", "])"),
    "businessKnowledgeModel": ("[/", "/]"),
    "knowledgeSource": (">", "]"),
    "decisionService": ("(", ")"),
}


def mermaid_of(model: DmnModel) -> str:
    """Return the requirements of a model as a Mermaid flow chart."""
    drawing = drawing_of(model.root)
    numbers = {name: f"n{number}" for number, name in enumerate(drawing.nodes)}
    lines = ["flowchart BT"]
    for name, element in drawing.nodes.items():
        opening, closing = _BRACKETS.get(local(element), ("[", "]"))
        text = (
            _name(element)
            .replace("&", "&amp;")
            .replace('"', "&quot;")
            .replace("<", "&lt;")
            .replace("\n", " ")
        )
        lines.append(f'  {numbers[name]}{opening}"{text}"{closing}')
    for link in drawing.links:
        arrow = {"informationRequirement": "-->", "association": "-.-"}.get(link.kind, "-.->")
        lines.append(f"  {numbers[link.source]} {arrow} {numbers[link.target]}")
    return "\n".join(lines)
