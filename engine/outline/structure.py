"""Finds the blocks of a document's scope: what follows what, what branches and meets again, what jumps."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flowmaster.engine.bpmn.data_elements import data_of_scope
from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.identifiers import id_from_name
from flowmaster.engine.bpmn.vocabulary import ACTIVITY_KINDS, zeebe
from flowmaster.engine.outline.building import JOINS
from flowmaster.engine.outline.labels import decision_label
from flowmaster.engine.outline.leftovers import loose_nodes
from flowmaster.engine.outline.nodes import (
    Case,
    Decision,
    End,
    Handler,
    Jump,
    Node,
    Parallel,
    Step,
    Trigger,
    goes_on,
)
from flowmaster.engine.outline.raw import raw_xml
from flowmaster.engine.outline.recalling_events import trigger_or_xml
from flowmaster.engine.outline.recalling_words import Recalled, WordReader
from flowmaster.engine.outline.ways import Way, Ways
from flowmaster.engine.values import Json


@dataclass(slots=True)
class Bare:
    """What one look at a process finds that the next must know: joins without a block, and ends in several places."""

    joins: set[str] = field(default_factory=set)
    ends: set[str] = field(default_factory=set)

    @property
    def size(self) -> int:
        """How much has been found."""
        return len(self.joins) + len(self.ends)


_READ_AT_EVENT = (zeebe("ioMapping"),)


class Structurer:
    """Turns one scope into nested steps; `names` gives every step its name."""

    def __init__(
        self,
        document: BpmnDocument,
        scope: Element,
        words: WordReader,
        names: Mapping[str, str],
        bare: "Bare",
    ) -> None:
        self.document = document
        self.scope = scope
        self.ways = Ways(document, scope, bare.joins)
        self.raw: list[str] = []
        self._words = words
        self._names = names
        self._done: set[str] = set()
        self._ends: dict[str, int] = {}
        self.jumped: set[str] = set()
        self._bare = bare
        self._stops: list[str] = []
        self._ahead: list[set[str]] = []
        self._undoing = {
            association.get("targetRef")
            for association in scope.children("association")
            if self._is_undo(association.get("sourceRef"))
        }

    def whole(self, first: list[str]) -> tuple[Node, ...]:
        """Return the steps from the first node on; what only other starts or nothing reaches comes behind."""
        nodes: list[Node] = []
        for target in first:
            if target and target not in self._done:
                nodes += self.steps(target, "")
        starts = [node.id for node in self.ways.nodes.values() if node.kind == "startEvent"]
        loose = loose_nodes(self.document, self.scope, self.ways, starts or first)
        kept = {element.id for element in loose}
        for element in loose:
            target = element.get("targetRef")
            reached = target if target in kept else self.ways.behind_merges(target)
            self.raw.append(raw_xml(element).replace(f'targetRef="{target}"', f'targetRef="{reached}"'))
            self.jumped.add(reached)
        self.raw += map(raw_xml, data_of_scope(self.document, self.scope))
        self._bare.joins |= {one for one in self.jumped if self._kind(one) in JOINS}
        self._bare.ends |= {one for one, count in self._ends.items() if count > 1}
        return tuple(nodes)

    def _kind(self, identifier: str) -> str:
        element = self.ways.nodes.get(identifier)
        return element.kind if element is not None else ""

    def events(self) -> tuple[Handler, ...]:
        """Return the event sub-processes; those without a word go to `raw`, and so do those behind: the first catches."""
        found = []
        raw = False
        for element in self.scope.children("subProcess"):
            if element.is_true("triggeredByEvent"):
                handler = None if raw else self._event_process(element)
                if handler is None:
                    raw = True
                    self.raw.append(raw_xml(element))
                else:
                    found.append(handler)
        return tuple(found)

    def steps(self, first: str, stop: str) -> list[Node]:
        """Return the steps from a node until `stop`, an end, or a node that stands elsewhere."""
        nodes: list[Node] = []
        self._stops.append(stop)
        current = first
        while current and current != stop:
            element = self.ways.nodes[current]
            if element.kind == "endEvent":
                nodes.append(self._end(element))
                break
            if current in self._done or current in self._stops or any(current in one for one in self._ahead):
                self.jumped.add(current)
                nodes.append(Jump(self._names[current], current))
                break
            self._done.add(current)
            current = self._one(element, stop, nodes)
        self._stops.pop()
        return nodes

    def _one(self, element: Element, stop: str, nodes: list[Node]) -> str:
        ways = self.ways.out[element.id]
        if element.kind == "exclusiveGateway" and _splits(ways):
            return self._choice(element, ways, stop, nodes, "choose")
        if element.kind == "inclusiveGateway" and _splits(ways):
            return self._inclusive(element, ways, stop, nodes)
        if element.kind in ("parallelGateway", "eventBasedGateway") and len(ways) > 1:
            return self._parallel(element, ways, stop, nodes)
        if not _splits(ways):
            nodes.append(self._step(element, stop))
            return self.ways.next(element.id)
        return self._split_behind(element, ways, stop, nodes)

    def _split_behind(self, element: Element, ways: list[Way], stop: str, nodes: list[Node]) -> str:
        """Write a node with several ways out as itself and the block it stands for (BPMN 2.0.2, 13.3.1)."""
        nodes.append(self._step(element, stop))
        if any(way.condition for way in ways):
            return self._inclusive(element, ways, stop, nodes, implicit=True)
        return self._parallel(element, ways, stop, nodes, implicit=True)

    # Steps

    def _step(self, element: Element, stop: str) -> Step:
        found = self._words.recall(element)
        if element.kind in JOINS:
            self._bare.joins.add(element.id)
        inside: tuple[Node, ...] = ()
        events: tuple[Handler, ...] = ()
        if found.kind == "group":
            own_forms = set(self._words.own_forms)
            inside, events, whole = self._inside(element)
            if not inside or not whole:
                inside, events = (), ()
                found = Recalled("bpmn", raw_xml(element, named=False), {})
                self._words.own_forms.intersection_update(own_forms)
        elif found.kind == "ask" and any(name.startswith("{") for name in element.attributes()):
            # Another vocabulary may say in attributes who does it.
            found = Recalled("bpmn", raw_xml(element, named=False), {})
        return self._named(element, found, inside, self._handlers(element, stop), events)

    def _handlers(self, element: Element, stop: str) -> tuple[Handler, ...]:
        """Return what happens beside a node, which goes on where the node does, unless that is in several places."""
        ways = self.ways.out[element.id]
        behind = [way.target for way in ways] or [stop]
        beside = "" if _splits(ways) else behind[0]
        self._ahead.append(set().union(*(self.ways.reached(one) for one in behind)))
        events = self._in_order(self.document.boundary_events(element))
        found = tuple(handler for event in events if (handler := self._handler(event, beside)) is not None)
        self._ahead.pop()
        return found

    def _in_order(self, events: list[Element]) -> list[Element]:
        """Put the event first that `within` and `late` tell, as they stand before `on` when the outline is read again."""
        timed = [event for event in events if trigger_or_xml(self.document, event).kind == "after"]
        late = timed[0] if len(timed) == 1 and not self._into(timed[0]) else None
        return sorted(events, key=lambda event: event != late)

    def _named(
        self,
        element: Element,
        found: Recalled,
        inside: tuple[Node, ...] = (),
        handlers: tuple[Handler, ...] = (),
        events: tuple[Handler, ...] = (),
    ) -> Step:
        name = self._names[element.id]
        if element.name and element.title != name:
            found.words["title"] = element.title
        excluded = found.words.get("not")
        if isinstance(excluded, list):
            found.words["not"] = [self._names.get(str(entry), entry) for entry in excluded]
        undo = self._undo(element)
        return Step(
            name,
            found.kind,
            found.main,
            element.id,
            found.words,
            inside,
            handlers,
            events,
            undo,
            self._named_trigger(found.trigger),
            element.id,
        )

    def _named_trigger(self, trigger: Trigger) -> Trigger:
        if trigger.kind == "compensate" and trigger.value in self._names:
            return replace(trigger, value=self._names[trigger.value])
        return trigger

    def _inside(self, element: Element) -> tuple[tuple[Node, ...], tuple[Handler, ...], bool]:
        """Return the steps and events in a group, and whether those are all that stands there."""
        inner = Structurer(self.document, element, self._words, self._names, self._bare)
        starts = [start.id for start in element.children("startEvent") if start.id in inner.ways.nodes]
        nodes = inner.whole([inner.ways.next(start) for start in starts]) if starts else inner.unstarted()
        events = inner.events()
        self.jumped |= inner.jumped
        return _without_last_end(nodes, id_from_name(f"{element.id} end")), events, not inner.raw

    def unstarted(self) -> tuple[Node, ...]:
        """Return the steps of a scope without a start, where all that nothing leads to begins at once."""
        first = self.without_sources()
        if len(first) < 2:
            return self.whole(first)
        branches = tuple(nodes for one in first if (nodes := tuple(self.steps(one, ""))))
        rest = self.whole(first)
        return (
            (Parallel(branches, f"{self.scope.id} all"), *rest) if len(branches) > 1 else branches[0] + rest
        )

    def without_sources(self) -> list[str]:
        """Return the nodes that no flow leads to, where a scope without a start begins."""
        return [
            node
            for node, element in self.ways.nodes.items()
            if not self.ways.sources.get(node) and self._is_step(element)
        ]

    def _is_step(self, element: Element) -> bool:
        beside = element.kind in ("startEvent", "boundaryEvent") or element.is_true("triggeredByEvent")
        return not beside and element.id not in self._undoing

    def _handler(self, event: Element, beside: str) -> Handler | None:
        found = trigger_or_xml(self.document, event)
        if found.kind == "compensate":
            return None
        if not found.kind:
            found = Trigger("bpmn", "<bpmn:boundaryEvent/>")
        keep = not event.is_true("cancelActivity", True)
        target = self.ways.next(event.id)
        nodes = tuple(self.steps(target, "" if keep else beside)) if target else ()
        if keep:
            nodes = _without_last_end(nodes, id_from_name(f"{event.id} end"))
        elif not target:
            nodes = (End("", f"{event.id} end"),)
        title = event.title if event.name else ""
        words = self._words.around(event, *_READ_AT_EVENT)
        return Handler(found, nodes, event.id, keep, event.id, title, self._into(event), words)

    def _event_process(self, element: Element) -> Handler | None:
        starts = element.children("startEvent")
        found = trigger_or_xml(self.document, starts[0]) if len(starts) == 1 else Trigger()
        if not found.kind or element.extensions() or element.documentation:
            return None
        own_forms = set(self._words.own_forms)
        inside, events, whole = self._inside(element)
        if events or not whole:
            self._words.own_forms.intersection_update(own_forms)
            return None
        keep = not starts[0].is_true("isInterrupting", True)
        title = element.title if element.name else ""
        words = self._words.around(starts[0], *_READ_AT_EVENT)
        return Handler(found, inside, element.id, keep, element.id, title, self._into(starts[0]), words)

    def _into(self, event: Element) -> dict[str, str]:
        return self._words.outputs(event)

    def _undo(self, host: Element) -> Step | None:
        for event in self.document.boundary_events(host):
            if event.child("compensateEventDefinition") is None:
                continue
            for association in self.scope.children("association"):
                handler = self.document.target(association)
                if (
                    association.get("sourceRef") == event.id
                    and handler is not None
                    and handler.kind in ACTIVITY_KINDS
                ):
                    self._done.add(handler.id)
                    found = self._words.recall(handler)
                    if found.kind == "group":
                        found = Recalled("bpmn", _as_undo(raw_xml(handler, named=False)), {})
                    return self._named(handler, found, handlers=self._handlers(handler, ""))
        return None

    def _is_undo(self, source: str) -> bool:
        event = self.ways.nodes.get(source)
        return (
            event is not None
            and event.kind == "boundaryEvent"
            and event.child("compensateEventDefinition") is not None
        )

    def _end(self, element: Element) -> End:
        self._done.add(element.id)
        count = self._ends.get(element.id, 0) + 1
        self._ends[element.id] = count
        found = trigger_or_xml(self.document, element)
        words: dict[str, Json] = {}
        if element.documentation:
            words["about"] = element.documentation
        words |= self._words.beside(element)
        identifier = element.id if count == 1 else ""
        at = element.id if count == 1 else f"{element.id} {count}"
        return End(element.title if element.name else "", at, self._named_trigger(found), identifier, words)

    # Blocks

    def _choice(self, element: Element, ways: list[Way], stop: str, nodes: list[Node], kind: str) -> str:
        ordered = _default_last(ways)
        meeting = self._meeting(ordered, stop)
        last = ordered[-1]
        following = meeting or last.target
        cases = []
        for way in ordered:
            inlined = not meeting and way is last
            steps = () if inlined else tuple(self.steps(way.target, following))
            cases.append(Case(way.condition, steps, way.title))
        found = Decision(tuple(cases), element.id, kind, "", element.id, words=self._words.around(element))
        name = _gateway_name(element)
        nodes.append(found if name == decision_label(found) else replace(found, name=name))
        return following if any(goes_on(case.steps) for case in cases) else self._unless_end(following)

    def _meeting(self, ways: list[Way], stop: str) -> str:
        """Return where ways come together: a node of their own, else the end of the block around them."""
        meeting = self.ways.meeting(way.target for way in ways)
        if not meeting and stop and any(stop in self.ways.reached(way.target) for way in ways):
            return stop
        return meeting

    def _inclusive(
        self, element: Element, ways: list[Way], stop: str, nodes: list[Node], implicit: bool = False
    ) -> str:
        ordered = _with_said_default(sorted(ways, key=lambda way: way.default))
        join = self._join(ordered, "inclusiveGateway")
        cases = tuple(
            Case(
                way.condition or ("true" if not way.default else ""),
                tuple(self.steps(way.target, join)),
                way.title,
            )
            for way in ordered
        )
        at, name = (f"{element.id} any", "") if implicit else (element.id, _gateway_name(element))
        words = {} if implicit else self._words.around(element)
        nodes.append(Decision(cases, at, "any", name, "" if implicit else element.id, join, words))
        return self._behind(join)

    def _parallel(
        self, element: Element, ways: list[Way], stop: str, nodes: list[Node], implicit: bool = False
    ) -> str:
        if element.kind == "eventBasedGateway":
            return self._race(element, ways, stop, nodes)
        join = self._join(ways, "parallelGateway")
        branches = tuple(tuple(self.steps(way.target, join)) for way in ways)
        at, name = (f"{element.id} all", "") if implicit else (element.id, _gateway_name(element))
        words = {} if implicit else self._words.around(element)
        nodes.append(Parallel(branches, at, "all", name, "" if implicit else element.id, join, words))
        return self._behind(join)

    def _race(self, element: Element, ways: list[Way], stop: str, nodes: list[Node]) -> str:
        following = self._meeting(ways, stop) or self.ways.next(ways[-1].target)
        branches = tuple(tuple(self.steps(way.target, following)) for way in ways)
        words = self._words.around(element)
        nodes.append(Parallel(branches, element.id, "first", _gateway_name(element), element.id, words=words))
        return following if any(goes_on(branch) for branch in branches) else self._unless_end(following)

    def _unless_end(self, following: str) -> str:
        """Return what comes behind a block that no way goes on from: a step that others lead to, but no end."""
        return "" if self._kind(following) == "endEvent" else following

    def _join(self, ways: list[Way], kind: str) -> str:
        """Return the gateway that joins exactly these ways, empty where none does."""
        meeting = self.ways.meeting(way.target for way in ways)
        element = self.ways.nodes.get(meeting)
        taken = self._done | self._bare.joins | set(self._stops)
        if element is None or element.kind != kind or meeting in taken:
            return ""
        if element.name or element.extensions() or element.documentation:
            return ""
        arriving = len(self.document.incoming(element))
        alive = sum(way.target == meeting or meeting in self.ways.reached(way.target) for way in ways)
        return meeting if arriving == alive and arriving > 1 and len(self.ways.out[meeting]) <= 1 else ""

    def _behind(self, join: str) -> str:
        if not join:
            return ""
        self._done.add(join)
        return self.ways.next(join)


def _splits(ways: list[Way]) -> bool:
    """Return whether a node with such ways out decides or splits, rather than leads on."""
    return len(ways) > 1 or any(way.condition for way in ways)


def _with_said_default(ways: list[Way]) -> list[Way]:
    """Return ways of which the default says when it is taken, where one without a condition is taken in any case.

    The default asks for the conditions of the others alone (13.3.2), while an `else` is not taken beside `if: true`.
    """
    if all(way.condition or way.default for way in ways) or not ways[-1].default:
        return ways
    asked = [way.condition for way in ways if way.condition]
    said = asked[0] if len(asked) == 1 else " or ".join(f"({one})" for one in asked)
    return [*ways[:-1], replace(ways[-1], condition=f"not({said})" if said else "true", default=False)]


def _default_last(ways: list[Way]) -> list[Way]:
    """Return the ways with the default last, which is also the only one without a condition; others keep their order.

    Of several without a condition the first is taken, and the others never are.
    """
    bare = [way for way in ways if not way.condition]
    free = next((way for way in ways if way.default), None) or (bare[0] if bare else None)
    rest = [way if way.condition else replace(way, condition="false") for way in ways if way is not free]
    return rest if free is None else [*rest, replace(free, condition="", default=True)]


def _gateway_name(element: Element) -> str:
    return element.title if element.name else ""


def _without_last_end(nodes: tuple[Node, ...], derived: str) -> tuple[Node, ...]:
    last = nodes[-1] if nodes else None
    if (
        isinstance(last, End)
        and last.id == derived
        and not last.name
        and last.trigger == Trigger()
        and not last.words
    ):
        return nodes[:-1]
    return nodes


def _as_undo(xml: str) -> str:
    """Return the XML of a group as that of one that undoes a step, which this one does not say."""
    return re.sub(r"\A<[\w:]+", r'\g<0> isForCompensation="true"', xml)
