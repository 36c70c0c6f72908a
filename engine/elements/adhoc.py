"""The ad-hoc sub-process: inner activities in any order, side by side or one at a time (BPMN 2.0.2, 10.3.5, 13.3.5).

Where the model names a job type, a worker or agent chooses: the activities inside are its tool box. It is asked at the
beginning and each time a way inside has ended, and sees what is collected so far; its result is a `Choice`.
"""

from collections.abc import Mapping
from typing import NamedTuple

from flowmaster.engine.elements.loops import true
from flowmaster.engine.elements.scopes import SubProcess
from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.events import (
    ElementEntered,
    LoopBegan,
    LoopStopped,
    TurnCollected,
    VariablesSet,
    WaitClosed,
)
from flowmaster.engine.execution import Execution, Fault
from flowmaster.engine.feel.said import quoted, said
from flowmaster.engine.jobs import open_job
from flowmaster.engine.limits import NODES_MAX, TURNS_MAX
from flowmaster.engine.model import AdHoc, Element, Link
from flowmaster.engine.state import JobWait, Node
from flowmaster.engine.triggers import arm_handlers
from flowmaster.engine.values import Json

TOOLS = "adHocSubProcessElements"
"""The variable in which a worker finds what it can choose, by the name that Camunda gives it."""
_WORDS = ("activate", "done")


class Choice(NamedTuple):
    """What a worker wants next: activities with values for each, or the end; and values for all that is inside."""

    activate: tuple[tuple[str, Mapping[str, Json]], ...]
    done: bool
    variables: Mapping[str, Json]


