"""Builds steps into a document: elements, sequence flows, and the gateways that blocks need.

A way that is not led on yet is a `Tail`. Flows are planned first and written last, so that a node reached from several
sides gets one merging gateway before it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.identifiers import id_from_name
from flowmaster.engine.bpmn.vocabulary import FLOW_NODE_KINDS, GATEWAY_KINDS
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.outline.activities import element_of
from flowmaster.engine.outline.labels import decision_label, event_process_label, start_label
from flowmaster.engine.outline.links import link_of
from flowmaster.engine.outline.nodes import (
    Decision,
    End,
    Handler,
    Jump,
    Node,
    Parallel,
    Start,
    Step,
)
from flowmaster.engine.outline.results import result_in, with_result
from flowmaster.engine.outline.scopes import name_key
from flowmaster.engine.outline.writing_events import add_trigger, message, title_of
from flowmaster.engine.outline.writing_words import WORDS_IN_ORDER, WordWriter
from flowmaster.engine.values import Json

JOINS = frozenset({"parallelGateway", "inclusiveGateway", "complexGateway"})


@dataclass(frozen=True, slots=True)
class Tail:
    """The open end of a way: where it comes from and what its sequence flow will say.

    Conditions are tried in the order of the flows, so `rank` gives the place among those of one gateway.
    """

    source: str
    condition: str = ""
    name: str = ""
    default: bool = False
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Planned:
    """A sequence flow to be written."""

    tail: Tail
    target: str


class Builder:
    """Builds nodes of one outline, or of one edit, into a document."""

    def __init__(
        self,
        document: BpmnDocument,
        *,
        ids: Mapping[str, str],
        lanes: Mapping[str, str],
        names: Mapping[str, str],
        reserved: Collection[str] = (),
    ) -> None:
        self.document = document
        self.ids = ids
        self.names = names
        self.lane_of: dict[str, str] = {}
        self.made: list[str] = []
        self._lanes = lanes
        self._reserved = reserved
        self.words = WordWriter(document, self.step_id)

    def step_id(self, name: str) -> str:
        """Return the id of the step of a name."""
        return self.names.get(name_key(name), name)

    def __contains__(self, identifier: object) -> bool:
        return isinstance(identifier, str) and (
            self.document.find(identifier) is not None
            or identifier in self.ids.values()
            or identifier in self._reserved
        )

    def new_id(self, wish: str) -> str:
        """Return a free id for something the outline does not name."""
        return id_from_name(wish, self)

    def node(
        self, scope: Element, kind: str, at: str, attributes: Mapping[str, str | None], lane_from: str = ""
    ) -> Element:
        """Add a flow node with the id of its place."""
        element = scope.add(kind, attributes)
        self.made.append(element.id)
        lane = self._lanes.get(at) or self.lane_of.get(lane_from, "")
        if lane and scope.kind == "process":
            self.lane_of[element.id] = lane
        return element

    def scope(self, scope: Element) -> "ScopeBuilder":
        """Return a builder of the steps inside a process or sub-process."""
        return ScopeBuilder(self, scope)


class ScopeBuilder:
    """Builds the steps of one scope."""

    def __init__(self, builder: Builder, scope: Element) -> None:
        self.builder = builder
        self.element = scope
        self.flows: list[Planned] = []
        self.entries: dict[str, str] = {}
        self.jumps: list[tuple[list[Tail], str]] = []
        self._is_beside = False

    def whole(self, starts: Iterable[tuple[Tail, str]], steps: tuple[Node, ...], end: str) -> None:
        """Build a whole scope: from its starts, each leading to the first step or a named one, to its end.

        Without steps a start stands alone, as it does in BPMN that is all XML.
        """
        tails: list[Tail] = []
        for tail, goto in starts:
            if goto:
                self.jumps.append(([tail], goto))
            else:
                tails.append(tail)
        left = self.steps(steps, tails)
        if left and steps:
            self.link(left, self._plain_end(end, left[0].source))
        self.finish()

    def steps(self, steps: tuple[Node, ...], tails: list[Tail]) -> list[Tail]:
        """Build steps one after the other; return where the way goes on."""
        for node in steps:
            tails = self._one(node, tails)
        return tails

    def finish(self, jumps: bool = True) -> None:
        """Lead jumps to their targets, put merging gateways in, and write the flows."""
        for tails, target in self.jumps if jumps else ():
            entry = self.entries.get(name_key(target))
            assert entry is not None, "jumps are checked before"
            self.link(tails, entry)
        self.jumps = [] if jumps else self.jumps
        self._merge()
        for flow in _in_rank(self.flows):
            self._write(flow)
        self.flows = []

    def _one(self, node: Node, tails: list[Tail]) -> list[Tail]:
        match node:
            case Step():
                return self._step(node, tails)
            case Decision():
                return self._decision(node, tails)
            case Parallel():
                return self._parallel(node, tails)
            case Jump():
                self.jumps.append((tails, node.to))
                return []
            case End():
                end = self._end(node)
                self.link(tails, end)
                if node.id:  # A start may lead to an end at once.
                    self.entries.setdefault(name_key(node.id), end)
                return []
            case _:
                assert_never(node)

    # Steps

    def _step(self, step: Step, tails: list[Tail]) -> list[Tail]:
        skipped: list[Tail] = []
        entry = ""
        if step.when:
            entry = self.builder.new_id(f"when {self.builder.ids[step.at]}")
            gateway = {"id": entry, "name": f"{step.when}?"}
            self.builder.node(self.element, "exclusiveGateway", step.at, gateway)
            self.link(tails, entry)
            tails = [Tail(entry, step.when, "yes")]
            skipped = [Tail(entry, name="no", default=True)]
        element = self.activity(step)
        self.link(tails, element.id)
        self._enter(step, entry or element.id)
        left = [Tail(element.id)]
        for handler in step.handlers:
            left += self.beside(handler, element)
        return left + skipped

    def activity(self, step: Step) -> Element:
        """Add the element of a step with everything it says, but no flows."""
        builder = self.builder
        identifier = builder.ids[step.at]
        if step.kind == "bpmn":
            element = self._raw(step, identifier)
        else:
            said = {"id": identifier, "name": step.label}
            element = builder.node(self.element, element_of(step), step.at, said)
        builder.words.main(element, step.kind, step.main, step.words)
        self._event(element, step)
        for word in WORDS_IN_ORDER:
            if word in step.words:
                builder.words.write(element, word, step.words[word])
        if step.kind == "group":
            self._inside(element, step)
        if step.undo is not None:
            self._undo(element, step.undo)
        return element

    def _raw(self, step: Step, identifier: str) -> Element:
        element = self.element.add_xml(str(step.main))
        if not element.is_bpmn or element.kind not in FLOW_NODE_KINDS:
            raise FlowMasterError(
                "bpmn.fragment_wrong",
                f"`<{element.local_name}>` in {step.label!r} is no step of BPMN.",
                path="bpmn",
                expected="<bpmn:manualTask/>",
                fix="Write one flow node of BPMN with its prefix `bpmn:`.",
            )
        for old in element.children("incoming", "outgoing"):
            old.remove()
        if not element.id:
            element.set("id", identifier)
        elif element.id != identifier:
            self.builder.document.rename_id(element, identifier)
        if not element.name and not (element.kind in GATEWAY_KINDS and step.label == identifier):
            element.set("name", step.label)
        self.builder.made.append(identifier)
        if self.element.kind == "process":
            lane = self.builder._lanes.get(step.at)
            if lane:
                self.builder.lane_of[identifier] = lane
        return element

    def _event(self, element: Element, step: Step) -> None:
        builder = self.builder
        if element.kind in ("sendTask", "receiveTask") and step.kind != "bpmn":
            element.set("messageRef", message(builder.document, step.trigger.value, step.trigger.key).id)
            if step.words.get("via"):
                builder.words.job(element, str(step.words["via"]), step.words)
        elif step.trigger.kind:
            add_trigger(builder.document, element, step.trigger, builder.step_id)

    def _inside(self, element: Element, step: Step) -> None:
        builder = self.builder
        inner = builder.scope(element)
        start = builder.node(element, "startEvent", "", {"id": builder.new_id(f"{element.id} start")})
        begin = step.words.get("start")
        if isinstance(begin, Mapping):
            start.set("name", str(begin["name"]) if "name" in begin else None)
            self._write_words(start, {word: value for word, value in begin.items() if word != "name"})
        inner.whole([(Tail(start.id), "")], step.steps, f"{element.id} end")
        for handler in step.events:
            inner.event_process(handler)

    def event_process(self, handler: Handler) -> None:
        """Add an event sub-process: steps that run when something happens while the scope is open."""
        builder = self.builder
        identifier = builder.ids[handler.at]
        title = handler.title or event_process_label(handler.trigger)
        inside = builder.node(
            self.element,
            "subProcess",
            handler.at,
            {"id": identifier, "name": title, "triggeredByEvent": "true"},
        )
        start = builder.node(
            inside,
            "startEvent",
            "",
            {
                "id": builder.new_id(f"{identifier} start"),
                "name": title_of(handler.trigger),
                "isInterrupting": "false" if handler.keep else None,
            },
        )
        add_trigger(builder.document, start, handler.trigger, builder.step_id)
        self._say(start, handler)
        builder.scope(inside).whole([(Tail(start.id), "")], handler.steps, f"{identifier} end")

    def beside(self, handler: Handler, host: Element) -> list[Tail]:
        """Add a boundary event and what follows; return the ways that go on behind the host."""
        builder = self.builder
        event = builder.node(
            self.element,
            "boundaryEvent",
            handler.at,
            {
                "id": builder.ids[handler.at],
                "name": handler.title or title_of(handler.trigger),
                "attachedToRef": host.id,
                "cancelActivity": "false" if handler.keep else None,
            },
            host.id,
        )
        add_trigger(builder.document, event, handler.trigger, builder.step_id)
        self._say(event, handler)
        was, self._is_beside = self._is_beside, self._is_beside or handler.keep
        left = self.steps(handler.steps, [Tail(event.id)])
        self._is_beside = was
        if handler.keep and left:
            self.link(left, self._plain_end(f"{event.id} end", event.id))
            return []
        return left

    def _say(self, event: Element, handler: Handler) -> None:
        if handler.into:
            self.builder.words.outputs(event, dict(handler.into))
        self._write_words(event, handler.words)

    def _write_words(self, element: Element, words: Mapping[str, Json]) -> None:
        for word, value in words.items():
            self.builder.words.write(element, word, value)

    def _undo(self, host: Element, undo: Step) -> None:
        builder = self.builder
        event = builder.node(
            self.element,
            "boundaryEvent",
            undo.at,
            {"id": builder.new_id(f"{host.id} undo"), "attachedToRef": host.id},
            host.id,
        )
        event.add("compensateEventDefinition")
        handler = self.activity(replace(undo, undo=None))
        handler.set("isForCompensation", "true")
        left = [tail for one in undo.handlers for tail in self.beside(one, handler)]
        if left:
            self.link(left, self._plain_end(f"{handler.id} end", handler.id))
        identifier = builder.new_id(f"{event.id} to {handler.id}")
        self.element.add(
            "association",
            {"id": identifier, "associationDirection": "One", "sourceRef": event.id, "targetRef": handler.id},
        )

    # Blocks

    def _decision(self, node: Decision, tails: list[Tail]) -> list[Tail]:
        builder = self.builder
        identifier = builder.ids[node.at]
        kind = "inclusiveGateway" if node.kind == "any" else "exclusiveGateway"
        made = builder.node(
            self.element, kind, node.at, {"id": identifier, "name": decision_label(node) or None}
        )
        self._write_words(made, node.words)
        self.link(tails, identifier)
        self._enter(node, identifier)
        ways = []
        for rank, case in enumerate(node.cases):
            title = case.title or case.condition
            tail = Tail(identifier, case.condition, title, not case.condition, rank)
            ways.append(self.steps(case.steps, [tail]))
        if node.kind == "any":
            return self._join("inclusiveGateway", node, ways)
        return [tail for way in ways for tail in way]

    def _parallel(self, node: Parallel, tails: list[Tail]) -> list[Tail]:
        builder = self.builder
        identifier = builder.ids[node.at]
        kind = "parallelGateway" if node.kind == "all" else "eventBasedGateway"
        made = builder.node(self.element, kind, node.at, {"id": identifier, "name": node.name or None})
        self._write_words(made, node.words)
        self.link(tails, identifier)
        self._enter(node, identifier)
        ways = [
            self.steps(branch, [Tail(identifier, rank=rank)]) for rank, branch in enumerate(node.branches)
        ]
        if node.kind == "all":
            return self._join("parallelGateway", node, ways)
        return [tail for way in ways for tail in way]

    def _join(self, kind: str, node: Decision | Parallel, ways: list[list[Tail]]) -> list[Tail]:
        open_ways = [way for way in ways if way]
        if len(open_ways) < 2:
            return [tail for way in open_ways for tail in way]
        builder = self.builder
        identifier = node.join or builder.new_id(f"{builder.ids[node.at]} join")
        single = [way[0] if len(way) == 1 else self._merged(way, identifier) for way in open_ways]
        builder.node(self.element, kind, node.at, {"id": identifier})
        self.link(single, identifier)
        return [Tail(identifier)]

    def _merged(self, way: list[Tail], target: str) -> Tail:
        builder = self.builder
        identifier = builder.new_id(f"merge {target}")
        builder.node(self.element, "exclusiveGateway", "", {"id": identifier}, way[0].source)
        self.link(way, identifier)
        return Tail(identifier)

    def _end(self, node: End) -> str:
        builder = self.builder
        label = str(node.words.get("title", "")) or node.name
        element = builder.node(
            self.element, "endEvent", node.at, {"id": builder.ids[node.at], "name": label or None}
        )
        add_trigger(builder.document, element, node.trigger, builder.step_id)
        result = "" if self._is_beside else result_in(self.element)
        for word, value in with_result(node, result).words.items():
            if word != "title":
                builder.words.write(element, word, value)
        return element.id

    def _plain_end(self, wish: str, lane_from: str) -> str:
        identifier = self.builder.new_id(wish)
        self.builder.node(self.element, "endEvent", "", {"id": identifier}, lane_from)
        return identifier

    # Flows

    def _enter(self, node: Step | Decision | Parallel, entry: str) -> None:
        for name in (node.name, self.builder.ids[node.at]):
            if name:
                self.entries.setdefault(name_key(name), entry)

    def link(self, tails: Iterable[Tail], target: str) -> None:
        """Plan flows from the open ends to a node."""
        self.flows += [Planned(tail, target) for tail in tails]

    def _merge(self) -> None:
        document, builder = self.builder.document, self.builder
        self.flows = [flow for flow in self.flows if not self._is_link(flow)]
        reached: dict[str, list[Planned]] = {}
        for flow in self.flows:
            reached.setdefault(flow.target, []).append(flow)
        for target, flows in reached.items():
            element = document.element(target)
            before = document.incoming(element)
            if len(flows) + len(before) < 2 or element.kind == "endEvent":
                continue
            splits = _splits(document, element, self.flows)
            if element.kind == "exclusiveGateway" and not splits:
                continue
            # What joins shall wait for all that reach it; what only splits must not.
            if element.kind in JOINS and (len(before) > 1 or not splits):
                continue
            gateway = builder.new_id(f"merge {target}")
            builder.node(self.element, "exclusiveGateway", "", {"id": gateway}, target)
            made = document.element(gateway)
            for old in before:
                document.reconnect(old, target=made)
            position = self.flows.index(flows[-1])
            self.flows.insert(position + 1, Planned(Tail(gateway), target))
            for flow in flows:
                self.flows[self.flows.index(flow)] = replace(flow, target=gateway)

    def _is_link(self, flow: Planned) -> bool:
        """Return whether a way leads on by the name of a link, without a sequence flow."""
        source, target = (self.builder.document.element(one) for one in (flow.tail.source, flow.target))
        name = link_of(target)
        return target.kind == "intermediateCatchEvent" and bool(name) and link_of(source) == name

    def _write(self, flow: Planned) -> None:
        document, tail = self.builder.document, flow.tail
        source, target = document.element(tail.source), document.element(flow.target)
        made = document.connect(
            source,
            target,
            identifier=self.builder.new_id(f"{source.id} to {target.id}"),
            name=tail.name,
            condition=f"={tail.condition}" if tail.condition else "",
        )
        if tail.default:
            source.set("default", made.id)


def _in_rank(flows: list[Planned]) -> list[Planned]:
    """Return flows with those of one source in the order of their ranks."""
    by_source: dict[str, list[Planned]] = {}
    for flow in flows:
        by_source.setdefault(flow.tail.source, []).append(flow)
    ordered = {
        source: iter(sorted(listed, key=lambda one: one.tail.rank)) for source, listed in by_source.items()
    }
    return [next(ordered[flow.tail.source]) for flow in flows]


def _splits(document: BpmnDocument, gateway: Element, planned: list[Planned]) -> bool:
    leaving = len(document.outgoing(gateway)) + sum(flow.tail.source == gateway.id for flow in planned)
    return leaving > 1


def start_event(builder: Builder, process: Element, start: Start) -> Tail:
    """Add one start of a process."""
    event = builder.node(
        process, "startEvent", start.at, {"id": builder.ids[start.at], "name": start_label(start) or None}
    )
    add_trigger(builder.document, event, start.trigger, builder.step_id)
    for word, value in start.words.items():
        builder.words.write(event, word, value)
    return Tail(event.id)
