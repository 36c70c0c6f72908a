"""The operations that add, move and take away steps."""

from collections.abc import Callable, Mapping

from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import EVENT_KINDS, GATEWAY_KINDS, TASK_KINDS
from flowmaster.engine.edits.context import Batch, scope_of
from flowmaster.engine.edits.healing import drop_idle_choice, drop_own_form, heal, heal_after, keep_one, tidy
from flowmaster.engine.edits.targets import known_words, refused
from flowmaster.engine.outline.building import Tail
from flowmaster.engine.outline.ids import id_of_condition
from flowmaster.engine.outline.nodes import Step
from flowmaster.engine.outline.vocabulary import KINDS
from flowmaster.engine.outline.writing_events import add_expression
from flowmaster.engine.values import Json

Edit = Mapping[str, Json]


def add_after(batch: Batch, edit: Edit, path: str) -> None:
    """`{add_after: approve, step: {second check: {ask: cfo}}}`."""
    known_words(edit, ("add_after", "step", "steps"), path)
    anchor = batch.targets.step(edit["add_after"], path)
    steps = batch.steps(edit, path)
    _check_place(anchor, path, after=True)
    outgoing = batch.document.outgoing(anchor)
    if len(outgoing) > 1:
        raise _several_ways(batch, anchor, outgoing, path)
    builder = batch.builder(steps, anchor)
    scope = builder.scope(scope_of(anchor))
    left = scope.steps(steps, [Tail(anchor.id)] if not outgoing else [])
    first = _first_new(batch, builder.made, path)
    if outgoing:
        _lead_on(batch, scope.link, outgoing[0], first, left)
    batch.close(scope, anchor, path)


def add_before(batch: Batch, edit: Edit, path: str) -> None:
    """`{add_before: pay, step: {check: {rule: limits}}}`: every way to the step goes through the new one."""
    known_words(edit, ("add_before", "step", "steps"), path)
    anchor = batch.targets.step(edit["add_before"], path)
    steps = batch.steps(edit, path)
    _check_place(anchor, path, after=False)
    incoming = batch.document.incoming(anchor)
    builder = batch.builder(steps, anchor)
    scope = builder.scope(scope_of(anchor))
    left = scope.steps(steps, [])
    first = _first_new(batch, builder.made, path)
    for flow in incoming:
        batch.document.reconnect(flow, target=first)
    scope.link(left, anchor.id)
    behind = batch.document.element(incoming[0].get("sourceRef")) if len(incoming) == 1 else anchor
    batch.close(scope, behind if behind.parent == anchor.parent else anchor, path)


def insert_on_flow(batch: Batch, edit: Edit, path: str) -> None:
    """`{insert_on_flow: "approve -> pay", step: {...}}`."""
    known_words(edit, ("insert_on_flow", "step", "steps"), path)
    flow = batch.targets.flow(edit["insert_on_flow"], path)
    steps = batch.steps(edit, path)
    source = batch.document.element(flow.get("sourceRef"))
    builder = batch.builder(steps, source)
    scope = builder.scope(scope_of(source))
    left = scope.steps(steps, [])
    first = _first_new(batch, builder.made, path)
    target = batch.document.element(flow.get("targetRef"))
    batch.document.reconnect(flow, target=first)
    scope.link(left, target.id)
    batch.close(scope, source, path)


def branch(batch: Batch, edit: Edit, path: str) -> None:
    """`{branch: approve, if: amount > 100, then: [...]}`: another way where the condition holds."""
    known_words(edit, ("branch", "if", "then", "title"), path)
    anchor = batch.targets.step(edit["branch"], path)
    condition = batch.reading.feel(edit.get("if"), f"{path}.if", "The condition")
    title = str(edit.get("title") or "")
    steps = batch.steps(edit, path)
    document = batch.document
    if anchor.kind in ("exclusiveGateway", "inclusiveGateway") and len(document.outgoing(anchor)) > 1:
        default = _default_flow(batch, anchor)
        builder = batch.builder(steps, anchor)
        scope = builder.scope(scope_of(anchor))
        left = scope.steps(steps, [Tail(anchor.id, condition, title or condition)])
        scope.link(left, default.get("targetRef"))
        batch.close(scope, anchor, path)
        return
    if anchor.kind in GATEWAY_KINDS or anchor.kind == "endEvent":
        raise refused(
            path, "edit.place_wrong", "A branch begins behind a step, or at a decision.", fix="Name a step."
        )
    outgoing = document.outgoing(anchor)
    if len(outgoing) != 1:
        raise _several_ways(batch, anchor, outgoing, path)
    builder = batch.builder(steps, anchor)
    scope = builder.scope(scope_of(anchor))
    gateway = builder.new_id(id_of_condition(condition))
    builder.node(scope.element, "exclusiveGateway", "", {"id": gateway, "name": f"{condition}?"}, anchor.id)
    left = scope.steps(steps, [Tail(gateway, condition, title or "yes")])
    target = document.element(outgoing[0].get("targetRef"))
    document.reconnect(outgoing[0], target=document.element(gateway))
    scope.link([Tail(gateway, name="no", default=True), *left], target.id)
    batch.close(scope, anchor, path)


