"""Random BPMN models as varied as people draw them: pools, lanes, nested groups, events, loops, data, notes.

Most of a model is made of blocks (sequence, choice, parallel, loop); some flows cut across them. The same seed
gives the same model.
"""

from dataclasses import dataclass, field
from random import Random

from flowmaster.engine.bpmn.document import BpmnDocument, new_document
from flowmaster.engine.bpmn.element import Element

_TASKS = ("userTask", "serviceTask", "scriptTask", "task", "businessRuleTask", "manualTask", "callActivity")
_EVENTS = ("timerEventDefinition", "messageEventDefinition", "errorEventDefinition", "signalEventDefinition")
_WORDS = (
    "check", "the", "invoice", "of", "customer", "approve", "Kostenübernahmeerklärung", "order", "is", "complete",
    "reminder", "again", "account.balance", "send", "to", "supplier", "contract_number", "über", "archive", "and",
)  # fmt: skip
_DEPTH_MAX = 3


def varied_model(seed: int, size: int) -> BpmnDocument:
    """Return a model of about `size` flow nodes."""
    random = Random(seed)
    document = new_document("main", "Main process")
    maker = _Maker(document, random)
    pools = random.choice((0, 0, 1, 2, 3)) if size > 8 else random.choice((0, 1))
    shares = max(1, min(pools, 2))
    maker.fill(document.processes[0], size // shares, 0)
    if pools:
        maker.add_pools(pools, size // shares)
    for process in document.processes:
        if random.random() < 0.5:
            maker.add_lanes(process)
    maker.add_artifacts()
    return document


@dataclass
class _Maker:
    document: BpmnDocument
    random: Random
    left: int = 0
    grouped: list[str] = field(default_factory=list)

    def fill(self, scope: Element, size: int, depth: int) -> None:
        """Fill a scope with about `size` nodes."""
        before, self.left = self.left, size
        start = self._node(scope, "startEvent")
        last = self._block(scope, start, depth)
        while self.left > 0:
            last = self._block(scope, last, depth)
        self._flow(last, self._node(scope, "endEvent"))
        self._cut_across(scope)
        if depth < 2 and self.random.random() < 0.2:
            handler = self._node(scope, "subProcess")
            handler.set("triggeredByEvent", "true")
            self.fill(handler, self.random.randrange(2, 5), depth + 2)
        self.left = before - size

    def _block(self, scope: Element, before: Element, depth: int) -> Element:
        """Add one block behind a node and return where it ends."""
        draw = self.random.random()
        if self.left < 3 or draw < 0.5:
            return self._step(scope, before, depth)
        if draw < 0.8:
            return self._choice(scope, before, depth)
        if draw < 0.9:
            return self._loop(scope, before, depth)
        return self._group(scope, before, depth)

    def _step(self, scope: Element, before: Element, depth: int) -> Element:
        kind = self.random.choice((*_TASKS, *_TASKS, "intermediateThrowEvent", "intermediateCatchEvent"))
        node = self._node(scope, kind)
        self._flow(before, node)
        if kind in _TASKS and self.random.random() < 0.2:
            self._boundary(scope, node)
        return node

    def _choice(self, scope: Element, before: Element, depth: int) -> Element:
        kind = self.random.choice(("exclusiveGateway", "parallelGateway", "inclusiveGateway"))
        split, join = self._node(scope, kind), self._node(scope, kind)
        self._flow(before, split)
        for _ in range(self.random.choice((2, 2, 2, 3, 4))):
            last = split
            for _ in range(self.random.randrange(0, 4)):
                last = (
                    self._block(scope, last, depth + 1) if depth < _DEPTH_MAX else self._step(scope, last, 9)
                )
            if last is not split and self.random.random() < 0.12:
                self._flow(last, self._node(scope, "endEvent"))
            else:
                self._flow(last, join, labelled=last is split)
        return join

    def _loop(self, scope: Element, before: Element, depth: int) -> Element:
        head, foot = self._node(scope, "exclusiveGateway"), self._node(scope, "exclusiveGateway")
        self._flow(before, head)
        last = head
        for _ in range(self.random.randrange(1, 4)):
            last = self._step(scope, last, depth)
        self._flow(last, foot)
        self._flow(foot, head, labelled=True)
        return foot

    def _group(self, scope: Element, before: Element, depth: int) -> Element:
        kind = self.random.choice(("subProcess", "subProcess", "transaction", "adHocSubProcess"))
        node = self._node(scope, kind)
        self._flow(before, node)
        if depth < _DEPTH_MAX and self.random.random() < 0.75:
            self.fill(node, min(max(2, self.left), self.random.randrange(2, 10)), depth + 1)
        if self.random.random() < 0.4:
            self._boundary(scope, node)
        return node

    def _boundary(self, scope: Element, host: Element) -> None:
        for _ in range(self.random.choice((1, 1, 2, 3))):
            event = self._node(scope, "boundaryEvent")
            event.set("attachedToRef", host.id)
            event.add(self.random.choice(_EVENTS))
            last = event
            if self.random.random() < 0.6:
                last = self._node(scope, self.random.choice(_TASKS))
                self._flow(event, last)
            others = [one for one in self.document.flow_nodes(scope) if one.kind.endswith("Gateway")]
            back = self.random.random() < 0.3 and others
            self._flow(last, self.random.choice(others) if back else self._node(scope, "endEvent"))

    def _cut_across(self, scope: Element) -> None:
        """Add flows that keep to no block."""
        nodes = [one for one in self.document.flow_nodes(scope) if one.kind not in ("startEvent", "endEvent")]
        for _ in range(self.random.choice((0, 0, 0, 1, 1, 2, max(1, len(nodes) // 12)))):
            if len(nodes) > 2:
                source, target = self.random.sample(nodes, 2)
                if target.kind != "boundaryEvent":
                    self._flow(source, target)

    def _node(self, scope: Element, kind: str) -> Element:
        self.left -= 1
        name = self._name() if self.random.random() < 0.85 else ""
        identifier = self.document.new_id(f"{kind}_{len(self.grouped)}")
        self.grouped.append(identifier)
        return scope.add(kind, {"id": identifier, "name": name or None})

    def _name(self) -> str:
        count = self.random.choice((1, 1, 2, 2, 3, 3, 4, 6, 9))
        return " ".join(self.random.choice(_WORDS) for _ in range(count)).capitalize()

    def _flow(self, source: Element, target: Element, *, labelled: bool = False) -> None:
        wanted = labelled or (source.kind.endswith("Gateway") and self.random.random() < 0.5)
        name = " ".join(self.random.choice(_WORDS) for _ in range(self.random.choice((1, 1, 2, 3))))
        self.document.connect(source, target, name=name if wanted else "")

    def add_lanes(self, process: Element) -> None:
        """Spread the nodes of a process over lanes, most runs of nodes in one."""
        lane_set = process.add("laneSet", {"id": self.document.new_id("lanes")})
        lanes = [self._lane(lane_set) for _ in range(self.random.randrange(1, 6))]
        if self.random.random() < 0.2:
            nested = lanes[0].add("childLaneSet", {"id": self.document.new_id("inner")})
            lanes[0:1] = [self._lane(nested) for _ in range(2)]
        current = lanes[0]
        for node in self.document.flow_nodes(process):
            host = node.get("attachedToRef")
            if host:
                lane = self.document.lane_of(self.document.element(host))
                (lane or current).add("flowNodeRef", text=node.id)
                continue
            current = self.random.choice(lanes) if self.random.random() < 0.3 else current
            current.add("flowNodeRef", text=node.id)

    def _lane(self, parent: Element) -> Element:
        return parent.add("lane", {"id": self.document.new_id("lane"), "name": self._name()})

    def add_pools(self, count: int, size: int) -> None:
        """Put the process into a pool, beside others open and closed, and let messages flow between them."""
        together = self.document.root.add("collaboration", {"id": "together"})
        together.add("participant", {"id": "pool_0", "name": self._name(), "processRef": "main"})
        ends = [[one.id for one in self.document.flow_nodes(self.document.element("main"))]]
        for number in range(1, count + 1):
            pool = together.add("participant", {"id": f"pool_{number}", "name": self._name()})
            inside = [pool.id]
            if number == 1 and count > 1:
                process = self.document.root.add("process", {"id": "other", "name": "Other"})
                pool.set("processRef", process.id)
                self.fill(process, size, 1)
                inside += [one.id for one in self.document.flow_nodes(process)]
            ends.append(inside)
        for number in range(self.random.randrange(1, 3 + size // 8)):
            one, other = self.random.sample(ends, 2)
            pair = {"sourceRef": self.random.choice(one), "targetRef": self.random.choice(other)}
            name = self._name() if self.random.random() < 0.6 else None
            together.add("messageFlow", {"id": f"message_{number}", "name": name, **pair})

    def add_artifacts(self) -> None:
        """Add data, stores, notes and groups."""
        nodes = [one for process in self.document.processes for one in self.document.flow_nodes(process)]
        for node in nodes:
            draw = self.random.random()
            scope = self.document.scope_of(node)
            if scope is None or draw > 0.2:
                continue
            if node.kind in _TASKS and draw < 0.1:
                self._data(scope, node, nodes)
            elif draw < 0.16:
                self._note(scope, node)
            elif draw < 0.18 and (flows := self.document.outgoing(node)):
                self._note(scope, flows[0])
        if self.random.random() < 0.2 and nodes:
            self._category(nodes)

    def _data(self, scope: Element, node: Element, nodes: list[Element]) -> None:
        kind = self.random.choice(("dataObjectReference", "dataStoreReference"))
        data = scope.add(kind, {"id": self.document.new_id(kind), "name": self._name()})
        if self.random.random() < 0.3:
            data.add("dataState", {"id": self.document.new_id("state"), "name": self._name()})
        node.add("dataOutputAssociation", {"id": self.document.new_id("writes")}).add(
            "targetRef", text=data.id
        )
        others = [one for one in nodes if one.kind in _TASKS and self.document.scope_of(one) == scope]
        if others and self.random.random() < 0.4:
            reader = self.random.choice(others)
            reading = reader.add("dataInputAssociation", {"id": self.document.new_id("reads")})
            reading.add("sourceRef", text=data.id)

    def _note(self, scope: Element, about: Element) -> None:
        note = scope.add("textAnnotation", {"id": self.document.new_id("note")})
        note.add("text", text=self._name() * self.random.randrange(1, 4))
        ends: dict[str, str | None] = {"sourceRef": about.id, "targetRef": note.id}
        scope.add("association", {"id": self.document.new_id("joins"), **ends})

    def _category(self, nodes: list[Element]) -> None:
        category = self.document.root.add("category", {"id": "category"})
        category.add("categoryValue", {"id": "value", "value": self._name()})
        scope = self.document.processes[0]
        scope.add("group", {"id": "group", "categoryValueRef": "value"})
        inside = [one for one in nodes if self.document.scope_of(one) == scope]
        first = self.random.randrange(len(inside)) if inside else 0
        for node in inside[first : first + self.random.randrange(0, 4)]:
            node.add("categoryValueRef", text="value")
