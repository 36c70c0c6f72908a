"""Activities that run several times: multi-instance and standard loops (BPMN 2.0.2, 10.3.8 and 13.3.6, 13.3.7).

The activity's own node is the *body*: boundary events are attached to it and it counts its *turns*, the nodes of the
same element inside it. Each turn has its own variables (`loopCounter`, the item) and its own mappings.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from flowmaster.engine.elements.plain import Plain
from flowmaster.engine.elements.throwing import throw
from flowmaster.engine.events import ElementEntered, LoopBegan, LoopStopped, TurnCollected, VariablesSet
from flowmaster.engine.execution import COUNTER, Execution, Fault
from flowmaster.engine.feel.said import said
from flowmaster.engine.limits import NODES_MAX, TURNS_MAX
from flowmaster.engine.lookup import output_name
from flowmaster.engine.model import Element, MultiInstance, StandardLoop, Trigger, Value
from flowmaster.engine.scope import Scope, counters, scope_of
from flowmaster.engine.state import Node
from flowmaster.engine.values import Json


class LoopBody(Plain):
    """Begins the turns of an activity, counts them, and completes when they are done."""

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Work out how many turns there are, and begin all of them or the first."""
        loop = element.loop
        if isinstance(loop, StandardLoop):
            run.emit(LoopBegan(node.key, element.id, _most(loop), (), False))
            if loop.test_before and not _again(run, node, loop):
                run.finish(node)
            else:
                _begin_turns(run, node, element, (None,))
            return
        assert isinstance(loop, MultiInstance)
        items = _items(run, node, element, loop)
        kept = tuple(items) if loop.sequential else ()
        run.emit(LoopBegan(node.key, element.id, len(items), kept, bool(loop.output_collection)))
        if items:
            _begin_turns(run, node, element, items[:1] if loop.sequential else items)
        else:
            _complete(run, node, loop)

    def before_inner_done(self, run: Execution, node: Node, element: Element, inner: Node) -> None:
        """Collect what the turn gives, and look whether the rest is still wanted: its variables count there too."""
        loop, turns = element.loop, node.turns
        if not isinstance(loop, MultiInstance) or turns is None:
            return
        if loop.output_collection:
            value = None if loop.output_element is None else run.value(inner, loop.output_element)
            place = (inner.variables or {}).get(COUNTER)
            run.emit(TurnCollected(node.key, element.id, place - 1 if isinstance(place, int) else -1, value))
        if loop.completion is not None:
            after = counters(turns._replace(completed=turns.completed + 1))
            del after[COUNTER]
            if loop.output_collection and node.turns is not None:
                after[loop.output_collection] = list(node.turns.results or ())
            if true(
                run, Scope((after, scope_of(run.state, inner.key))), loop.completion, "completion condition"
            ):
                run.emit(LoopStopped(node.key, element.id))

    def inner_done(self, run: Execution, node: Node, element: Element) -> None:
        """Look after each turn whether all is done, and go on with the next turn otherwise."""
        turns, loop = node.turns, element.loop
        assert turns is not None
        if isinstance(loop, MultiInstance):
            for thrown in _thrown(run, node, loop):
                throw(run, node, node, element, thrown.details)
                if node.key not in run.state.nodes:
                    return
            if turns.over:
                run.empty(node)
                _complete(run, node, loop)
            elif turns.items:
                run.later(node)
            elif not node.open:
                _complete(run, node, loop)
            return
        assert isinstance(loop, StandardLoop)
        limited = loop.maximum is not None and turns.begun >= loop.maximum
        if limited or not _again(run, node, loop):
            _finish(run, node)
        elif turns.begun < turns.total:
            run.later(node)
        else:
            raise Fault(
                "loop.too_many", f"{element.label!r} has run {turns.begun} times; a loop has no exit."
            )

    def go_on(self, run: Execution, node: Node, element: Element) -> None:
        """Begin the next turn of a sequence."""
        assert node.turns is not None
        _begin_turns(run, node, element, node.turns.items[:1] or (None,))


