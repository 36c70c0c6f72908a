"""Random BPMN models of every kind of element that is drawn, the same for the same seed."""

from random import Random

from flowmaster.engine.bpmn.document import BpmnDocument, new_document
from flowmaster.engine.bpmn.element import Element

_TASKS = ("userTask", "serviceTask", "scriptTask", "task", "callActivity", "sendTask")
_GATEWAYS = ("exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway")
_WORDS = (
    "check",
    "invoice",
    "approve",
    "order",
    "customer",
    "send",
    "reminder",
    "archive",
    "the",
    "of",
    "contract",
)


def random_model(seed: int, size: int = 20) -> BpmnDocument:
    """Return a model with about `size` nodes: loops, lanes, sub-processes, boundary events, data, pools."""
    random = Random(seed)
    document = new_document("main", "Main process")
    process = document.processes[0]
    nodes = _fill(document, process, random, size, depth=0)
    if random.random() < 0.5:
        _add_lanes(document, process, random, nodes)
    if random.random() < 0.4:
        _add_pools(document, process, random, nodes)
    return document


def large_model(size: int, seed: int = 1) -> BpmnDocument:
    """Return one flat process with `size` nodes and flows together."""
    random = Random(seed)
    document = new_document("large", "Large process")
    process = document.processes[0]
    nodes = [process.add("startEvent", {"id": "begin"})]
    flows = 0
    while len(nodes) + flows < size:
        kind = random.choice((*_TASKS, "exclusiveGateway"))
        node = process.add(kind, {"id": f"n{len(nodes)}", "name": _name(random)})
        document.connect(nodes[max(0, len(nodes) - random.choice((1, 1, 1, 2, 4)))], node)
        flows += 1
        nodes.append(node)
        if random.random() < 0.15:
            document.connect(nodes[random.randrange(max(1, len(nodes) - 12), len(nodes))], node)
            flows += 1
    return document


def _fill(document: BpmnDocument, scope: Element, random: Random, size: int, depth: int) -> list[Element]:
    nodes = [_add(document, scope, random, "startEvent")]
    while len(nodes) < size:
        source = nodes[-1] if random.random() < 0.6 else random.choice(nodes)
        kind = _kind(random)
        node = _add(document, scope, random, kind)
        if random.random() < 0.95:
            _connect(document, random, source, node)
        nodes.append(node)
        if kind in ("subProcess", "transaction", "adHocSubProcess") and depth < 2 and random.random() < 0.8:
            _fill(document, node, random, random.randrange(1, 6), depth + 1)
        if kind in (*_TASKS, "subProcess") and random.random() < 0.25:
            _add_boundary(document, scope, random, node, nodes)
        if random.random() < 0.15:
            _add_side(document, scope, random, node)
    for _ in range(size // 4):
        _connect(document, random, random.choice(nodes), random.choice(nodes))
    return nodes


def _kind(random: Random) -> str:
    if random.random() < 0.55:
        return random.choice(_TASKS)
    if random.random() < 0.6:
        return random.choice(_GATEWAYS)
    return random.choice(
        ("subProcess", "transaction", "adHocSubProcess", "endEvent", "intermediateThrowEvent")
    )


def _add(document: BpmnDocument, scope: Element, random: Random, kind: str) -> Element:
    name = _name(random) if random.random() < 0.8 else ""
    return scope.add(kind, {"id": document.new_id(name, kind), "name": name or None})


def _name(random: Random) -> str:
    return " ".join(random.choice(_WORDS) for _ in range(random.randrange(1, 6)))


def _connect(document: BpmnDocument, random: Random, source: Element, target: Element) -> None:
    if source.kind != "endEvent" and target.kind != "startEvent":
        document.connect(source, target, name=_name(random) if random.random() < 0.3 else "")


def _add_boundary(
    document: BpmnDocument, scope: Element, random: Random, host: Element, nodes: list[Element]
) -> None:
    for _ in range(random.choice((1, 1, 2, 3))):
        event = _add(document, scope, random, "boundaryEvent")
        event.set("attachedToRef", host.id)
        event.add("timerEventDefinition")
        _connect(document, random, event, random.choice(nodes))


def _add_side(document: BpmnDocument, scope: Element, random: Random, node: Element) -> None:
    if random.random() < 0.5:
        note = scope.add("textAnnotation", {"id": document.new_id("note")})
        note.add("text", text=_name(random) * random.randrange(1, 4))
        ends = {"id": document.new_id("joins"), "sourceRef": note.id, "targetRef": node.id}
        scope.add("association", ends)
    elif node.kind in _TASKS:
        data = _add(document, scope, random, random.choice(("dataObjectReference", "dataStoreReference")))
        association = node.add("dataOutputAssociation", {"id": document.new_id("writes")})
        association.add("targetRef", text=data.id)


def _add_lanes(document: BpmnDocument, process: Element, random: Random, nodes: list[Element]) -> None:
    lane_set = process.add("laneSet", {"id": "lanes"})
    lanes = [
        lane_set.add("lane", {"id": f"lane_{n}", "name": _name(random)})
        for n in range(random.randrange(1, 5))
    ]
    if random.random() < 0.3:
        nested = lanes[0].add("childLaneSet", {"id": "inner_lanes"})
        lanes[0:1] = [nested.add("lane", {"id": f"inner_{n}", "name": _name(random)}) for n in range(2)]
    current = random.choice(lanes)
    for node in nodes:
        current = random.choice(lanes) if random.random() < 0.3 else current
        if random.random() < 0.95:
            current.add("flowNodeRef", text=node.id)


def _add_pools(document: BpmnDocument, process: Element, random: Random, nodes: list[Element]) -> None:
    collaboration = document.root.add("collaboration", {"id": "together"})
    collaboration.add("participant", {"id": "we", "name": "We", "processRef": process.id})
    collaboration.add("participant", {"id": "black_box", "name": "Somebody else"})
    other = document.root.add("process", {"id": "other", "name": "Other"})
    theirs = _fill(document, other, random, random.randrange(2, 8), depth=1)
    collaboration.add("participant", {"id": "they", "name": "They", "processRef": "other"})
    for number in range(random.randrange(1, 4)):
        pair = [random.choice(nodes).id, random.choice((*theirs, document.element("black_box"))).id]
        random.shuffle(pair)
        ends = {"id": f"message_{number}", "name": _name(random), "sourceRef": pair[0], "targetRef": pair[1]}
        collaboration.add("messageFlow", ends)
