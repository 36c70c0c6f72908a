"""Where an edit works: a document, a process of it, and its elements by id or name."""

from collections.abc import Mapping
from dataclasses import dataclass

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import ACTIVITY_KINDS, EVENT_KINDS, GATEWAY_KINDS
from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.values import Json

NODE_KINDS = frozenset(ACTIVITY_KINDS) | frozenset(EVENT_KINDS) | frozenset(GATEWAY_KINDS)


@dataclass(frozen=True, slots=True)
class Place:
    """A process inside a document that is being edited."""

    document: BpmnDocument
    process_id: str

    @property
    def process(self) -> Element:
        """Return the process."""
        return self.document.element(self.process_id)

    def nodes(self) -> list[Element]:
        """Return all flow nodes of the process, inner ones too."""
        return [found for found in self.process.descendants() if found.kind in NODE_KINDS]

    def node(self, name: Json, path: str) -> Element:
        """Return a flow node by id, else by name; refuse what is unknown or ambiguous."""
        text = _text(name, path)
        nodes = self.nodes()
        for node in nodes:
            if node.id == text:
                return node
        named = [node for node in nodes if node.title.casefold() == " ".join(text.split()).casefold()]
        if len(named) == 1:
            return named[0]
        if named:
            raise FlowMasterError(
                "edit.element_ambiguous",
                f"{len(named)} elements are called {text!r}.",
                path=path,
                expected=[node.id for node in named],
                fix="Name the one meant by its id.",
            )
        known = [*(node.id for node in nodes), *(node.title for node in nodes)]
        raise FlowMasterError(
            "edit.element_unknown",
            f"The process has no element {text!r}.{did_you_mean(text, known)}",
            path=path,
            expected=[node.id for node in nodes][:50],
            fix="Name an element by its id or name.",
            status=404,
        )

    def flow(self, reference: Json, path: str) -> Element:
        """Return a sequence flow: by its id, or as `{from, to}` by the elements it joins."""
        if isinstance(reference, Mapping):
            return self._between(reference, path)
        text = _text(reference, path)
        found = self.document.find(text)
        if found is not None and found.kind == "sequenceFlow":
            return found
        ids = [flow.id for flow in self.process.descendants("sequenceFlow")]
        raise FlowMasterError(
            "edit.flow_unknown",
            f"The process has no sequence flow {text!r}.{did_you_mean(text, ids)}",
            path=path,
            expected="the id of a flow, or {from: element, to: element}",
            fix="Name a flow by its id, or by the elements that it joins.",
            status=404,
        )

    def _between(self, ends: Mapping[str, Json], path: str) -> Element:
        source = self.node(ends.get("from"), f"{path}.from")
        target = self.node(ends.get("to"), f"{path}.to")
        for flow in self.document.outgoing(source):
            reached = self.document.target(flow)
            if reached is not None and target.id in (reached.id, *self._behind_merge(reached)):
                return flow
        raise FlowMasterError(
            "edit.flow_unknown",
            f"No sequence flow leads from {source.title!r} to {target.title!r}.",
            path=path,
            expected=[flow.get("targetRef") for flow in self.document.outgoing(source)],
            fix="Name an element that a flow leads to.",
            status=404,
        )

    def _behind_merge(self, node: Element) -> list[str]:
        """Return what a gateway that only merges leads to, since people see through it."""
        outgoing = self.document.outgoing(node)
        if node.kind not in GATEWAY_KINDS or len(outgoing) != 1 or node.name:
            return []
        return [outgoing[0].get("targetRef")]


def _text(name: Json, path: str) -> str:
    if not isinstance(name, str) or not name.strip():
        raise FlowMasterError(
            "edit.value_wrong",
            f"{name!r} names no element.",
            path=path,
            expected="the id or name of an element",
            fix="Give the id or name as a text.",
        )
    return name.strip()