class AdHocSubProcess(SubProcess):
    """Begins the activities that the model or its data choose, else all that nothing leads to.

    Flows inside lead on as anywhere. It completes when its completion condition holds after an inner activity, or
    when nothing is left to do. Without `cancelRemainingInstances` what runs by then is finished first.
    """

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Begin the chosen activities, or the first of them where the order is sequential."""
        details = _details(element)
        arm_handlers(run, node)
        if details.job is not None:
            run.emit(LoopBegan(node.key, element.id, -1, (), bool(details.output_collection)))
            tools = [
                {"elementId": one.id, "elementName": one.name, "documentation": one.documentation}
                for one in tools_of(run.elements, element)
            ]
            run.emit(VariablesSet(node.key, element.id, {TOOLS: tools}))
            _show_collected(run, node, element, details)
            open_job(run, node, element, details.job)
            return
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
        """Collect what an inner activity gives, and look whether that is enough; ask the worker where a way ends."""
        details, turns = _details(element), node.turns
        if turns is None or turns.over:
            return
        left = run.elements[inner.element]
        enough = _is_activity(left) and self._is_enough(run, node, element, inner)
        is_end = not left.outgoing and not (isinstance(left.details, Link) and left.details.target)
        if enough or is_end:
            _withdraw_job(run, node)
        if enough:
            run.emit(LoopStopped(node.key, element.id))
        elif details.job is not None and is_end:
            _show_collected(run, node, element, details)
            open_job(run, node, element, details.job)

    def _is_enough(self, run: Execution, node: Node, element: Element, inner: Node) -> bool:
        details = _details(element)
        value = None if details.output_element is None else run.value(inner, details.output_element)
        enough = details.completion is not None and true(
            run, run.see(inner), details.completion, "completion condition"
        )
        if details.output_collection:
            run.emit(TurnCollected(node.key, element.id, -1, value))
        return enough

    def choose(self, run: Execution, node: Node, element: Element, result: Mapping[str, Json]) -> None:
        """Do what the worker wants: begin activities with what each gets, or be done."""
        choice = choice_of(run.elements, element, result, running=node.open > 0)
        if choice.variables:
            run.emit(VariablesSet(node.key, element.id, choice.variables))
        if choice.done:
            run.emit(LoopStopped(node.key, element.id))
            run.look_inside(node)
            return
        if len(run.state.nodes) + len(choice.activate) > NODES_MAX:
            raise _wrong("activate", "Too many activities at once.", f"at most {NODES_MAX} in an instance")
        begun = []
        for name, given in choice.activate:
            key = run.key()
            run.emit(ElementEntered(key, name, node.key, ()))
            if given:
                run.emit(VariablesSet(key, name, given))
            begun.append(run.state.nodes[key])
        for inner in begun:
            if inner.key in run.state.nodes:
                run.begin(inner, run.elements[inner.element])

    def inner_done(self, run: Execution, node: Node, element: Element) -> None:
        """Complete, or begin the next activity of a sequence."""
        details, turns = _details(element), node.turns
        if turns is not None and turns.over and details.cancel_remaining:
            run.empty(node)
        elif node.open:
            return
        elif details.job is not None and turns is not None and not turns.over:
            if _job(run, node) is None:
                open_job(run, node, element, details.job)
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


def tools_of(elements: Mapping[str, Element], element: Element) -> list[Element]:
    """Return the activities inside that can be chosen."""
    inside = (one for one in elements.values() if one.scope == element.id)
    return [
        one
        for one in inside
        if one.kind != "boundaryEvent" and not one.triggered_by_event and not one.for_compensation
    ]


def choice_of(
    elements: Mapping[str, Element], element: Element, result: Mapping[str, Json], *, running: bool
) -> Choice:
    """Read the result of a worker that chooses; `running` says whether anything inside goes on by itself."""
    wanted, done = (result.get(word) for word in _WORDS)
    variables = {name: value for name, value in result.items() if name not in _WORDS}
    tools = tools_of(elements, element)
    if not isinstance(done, bool | None):
        raise _wrong("done", f"`done` is {said(done)}.", "true or false")
    listed = wanted if isinstance(wanted, list | tuple) else [] if wanted is None else [wanted]
    chosen = tuple(_tool(tools, one, f"activate[{place}]") for place, one in enumerate(listed))
    if chosen and done:
        raise _wrong(
            "activate", f"{element.label!r} is done and is to go on.", "`activate` or `done`, not both"
        )
    if not chosen and not done and not running:
        text = f"Nothing runs in {element.label!r} and nothing is chosen, so it would stand still."
        raise _wrong(
            "activate", text, {"activate": [one.id for one in tools], "done": "true, when it is over"}
        )
    return Choice(chosen, bool(done), variables)


def _tool(tools: list[Element], wanted: Json, path: str) -> tuple[str, Mapping[str, Json]]:
    name, given = (
        (wanted.get("element"), wanted.get("variables")) if isinstance(wanted, Mapping) else (wanted, None)
    )
    if not isinstance(given, Mapping | None):
        raise _wrong(f"{path}.variables", f"{said(given)} are no variables.", "{name: value}")
    found = next((one.id for one in tools if name and name in (one.id, one.name)), None)
    if found is None:
        names = [one.id for one in tools]
        text = f"{quoted(name)} is no activity inside.{did_you_mean(str(name), names)}"
        raise _wrong(path, text, names)
    return found, given or {}


def _wrong(path: str, message: str, expected: Json) -> FlowMasterError:
    return FlowMasterError(
        "job.choice_wrong",
        message,
        path=f"variables.{path}",
        expected=expected,
        fix='Choose what is next, `{"activate": ["search", {"element": "ask", "variables": {"text": "Why?"}}]}`, '
        'or say `{"done": true}`.',
        status=422,
    )


def _show_collected(run: Execution, node: Node, element: Element, details: AdHoc) -> None:
    """Let the worker who chooses see what has been collected so far."""
    turns = run.state.nodes[node.key].turns
    if details.output_collection and turns is not None and turns.results is not None:
        found = {details.output_collection: list(turns.results)}
        run.emit(VariablesSet(node.key, element.id, found))


def _job(run: Execution, node: Node) -> int | None:
    return next((key for key in node.waits if isinstance(run.state.waits[key], JobWait)), None)


def _withdraw_job(run: Execution, node: Node) -> None:
    key = _job(run, node)
    if key is not None:
        run.resolve_incidents(node, "replaced")
        run.emit(WaitClosed(key, node.element, "withdrawn", {}))


def _chosen(run: Execution, node: Node, element: Element, details: AdHoc) -> tuple[str, ...]:
    may = tools_of(run.elements, element)
    most = TURNS_MAX if details.sequential else NODES_MAX - len(run.state.nodes)
    if details.active is None:
        return tuple(one.id for one in may if not one.incoming)
    found = run.value(node, details.active)
    if not isinstance(found, list | tuple):
        raise Fault(
            "adhoc.no_list", f"`{details.active.text}` gave {said(found)}, expected a list of activities."
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
        f"`{text}` names {quoted(name)}, which is no activity inside.{did_you_mean(str(name), known)}",
    )
