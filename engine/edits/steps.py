"""Edits that add steps, written in the words of the outline."""

from collections.abc import Mapping

from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.identifiers import id_from_name
from flowmaster.engine.bpmn.vocabulary import fm
from flowmaster.engine.edits.place import Place
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.outline.building import Builder, ScopeBuilder, Tail, names_of
from flowmaster.engine.outline.compile import write_lanes
from flowmaster.engine.outline.ids import assign_ids, assign_lanes
from flowmaster.engine.outline.nodes import Node, Outline
from flowmaster.engine.outline.problems import Problems
from flowmaster.engine.outline.reading import Reading
from flowmaster.engine.outline.reading_steps import StepReader
from flowmaster.engine.outline.scopes import name_key
from flowmaster.engine.values import Json

Edit = Mapping[str, Json]


def add_after(place: Place, edit: Edit) -> None:
    """Put steps between an element and what follows it."""
    node = place.node(edit["add_after"], "add_after")
    outgoing = place.document.outgoing(node)
    if len(outgoing) > 1 or node.kind == "endEvent":
        raise FlowMasterError(
            "edit.place_ambiguous",
            f"{node.title!r} leads to {len(outgoing)} elements, so `add_after` is not clear.",
            path="add_after",
            expected=[flow.get("targetRef") for flow in outgoing],
            fix="Use `add_before` with the element that the steps come before.",
        )
    building = _Building(place, node, edit)
    left = building.steps([Tail(node.id)])
    if not outgoing:
        building.end(left)
        return
    target = place.document.element(outgoing[0].get("targetRef"))
    place.document.remove(outgoing[0])
    building.join(left, target)


def add_before(place: Place, edit: Edit) -> None:
    """Put steps before an element: everything that led to it leads to them."""
    node = place.node(edit["add_before"], "add_before")
    if node.kind in ("startEvent", "boundaryEvent"):
        raise FlowMasterError(
            "edit.place_impossible",
            f"Nothing can come before {node.title!r}.",
            path="add_before",
            fix="Use `add_after`.",
        )
    incoming = place.document.incoming(node)
    building = _Building(place, node, edit)
    first, left = building.chain()
    for flow in incoming:
        place.document.reconnect(flow, target=first)
    building.join(left, node)


class _Building:
    """Builds the steps of one edit into the scope of an element."""

    def __init__(self, place: Place, near: Element, edit: Edit) -> None:
        self._place = place
        self._document = place.document
        scope = place.document.scope_of(near)
        assert scope is not None, "a flow node stands in a scope"
        self._nodes = _read(place, edit)
        outline = Outline(process=place.process_id, roles=_roles(place), steps=self._nodes)
        ids = {at: self._free(wish) for at, wish in assign_ids(outline).items()}
        names = {name_key(node.title): node.id for node in place.nodes()} | names_of(self._nodes, ids)
        self._known = {name_key(node.title): node.id for node in place.nodes()}
        self._builder = Builder(self._document, ids=ids, lanes=assign_lanes(outline), names=names)
        lane = self._document.lane_of(near)
        self._lane = lane
        self._scope: ScopeBuilder = self._builder.scope(scope)
        self._roles = outline.roles

    def steps(self, tails: list[Tail]) -> list[Tail]:
        """Build the steps after the given ends, and return where the way goes on."""
        left = self._scope.steps(self._nodes, tails)
        self._scope.finish(self._known)
        self._settle_lanes()
        return left

    def chain(self) -> tuple[Element, list[Tail]]:
        """Build the steps without anything before them, and return the first and the open ends."""
        left = self.steps([])
        return self._document.element(self._builder.made[0]), left

    def join(self, left: list[Tail], target: Element) -> None:
        """Lead the open ends to an element; several meet in a gateway first."""
        if len(left) > 1:
            merge = self._builder.new_id(f"merge {target.id}")
            gateway = self._scope.element.add("exclusiveGateway", {"id": merge})
            for tail in left:
                self._connect(tail, gateway)
            self._document.connect(gateway, target)
            return
        for tail in left:
            self._connect(tail, target)

    def end(self, left: list[Tail]) -> None:
        """Lead the open ends to an end event of their own."""
        if left:
            end = self._scope.element.add("endEvent", {"id": self._builder.new_id("end")})
            self.join(left, end)

    def _connect(self, tail: Tail, target: Element) -> None:
        source = self._document.element(tail.source)
        condition = f"={tail.condition}" if tail.condition else ""
        flow = self._document.connect(source, target, name=tail.name, condition=condition)
        if tail.default:
            source.set("default", flow.id)

    def _free(self, wish: str) -> str:
        return wish if self._document.find(wish) is None else id_from_name(wish, _Taken(self._document))

    def _settle_lanes(self) -> None:
        """Put what was made into the lane of its role, else into that of its neighbour."""
        if self._scope.element.kind != "process" or self._place.process.child("laneSet") is None:
            return
        by_role = dict(self._builder.lane_of)
        for made in self._builder.made:
            if made not in by_role and self._lane is not None:
                self._lane.add("flowNodeRef", text=made)
        write_lanes(self._document, self._place.process, self._roles, by_role)


class _Taken:
    """The ids of a document, as a set."""

    def __init__(self, document: object) -> None:
        self._document = document

    def __contains__(self, identifier: object) -> bool:
        return isinstance(identifier, str) and self._document.find(identifier) is not None  # type: ignore[attr-defined]  # any document


def _read(place: Place, edit: Edit) -> tuple[Node, ...]:
    """Read the steps of an edit."""
    given = edit["steps"] if "steps" in edit else edit.get("step")
    if given is None or ("step" in edit and "steps" in edit):
        raise FlowMasterError(
            "edit.step_missing",
            "The edit says no step to add.",
            path="step",
            expected='{"second check": {"ask": "cfo", "into": "checked"}}',
            fix="Give `step`, or several as `steps`.",
        )
    problems = Problems(None)
    reading = Reading(problems)
    reading.roles.update(_roles(place))
    nodes = StepReader(reading).steps(given, "step")
    problems.raise_if_any()
    return nodes


def _roles(place: Place) -> dict[str, str]:
    return {
        role.get("id"): role.get("name") or role.get("id") for role in place.process.extensions(fm("role"))
    }