def set_when(batch: Batch, node: Element, value: Json, path: str) -> None:
    """Set under which condition a step is done at all; null lets it always be done."""
    document = batch.document
    gateway = _guard(batch, node)
    condition = "" if value is None else batch.reading.feel(value, f"{path}.when", "The condition")
    if gateway is not None:
        if not condition:
            keep_one(batch, gateway, node, path)
            heal(batch, gateway, path)
            document.remove(gateway)
            tidy(batch)
            return
        flow = next(one for one in document.outgoing(gateway) if one.get("targetRef") == node.id)
        write_condition(flow, condition)
        gateway.set("name", f"{condition}?")
        return
    if not condition:
        return
    outgoing = document.outgoing(batch.targets.step(node.id, path))
    if len(outgoing) != 1:
        raise _several_ways(batch, node, outgoing, path)
    builder = batch.builder((), node)
    scope = builder.scope(scope_of(node))
    identifier = builder.new_id(f"when {node.id}")
    made = builder.node(
        scope.element, "exclusiveGateway", "", {"id": identifier, "name": f"{condition}?"}, node.id
    )
    for flow in document.incoming(node):
        document.reconnect(flow, target=made)
    scope.link([Tail(identifier, condition, "yes")], node.id)
    scope.link([Tail(identifier, name="no", default=True)], outgoing[0].get("targetRef"))
    batch.close(scope, node, path)


def _guard(batch: Batch, node: Element) -> Element | None:
    """Return the decision that only says whether a step is done."""
    document = batch.document
    incoming = document.incoming(node)
    source = document.element(incoming[0].get("sourceRef")) if len(incoming) == 1 else None
    if source is None or source.kind != "exclusiveGateway" or len(document.outgoing(source)) != 2:
        return None
    other = next(flow for flow in document.outgoing(source) if flow != incoming[0])
    behind = [batch.targets.behind_merges(flow) for flow in document.outgoing(node)]
    return source if behind and batch.targets.behind_merges(other) == behind[0] else None


def move(batch: Batch, edit: Edit, path: str) -> None:
    """`{move: notify, after: pay}` or `{move: notify, before: approve}`."""
    known_words(edit, ("move", "after", "before"), path)
    if ("after" in edit) == ("before" in edit):
        raise refused(
            path, "edit.value_wrong", "Say where to: `after` or `before` a step.", expected="after: pay"
        )
    node = batch.targets.step(edit["move"], path)
    place = batch.targets.step(edit.get("after", edit.get("before")), path)
    document = batch.document
    if node == place or node.parent != place.parent:
        raise refused(
            path,
            "edit.place_wrong",
            "A step moves behind or before another one of the same scope.",
            fix="Name another step, or delete it here and add it there.",
        )
    if node.kind in _FIXED:
        raise refused(
            path,
            "edit.place_wrong",
            f"{node.title!r} is a start, an end or stands at a step: it cannot be moved.",
            fix="Delete it and add another one, or move the steps around it.",
        )
    _check_place(place, path, after="after" in edit)
    ways = document.outgoing(place) if "after" in edit else document.incoming(place)
    if "after" in edit and len(ways) > 1:
        raise _several_ways(batch, place, ways, path)
    heal(batch, node, path)
    ways = document.outgoing(place) if "after" in edit else document.incoming(place)
    builder = batch.builder((), place)
    scope = builder.scope(scope_of(place))
    if "after" in edit:
        if ways:
            _lead_on(batch, scope.link, ways[0], node, [Tail(node.id)])
        else:
            scope.link([Tail(place.id)], node.id)
    else:
        for flow in ways:
            document.reconnect(flow, target=node)
        scope.link([Tail(node.id)], place.id)
    batch.close(scope, place, path)
    if "after" in edit:
        node.move_behind(place)
    batch.made.append(node.id)
    for event in document.boundary_events(node):
        batch.made.append(event.id)