def _thrown(run: Execution, node: Node, loop: MultiInstance) -> list[Trigger]:
    """Return what is thrown after a turn: nothing, always one event, once one, or by conditions (table 10.29)."""
    assert node.turns is not None
    match loop.behavior:
        case "None" if loop.event is not None:
            return [loop.event]
        case "One" if loop.event is not None and node.turns.completed == 1:
            return [loop.event]
        case "Complex":
            return [
                one.event
                for one in loop.complex
                if true(run, run.see(node), one.condition, "condition of the behavior")
            ]
        case _:
            return []


def _begin_turns(run: Execution, body: Node, element: Element, items: Sequence[Json]) -> None:
    """Put a token on each turn, and then let each begin: the first may already be over by then."""
    assert body.turns is not None
    first = body.turns.begun + 1
    begun = []
    for number, item in enumerate(items, first):
        key = run.key()
        run.emit(ElementEntered(key, element.id, body.key, ()))
        run.emit(VariablesSet(key, element.id, _own(element, number, item)))
        begun.append(run.state.nodes[key])
    for turn in begun:
        if turn.key in run.state.nodes:
            run.begin(turn, element)


def _own(element: Element, number: int, item: Json) -> dict[str, Json]:
    """Return the variables of a turn."""
    loop = element.loop
    own: dict[str, Json] = {COUNTER: number}
    if isinstance(loop, MultiInstance):
        name = output_name(element)
        if name and loop.output_collection:
            own[name] = None
        if loop.item:
            own[loop.item] = item
    return own


def _items(run: Execution, node: Node, element: Element, loop: MultiInstance) -> Sequence[Json]:
    if loop.collection is not None:
        found = run.value(node, loop.collection)
        if not isinstance(found, list | tuple):
            raise Fault("loop.no_list", f"`{loop.collection.text}` gave {said(found)}, expected a list.")
        count = len(found)
    else:
        count, found = _cardinality(run, node, loop), ()
    most = TURNS_MAX if loop.sequential else NODES_MAX - len(run.state.nodes)
    if count > most:
        raise Fault(
            "loop.too_many", f"{element.label!r} would run more than {most} times; no more are possible here."
        )
    return found or (None,) * count


def _cardinality(run: Execution, node: Node, loop: MultiInstance) -> int:
    if loop.cardinality is None:
        raise Fault("loop.number_missing", "The multi-instance activity has no number and no collection.")
    found = run.value(node, loop.cardinality)
    whole = isinstance(found, int | Decimal) and not isinstance(found, bool) and found == int(found)
    if not whole or found < 0:  # type: ignore[operator]  # it is a number by now
        raise Fault(
            "loop.no_number", f"`{loop.cardinality.text}` gave {said(found)}, expected a whole number from 0."
        )
    return int(found)  # type: ignore[arg-type]  # it is a number by now


def _most(loop: StandardLoop) -> int:
    return TURNS_MAX if loop.maximum is None else loop.maximum


def _again(run: Execution, node: Node, loop: StandardLoop) -> bool:
    assert node.turns is not None
    if node.turns.total < 1:
        return False
    return loop.condition is None or true(run, run.see(node), loop.condition, "loop condition")


def true(run: Execution, seen: Mapping[str, object], condition: Value, what: str) -> bool:
    """Return whether a condition holds; null is false, anything else that is no boolean a fault."""
    found = condition.value(seen, run.at)
    if found is None:
        return False
    if not isinstance(found, bool):
        raise Fault(
            "condition.not_boolean",
            f"The {what} `{condition.text}` gave {said(found)} instead of true or false.",
        )
    return found


def _complete(run: Execution, node: Node, loop: MultiInstance) -> None:
    """Complete the body with the collected results."""
    assert node.turns is not None
    if loop.output_collection and node.turns.results is not None:
        run.write(run.state.nodes[node.scope], {loop.output_collection: list(node.turns.results)})
    _finish(run, node)


def _finish(run: Execution, node: Node) -> None:
    run.resolve_incidents(node, "went on")
    run.finish(node)
