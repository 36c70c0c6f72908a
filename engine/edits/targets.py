"""Finds what an edit names: an element by id or name, a flow by id or as `from -> to`."""

from collections.abc import Mapping, Sequence

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import FLOW_NODE_KINDS
from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.feel.said import quoted
from flowmaster.engine.outline.scopes import name_key
from flowmaster.engine.values import Json

ARROW = "->"
LISTED_MAX = 40


class EditRefused(FlowMasterError):
    """An edit cannot be made; nothing of its batch was."""


def refused(
    path: str, code: str, message: str, *, expected: Json = None, fix: str = "", status: int = 422
) -> EditRefused:
    """Return a refusal that names the edit."""
    return EditRefused(code, f"{path}: {message}", path=path, expected=expected, fix=fix, status=status)


class Targets:
    """Looks up elements of one process; `renamed` holds the names that the batch gives."""

    def __init__(self, document: BpmnDocument, process: Element) -> None:
        self.document = document
        self.process = process
        self._renamed: dict[str, str] = {}

    def also(self, name: str, identifier: str) -> None:
        """Let an element be found by another name, too."""
        self._renamed[name_key(name)] = identifier

    def knows(self, reference: str) -> bool:
        """Return whether a node goes by that id or name now."""
        return bool(self._matching(reference))

    def node(self, reference: Json, path: str) -> Element:
        """Return the flow node that an edit names."""
        if not isinstance(reference, str) or not reference.strip():
            raise refused(
                path, "edit.value_wrong", f"{quoted(reference)} names no element.", expected="an id or a name"
            )
        found = self._matching(reference)
        if len(found) == 1:
            return found[0]
        if found:
            raise refused(
                path,
                "edit.element_ambiguous",
                f"Several elements are called {reference!r}.",
                expected=[one.id for one in found],
                fix="Name the one that is meant by its id.",
            )
        raise self.unknown(reference, path)

    def step(self, reference: Json, path: str) -> Element:
        """Return the flow node that an edit names, one that sequence flows may lead to or from."""
        found = self.node(reference, path)
        if found.is_true("triggeredByEvent") or found.is_true("isForCompensation"):
            raise refused(
                path,
                "edit.place_wrong",
                f"No flow leads to or from {found.title!r}: it runs when something happens.",
                fix="Name a step inside of it, or another step.",
            )
        return found

    def unknown(self, reference: str, path: str) -> EditRefused:
        """Return the refusal of a name that nothing has."""
        names = self.names()
        return refused(
            path,
            "edit.element_unknown",
            f"There is no element {reference!r}.{did_you_mean(reference, names)}",
            expected=names[:LISTED_MAX],
            fix="Name an element by its id or name.",
            status=404,
        )

    def names(self) -> list[str]:
        """Return what elements are called: the name where there is one, else the id."""
        return [node.title for node in self.process.descendants(*FLOW_NODE_KINDS) if node.id]

    def flow(self, reference: Json, path: str) -> Element:
        """Return the sequence flow of an id, of `from -> to`, or of `[from, to]`."""
        if isinstance(reference, Sequence) and not isinstance(reference, str) and len(reference) == 2:
            return self._between(reference[0], reference[1], path)
        if isinstance(reference, str) and ARROW in reference:
            source, _, target = reference.partition(ARROW)
            return self._between(source.strip(), target.strip(), path)
        found = self.document.find(reference) if isinstance(reference, str) else None
        if found is not None and found.kind == "sequenceFlow" and self._stands_here(found):
            return found
        raise refused(
            path,
            "edit.flow_unknown",
            f"There is no flow {quoted(reference)}.",
            expected="the id of a sequence flow, or `from -> to`",
            status=404,
        )

    def is_flow(self, reference: Json) -> bool:
        """Return whether this names a sequence flow."""
        if isinstance(reference, str):
            found = self.document.find(reference)
            return ARROW in reference or (found is not None and found.kind == "sequenceFlow")
        return isinstance(reference, Sequence)

    def _between(self, source: Json, target: Json, path: str) -> Element:
        first, last = self.node(source, path), self.node(target, path)
        flows = self.document.outgoing(first)
        for flow in flows:
            if self.behind_merges(flow).id == last.id or flow.get("targetRef") == last.id:
                return flow
        leads = [self.behind_merges(flow).title for flow in flows]
        raise refused(
            path,
            "edit.flow_unknown",
            f"No flow leads from {first.title!r} to {last.title!r}.",
            expected=[f"{first.title} {ARROW} {one}" for one in leads],
            status=404,
        )

    def behind_merges(self, flow: Element) -> Element:
        """Return where a flow leads, gateways without a choice left out."""
        node = self.document.element(flow.get("targetRef"))
        seen: set[str] = set()
        while is_merge(self.document, node) and node.id not in seen:
            seen.add(node.id)
            node = self.document.element(self.document.outgoing(node)[0].get("targetRef"))
        return node

    def _stands_here(self, element: Element) -> bool:
        """Return whether an element is part of the process that is edited, not of another one in the file."""
        return any(up == self.process for up in element.ancestors())

    def _matching(self, reference: str) -> list[Element]:
        renamed = self._renamed.get(name_key(reference))
        found = self.document.find(renamed or reference)
        if found is not None and found.kind in FLOW_NODE_KINDS and self._stands_here(found):
            return [found]
        wanted = name_key(reference)
        return [node for node in self.process.descendants(*FLOW_NODE_KINDS) if name_key(node.name) == wanted]


def is_merge(document: BpmnDocument, node: Element) -> bool:
    """Return whether a node is an unnamed gateway that only brings ways together."""
    return (
        node.kind == "exclusiveGateway"
        and not node.name
        and len(document.outgoing(node)) == 1
        and document.outgoing(node)[0].child("conditionExpression") is None
    )


def known_words(edit: Mapping[str, Json], allowed: Sequence[str], path: str) -> None:
    """Refuse a word that the operation does not take."""
    for key in edit:
        if key not in allowed:
            raise refused(
                f"{path}.{key}",
                "edit.word_unknown",
                f"{key!r} is no word of this edit.{did_you_mean(key, allowed)}",
                expected=list(allowed),
            )