def delete(batch: Batch, edit: Edit, path: str) -> None:
    """`{delete: notify}`: what came before leads to what came behind; a decision says which way to `keep`."""
    known_words(edit, ("delete", "keep"), path)
    given = edit["delete"]
    for reference in given if isinstance(given, list) else [given]:
        if isinstance(reference, str) and batch.targets.is_flow(reference):
            remove_flow(batch, batch.targets.flow(reference, path))
            continue
        found = batch.document.find(reference) if isinstance(reference, str) else None
        if found is not None and found.kind in _LOOSE:
            batch.document.remove(found)
            continue
        node = batch.targets.node(reference, path)
        if edit.get("keep") is not None:
            keep_one(batch, node, batch.targets.node(edit["keep"], path), path)
        if node.kind == "boundaryEvent":
            heal_after(batch, node)
            continue
        before = [batch.document.element(flow.get("sourceRef")) for flow in batch.document.incoming(node)]
        heal(batch, node, path)
        for event in batch.document.boundary_events(node):
            heal_after(batch, event)
        drop_own_form(batch, node)
        batch.document.remove(node)
        for gateway in before:
            drop_idle_choice(batch, gateway)
    tidy(batch)


def remove_flow(batch: Batch, flow: Element) -> None:
    """Take a sequence flow away, and gateways that no longer choose or merge."""
    batch.document.remove(flow)
    tidy(batch)


def disconnect(batch: Batch, edit: Edit, path: str) -> None:
    """`{disconnect: "approve -> pay"}`."""
    known_words(edit, ("disconnect",), path)
    remove_flow(batch, batch.targets.flow(edit["disconnect"], path))


def connect(batch: Batch, edit: Edit, path: str) -> None:
    """`{connect: approve, to: pay, if: amount > 5}`."""
    known_words(edit, ("connect", "to", "if", "title", "default"), path)
    source = batch.targets.step(edit["connect"], path)
    target = batch.targets.step(edit.get("to"), path)
    if source.parent != target.parent:
        raise refused(
            path,
            "edit.scope_wrong",
            "A flow cannot enter or leave a group.",
            fix="Connect the group itself.",
        )
    if source.kind == "endEvent" or target.kind in ("startEvent", "boundaryEvent"):
        raise refused(
            path,
            "edit.place_wrong",
            "A flow cannot leave an end or lead to a start.",
            fix="Name the steps before and behind.",
        )
    condition = batch.reading.feel(edit["if"], f"{path}.if") if edit.get("if") is not None else ""
    if condition or edit.get("default") is True:
        check_chooses(source, path)
    builder = batch.builder((), source)
    scope = builder.scope(scope_of(source))
    default = edit.get("default") is True
    title = str(edit.get("title") or condition)
    scope.link([Tail(source.id, condition, title, default)], batch.entry(target).id)
    batch.close(scope, source, path)


def replace_step(batch: Batch, edit: Edit, path: str) -> None:
    """`{replace: check, step: {rule: limits}}`: the ways to and from it stay, and its name unless another is given."""
    known_words(edit, ("replace", "step"), path)
    old = batch.targets.step(edit["replace"], path)
    given = edit.get("step")
    if isinstance(given, Mapping) and KINDS.keys() & given.keys():
        given = {old.title: given}
        edit = {**edit, "step": given}
    name = next(iter(given)) if isinstance(given, Mapping) and len(given) == 1 else ""
    batch.reading.names.pop(" ".join(old.name.split()).casefold(), None)
    steps = batch.steps(edit, path)
    step = steps[0]
    if len(steps) != 1 or not isinstance(step, Step) or step.when:
        raise refused(
            path, "edit.value_wrong", "One step replaces one step.", expected="step: {check: {rule: limits}}"
        )
    document = batch.document
    identifier = old.id
    document.rename_id(old, document.new_id(f"{identifier} old"))
    scope_element = scope_of(old)
    builder = batch.builder(steps, old)
    if name and name in (identifier, old.title):
        builder.ids = {**builder.ids, step.at: identifier}
    scope = builder.scope(scope_element)
    left = scope.steps(steps, [])
    new = _first_new(batch, builder.made, path)
    for flow in document.incoming(old):
        document.reconnect(flow, target=new)
    default = old.get("default")
    for flow in document.outgoing(old):
        document.reconnect(flow, source=new)
    if default:
        new.set("default", default)
    scope.link([tail for tail in left if tail.source != new.id], _after(batch, new, path))
    drawn, fresh = document.shape_of(old.id), document.shape_of(new.id)
    if drawn is not None and fresh is None and {new.kind, old.kind} <= _LIKE_BOXES:
        drawn.set("bpmnElement", new.id)
        drawn.set("id", None)
    elif drawn is not None:
        drawn.remove()
    lane = document.lane_of(old)
    if lane is not None and document.lane_of(new) is None and new.id not in builder.lane_of:
        lane.add("flowNodeRef", text=new.id)
    batch.close(scope, old, path)
    document.remove(old)


