"""The ways through one scope of a document: nodes, where each leads, and where ways come together again."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.juel import feel_of_juel, is_juel
from flowmaster.engine.outline.links import link_of


@dataclass(frozen=True, slots=True)
class Way:
    """A sequence flow with merging gateways left out."""

    target: str
    condition: str
    title: str
    default: bool
    flow: str


class Ways:
    """The flow nodes of a scope by id, and the ways out of each."""

    def __init__(self, document: BpmnDocument, scope: Element, bare_joins: Collection[str]) -> None:
        self.document = document
        self._bare_joins = bare_joins
        self.nodes = {node.id: node for node in document.flow_nodes(scope) if node.id}
        self._order = {node: number for number, node in enumerate(self.nodes)}
        self.merges = {node.id for node in self.nodes.values() if self._is_merge(node)}
        self.out = {node: self._out(element) for node, element in self.nodes.items()}
        self.sources: dict[str, list[str]] = {}
        for node, ways in self.out.items():
            if node not in self.merges:
                for way in ways:
                    self.sources.setdefault(way.target, []).append(node)
        self._sort()

    def next(self, node: str) -> str:
        """Return where a node without a choice leads, empty where the way ends."""
        ways = self.out.get(node, [])
        return ways[0].target if ways else ""

    def in_order(self) -> list[Element]:
        """Return the nodes in the order of the flows, gateways that only bring ways together last."""
        ordered = sorted(self._order, key=lambda node: self._order[node])
        return [self.nodes[node] for node in [*ordered, *sorted(self.merges)]]

    def meeting(self, targets: Iterable[str]) -> str:
        """Return the first node that most of several ways come to, empty where no two meet."""
        counts: dict[str, int] = {}
        for target in targets:
            for node in self.reached(target):
                counts[node] = counts.get(node, 0) + 1
        most = max(counts.values(), default=0)
        if most < 2:
            return ""
        return min(
            (node for node, count in counts.items() if count == most), key=lambda node: self._order[node]
        )

    def reached(self, start: str) -> set[str]:
        """Return the nodes that come after one, itself included, going forward only."""
        found: set[str] = set()
        waiting = [start] if start else []
        while waiting:
            node = waiting.pop()
            if node in found:
                continue
            found.add(node)
            waiting += [way.target for way in self.out[node] if self._order[way.target] > self._order[node]]
        return found

    def _is_merge(self, node: Element) -> bool:
        outgoing = self.document.outgoing(node)
        return (
            node.kind == "exclusiveGateway"
            and len(outgoing) == 1
            and not outgoing[0].child("conditionExpression")
            and outgoing[0].get("targetRef") not in (node.id, *self._bare_joins)
            and not (node.name or node.documentation or node.extensions())
        )

    def _out(self, node: Element) -> list[Way]:
        ways = self._linked(node)
        for flow in self.document.outgoing(node):
            target = self.behind_merges(flow.get("targetRef"))
            reached = self.nodes.get(target)
            if reached is not None and reached.kind not in ("startEvent", "boundaryEvent"):
                condition = _feel(flow.text_of("conditionExpression"))
                ways.append(
                    Way(
                        target,
                        condition,
                        " ".join(flow.name.split()),
                        node.get("default") == flow.id,
                        flow.id,
                    )
                )
        free = next((way for way in ways if way.default), None)
        if free is None and node.kind == "exclusiveGateway":
            free = next((way for way in ways if not way.condition), None)
        if free is None:
            return ways
        return [*(way for way in ways if way is not free), replace(free, default=True)]

    def _linked(self, node: Element) -> list[Way]:
        """Return the way from a throwing link to the catching link of its name (BPMN 2.0.2, 10.5.1)."""
        name = link_of(node) if node.kind == "intermediateThrowEvent" else ""
        caught = [
            one.id
            for one in self.nodes.values()
            if name and one.kind == "intermediateCatchEvent" and link_of(one) == name
        ]
        return [Way(caught[0], "", "", False, "")] if caught else []

    def behind_merges(self, node: str) -> str:
        """Return what stands behind gateways that only bring ways together, which an outline does not show."""
        seen: set[str] = set()
        while node in self.merges and node not in seen:
            seen.add(node)
            node = self.document.outgoing(self.nodes[node])[0].get("targetRef")
        return node

    def _sort(self) -> None:
        """Number the nodes in the order of their flows, since that of the file says nothing."""
        self._order = {node: number for number, node in enumerate(self._depth_first())}

    def _depth_first(self) -> list[str]:
        """Return the nodes so that flows lead forward wherever that can be."""
        nodes = [node for node in self.nodes if node not in self.merges]
        boundary = {node for node in nodes if self.nodes[node].kind == "boundaryEvent"}
        roots = [node for node in nodes if not self.sources.get(node) and node not in boundary]
        after_roots = self._after_roots(roots)
        seen: set[str] = set()
        finished: list[str] = []
        for root in [*reversed([node for node in nodes if node not in after_roots]), *reversed(roots)]:
            if root not in seen:
                self._visit(root, seen, finished)
        return finished[::-1]

    def _after_roots(self, roots: list[str]) -> set[str]:
        found: set[str] = set()
        waiting = list(roots)
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                waiting += self._followers(node)
        return found

    def _visit(self, root: str, seen: set[str], finished: list[str]) -> None:
        stack = [(root, iter(self._followers(root)))]
        seen.add(root)
        while stack:
            node, followers = stack[-1]
            following = next((one for one in followers if one not in seen), None)
            if following is None:
                finished.append(node)
                stack.pop()
            else:
                seen.add(following)
                stack.append((following, iter(self._followers(following))))

    def _followers(self, node: str) -> list[str]:
        beside = [
            event.id for event in self.document.boundary_events(self.nodes[node]) if event.id in self.nodes
        ]
        return [*beside, *reversed([way.target for way in self.out[node]])]


def _feel(text: str) -> str:
    text = text.strip()
    translated = feel_of_juel(text) if is_juel(text) else None
    return (translated or text).removeprefix("=").strip()
