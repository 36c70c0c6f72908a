"""Two versions in one document: the newer one, with what is gone from the older one put back for a picture.

The document is for looking only. What came back bears an id that begins with `removed_`.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import EVENT_DEFINITION_KINDS
from flowmaster.engine.compare.pairs import steps
from flowmaster.engine.model import Flow, Process

REMOVED: Final = "removed_"
"""How the ids of what is gone begin."""

_SEEN: Final = (
    "name",
    "cancelActivity",
    "isInterrupting",
    "triggeredByEvent",
    "instantiate",
    "eventGatewayType",
    "isForCompensation",
    "parallelMultiple",
)
"""The attributes that a drawing shows."""

_SEEN_CHILDREN: Final = (
    *sorted(EVENT_DEFINITION_KINDS),
    "standardLoopCharacteristics",
    "multiInstanceLoopCharacteristics",
)


class FlowPairs(NamedTuple):
    """The sequence flows that are new, those that are gone, and those that both versions have, the older one first."""

    added: Sequence[Flow]
    gone: Sequence[Flow]
    kept: Sequence[tuple[Flow, Flow]]


class Both(NamedTuple):
    """Two versions in one document, and the id there of each element of the older one."""

    document: BpmnDocument
    names: Mapping[str, str]
    ghosts: Sequence[str]
    """The elements that are gone, by their own ids, each behind what it stands in or on."""
    flows: Mapping[str, str]
    """The ids there of the flows that are gone, by their own."""


def flow_pairs(old: Process, new: Process, pairs: Mapping[str, str]) -> FlowPairs:
    """Return which sequence flow is which: one that joins the same elements, first the one with the same id."""
    left: dict[tuple[str, str], list[Flow]] = {}
    for flow in _flows(old):
        ends = pairs.get(flow.source, ""), pairs.get(flow.target, "")
        left.setdefault(ends, []).append(flow)
    added: list[Flow] = []
    kept: list[tuple[Flow, Flow]] = []
    for flow in _flows(new):
        found = left.get((flow.source, flow.target), [])
        before = next((one for one in found if one.id == flow.id), found[0] if found else None)
        if before is None:
            added.append(flow)
        else:
            found.remove(before)
            kept.append((before, flow))
    rest = {flow.id for flows in left.values() for flow in flows}
    return FlowPairs(added, [flow for flow in _flows(old) if flow.id in rest], kept)


def _flows(process: Process) -> list[Flow]:
    return [flow for key in steps(process) for flow in process.elements[key].outgoing]


def both(
    was: BpmnDocument,
    now: BpmnDocument,
    old: Process,
    new: Process,
    pairs: Mapping[str, str],
    gone: Sequence[Flow],
) -> Both:
    """Return the newer document, with the elements and flows that are gone put back."""
    maker = _Maker(was, now.copy(), old, {old.id: new.id, **pairs})
    for key in steps(old):
        maker.make(key)
    flows = {flow.id: maker.join(flow) for flow in gone}
    return Both(maker.document, maker.names, maker.ghosts, flows)


class _Maker:
    """Puts elements of an older version into a document."""

    def __init__(
        self, was: BpmnDocument, document: BpmnDocument, old: Process, names: Mapping[str, str]
    ) -> None:
        self.document = document
        self.names = dict(names)
        self.ghosts: list[str] = []
        self._was = was
        self._old = old

    def make(self, key: str) -> str:
        """Return the id of an element of the older version in the document, made where it is missing."""
        if key in self.names:
            return self.names[key]
        element, source = self._old.elements[key], self._was.element(key)
        scope = self.document.element(self.make(element.scope))
        host = self.make(element.host) if element.host else None
        identifier = self._free(key)
        seen: dict[str, str | None] = {name: source.get(name) or None for name in _SEEN}
        made = scope.add(element.kind, {"id": identifier, **seen, "attachedToRef": host})
        for child in source.children(*_SEEN_CHILDREN):
            made.add(child.kind, {"isSequential": child.get("isSequential") or None})
        self._put_in_lane(source, scope, identifier)
        self.names[key] = identifier
        self.ghosts.append(key)
        return identifier

    def join(self, flow: Flow) -> str:
        """Return the id of a flow that is put back."""
        source, target = (self.document.element(self.names[end]) for end in (flow.source, flow.target))
        identifier = self._free(flow.id)
        label = flow.name or ("" if flow.condition is None else flow.condition.text)
        self.document.connect(source, target, identifier=identifier, name=label)
        return identifier

    def _free(self, key: str) -> str:
        identifier = f"{REMOVED}{key}"
        return identifier if self.document.find(identifier) is None else self.document.new_id(identifier)

    def _put_in_lane(self, source: Element, scope: Element, identifier: str) -> None:
        lane = self._was.lane_of(source)
        if lane is None:
            return
        for other in self.document.lanes(scope):
            if other.name == lane.name and not other.children("childLaneSet"):
                other.add("flowNodeRef", text=identifier)
                return