_BLIND = EVENT_KINDS | {"parallelGateway", "eventBasedGateway"}
_FIXED = frozenset({"startEvent", "endEvent", "boundaryEvent"})
_LIKE_BOXES = TASK_KINDS | {"callActivity"}
"""Activities that are drawn alike, so that one can take the place of another."""

_LOOSE = frozenset(
    {
        "dataObjectReference",
        "dataObject",
        "dataStoreReference",
        "textAnnotation",
        "group",
        "association",
        "lane",
        "message",
        "signal",
        "error",
        "escalation",
        "participant",
        "messageFlow",
    }
)


def _check_place(node: Element, path: str, *, after: bool) -> None:
    """Refuse a place behind an end, or before a start or a boundary event."""
    if after and node.kind == "endEvent":
        raise refused(path, "edit.place_wrong", "Nothing comes after an end.", fix="Name a step before it.")
    if not after and node.kind in ("startEvent", "boundaryEvent"):
        raise refused(path, "edit.place_wrong", "Nothing comes before a start.", fix="Name a step behind it.")


def _first_new(batch: Batch, made: list[str], path: str) -> Element:
    if not made:
        raise refused(
            path,
            "edit.value_wrong",
            "These steps do nothing of their own.",
            expected="step: {check: {ask: cfo}}",
        )
    return batch.document.element(made[0])


def _lead_on(
    batch: Batch, link: Callable[[list[Tail], str], None], flow: Element, first: Element, left: list[Tail]
) -> None:
    """Let a flow lead to a new node, and the new ways on to where it led."""
    target = batch.document.element(flow.get("targetRef"))
    batch.document.reconnect(flow, target=first)
    link(left, target.id)


def _after(batch: Batch, node: Element, path: str) -> str:
    outgoing = batch.document.outgoing(node)
    return outgoing[0].get("targetRef") if outgoing else ""


def _default_flow(batch: Batch, gateway: Element) -> Element:
    flows = batch.document.outgoing(gateway)
    return next((flow for flow in flows if flow.id == gateway.get("default")), flows[-1])


def _several_ways(batch: Batch, node: Element, flows: list[Element], path: str) -> Exception:
    ways = [f"{node.title} -> {batch.targets.behind_merges(flow).title}" for flow in flows]
    return refused(
        path,
        "edit.ways_several",
        f"{node.title!r} leads {'several ways' if flows else 'nowhere'}; it is not said which one is meant.",
        expected=ways,
        fix=f"Use insert_on_flow: {ways[0]!r}." if ways else "Connect it first.",
    )


def check_chooses(source: Element, path: str) -> None:
    """Refuse a condition or a default behind what leads on without choosing."""
    if source.kind in _BLIND:
        raise refused(
            path,
            "edit.place_wrong",
            f"The ways out of {source.title!r}, a `{source.kind}`, have no conditions and no default.",
            expected="a flow out of a step or a decision",
            fix=f"Use branch: {source.title}." if source.kind not in GATEWAY_KINDS else "Name another flow.",
        )


def write_condition(flow: Element, condition: str) -> None:
    """Write the condition of a flow; empty takes it away."""
    for old in flow.children("conditionExpression"):
        old.remove()
    if condition:
        add_expression(flow, "conditionExpression", f"={condition}")
