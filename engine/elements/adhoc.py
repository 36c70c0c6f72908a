"""The ad-hoc sub-process: inner activities in any order, side by side or one at a time (BPMN 2.0.2, 10.3.5, 13.3.5)."""

from flowmaster.engine.elements.loops import true
from flowmaster.engine.elements.scopes import SubProcess
from flowmaster.engine.errors import did_you_mean
from flowmaster.engine.events import ElementEntered, LoopBegan, LoopStopped, TurnCollected
from flowmaster.engine.execution import Execution, Fault
from flowmaster.engine.limits import NODES_MAX
from flowmaster.engine.model import AdHoc, Element
from flowmaster.engine.state import Node
from flowmaster.engine.triggers import arm_handlers
from flowmaster.engine.values import Json


class AdHocSubProcess(SubProcess):
    """Begins the activities that the model or its data choose, else all that nothing leads to.

    Flows inside lead on as anywhere. It completes when its completion condition holds after an inner activity, or
    when nothing is left to do. Without `cancelRemainingInstances` what runs by then is finished first.
    """

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Begin the chosen activities, or the first of them where the order is sequential."""
        details = _details(element)
        arm_handlers(run, node)
        chosen = _chosen(run, node, element, details)
        run.emit(LoopBegan(node.key, element.id, -1, chosen, bool(details.output_collection)))
        if not chosen:
            self.inner_done(run, node, element)
            return
        begun = []
        for name in chosen[:1] if details.sequential else chosen:
            key = run.key()
            run.emit(ElementEntered(key, name, node.key, ()))
            begun.append(run.state.nodes[key])
        for inner in begun:
            if inner.key in run.state.nodes:
                run.begin(inner, run.elements[inner.element])

    def before_inner_done(self, run: Execution, node: Node, element: Element, inner: Node) -> None:
        """Collect what an inner activity gives, and look whether that is enough."""
        details, turns = _details(element), node.turns
        if turns is None or turns.over or not _is_activity(run.elements[inner.element]):
            return
        value = None if details.output_element is None else run.value(inner, details.output_element)
        enough = details.completion is not None and true(
            run, run.see(inner), details.completion, "completion condition"
        )
        if details.output_collection:
            run.emit(TurnCollected(node.key, element.id, -1, value))
        if enough:
            run.emit(LoopStopped(node.key, element.id))

    def inner_done(self, run: Execution, node: Node, element: Element) -> None:
        """Complete, or begin the next activity of a sequence."""
        details, turns = _details(element), node.turns
        if turns is not None and turns.over and details.cancel_remaining:
            run.empty(node)
        elif node.open:
            return
        elif turns is not None and turns.items:
            run.later(node)
            return
        if details.output_collection and turns is not None and turns.results is not None:
            run.write(run.state.nodes[node.scope], {details.output_collection: list(turns.results)})
        super().inner_done(run, node, element)

    def go_on(self, run: Execution, node: Node, element: Element) -> None:
        """Begin the next activity of a sequence."""
        name = node.turns.items[0] if node.turns is not None and node.turns.items else None
        if isinstance(name, str) and not node.open:
            run.enter(run.elements[name], node)


def _details(element: Element) -> AdHoc:
    return element.details if isinstance(element.details, AdHoc) else AdHoc()


def _chosen(run: Execution, node: Node, element: Element, details: AdHoc) -> tuple[str, ...]:
    inside = [one for one in run.elements.values() if one.scope == element.id]
    may = [one for one in inside if one.kind != "boundaryEvent" and not one.triggered_by_event]
    most = NODES_MAX if details.sequential else NODES_MAX - len(run.state.nodes)
    if details.active is None:
        return tuple(one.id for one in may if not one.incoming and not one.for_compensation)
    found = run.value(node, details.active)
    if not isinstance(found, list | tuple):
        raise Fault(
            "adhoc.no_list", f"`{details.active.text}` gave {found!r}, expected a list of activities."
        )
    if len(found) > most:
        raise Fault("adhoc.too_many", f"`{details.active.text}` names more activities than {most}.")
    return tuple(_named(may, name, details.active.text) for name in found)


def _is_activity(element: Element) -> bool:
    return not element.kind.endswith(("Event", "Gateway")) and not element.triggered_by_event


def _named(may: list[Element], name: Json, text: str) -> str:
    for one in may:
        if name in (one.id, one.name):
            return one.id
    known = [one.id for one in may]
    raise Fault(
        "adhoc.activity_unknown",
        f"`{text}` names {name!r}, which is no activity inside.{did_you_mean(str(name), known)}",
    )
