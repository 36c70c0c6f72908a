"""The operation that puts a group around steps."""

from collections.abc import Mapping

from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import GATEWAY_KINDS
from flowmaster.engine.edits.context import Batch, scope_of
from flowmaster.engine.edits.targets import known_words, refused
from flowmaster.engine.outline.reading_words import word
from flowmaster.engine.outline.writing_words import WordWriter
from flowmaster.engine.values import Json

Edit = Mapping[str, Json]


def wrap(batch: Batch, edit: Edit, path: str) -> None:
    """`{wrap: [check, approve], in: decide, each: line in lines}`: a group, also a repeated one, around steps."""
    known_words(edit, ("wrap", "in", "each", "repeat"), path)
    name = edit.get("in")
    if not isinstance(name, str) or not name.strip():
        raise refused(f"{path}.in", "edit.value_wrong", "The group needs a name.", expected="in: decide")
    group = put_around(batch, edit["wrap"], name, path)
    writer = WordWriter(batch.document, lambda one: batch.targets.node(one, path).id)
    for key in ("each", "repeat"):
        if edit.get(key) is not None:
            writer.write(group, key, word(batch.reading, key, edit[key], f"{path}.{key}"))


def put_around(batch: Batch, given: Json, name: str, path: str) -> Element:
    """Put a group of a name around steps that follow each other, with all that stands between them."""
    listed = given if isinstance(given, list) else [given]
    nodes = [batch.targets.step(one, path) for one in listed]
    if not nodes:
        raise refused(path, "edit.value_wrong", "No step is named.", expected="wrap: [check, approve]")
    document = batch.document
    scope = scope_of(nodes[0])
    if any(scope_of(node) != scope for node in nodes):
        raise refused(
            path,
            "edit.scope_wrong",
            "All steps of a group stand in one scope.",
            fix="Name steps of the process, or of one group alone.",
        )
    inside = _with_between(batch, nodes)
    ids = {node.id for node in inside}
    entering = [
        flow for node in inside for flow in document.incoming(node) if flow.get("sourceRef") not in ids
    ]
    leaving = [
        flow for node in inside for flow in document.outgoing(node) if flow.get("targetRef") not in ids
    ]
    heads = {flow.get("targetRef") for flow in entering}
    tails = {flow.get("targetRef") for flow in leaving}
    loose = any(
        node.kind == "startEvent" or (node.kind == "boundaryEvent" and node.get("attachedToRef") not in ids)
        for node in inside
    )
    if len(heads) > 1 or len(tails) > 1 or loose:
        raise refused(
            path,
            "edit.place_wrong",
            f"These steps have more than one way in or out: {_ways(batch, [*entering, *leaving])}.",
            expected="steps that follow each other, with all branches between them",
            fix="Name all steps between the first and the last, also the ends that only they lead to.",
        )
    builder = batch.builder((), nodes[0])
    identifier = builder.new_id(name)
    group = builder.node(scope, "subProcess", "", {"id": identifier, "name": name}, nodes[0].id)
    group.move_behind(nodes[0])
    batch.targets.also(name, identifier)
    start = group.add("startEvent", {"id": builder.new_id(f"{identifier} start")})
    end = group.add("endEvent", {"id": builder.new_id(f"{identifier} end")})
    flows = [flow for node in inside for flow in document.outgoing(node) if flow.get("targetRef") in ids]
    _leave_lanes(batch, ids)
    first = document.element(next(iter(heads))) if heads else nodes[0]
    for flow in entering:
        document.reconnect(flow, target=group)
    for flow in leaving:
        document.reconnect(flow, target=end)
    for element in (*inside, *flows, *leaving):
        element.move_to(group)
    last = [node for node in inside if not document.outgoing(node) and node.kind != "endEvent"]
    last = [node for node in last if node.kind != "boundaryEvent"] if leaving else last
    for one, other in [(start, first), *((node, end) for node in last)]:
        document.connect(one, other, identifier=builder.new_id(f"{one.id} to {other.id}"))
    if leaving:
        target = document.element(next(iter(tails)))
        document.connect(group, target, identifier=builder.new_id(f"{identifier} to {target.id}"))
    batch.close(builder.scope(scope), group, path)
    batch.relayout = True
    return group


def _ways(batch: Batch, flows: list[Element]) -> str:
    title = batch.document.element
    return ", ".join(
        f"{title(flow.get('sourceRef')).title} -> {batch.targets.behind_merges(flow).title}" for flow in flows
    )


def _leave_lanes(batch: Batch, ids: set[str]) -> None:
    """Take nodes out of their lanes: what stands in a group stands where the group does."""
    for lane in batch.document.lanes(batch.process):
        for entry in lane.children("flowNodeRef"):
            if entry.text in ids:
                entry.remove()


def _is_beside(batch: Batch, before: set[str], ids: set[str]) -> bool:
    """Return whether a node is only reached by what happens beside steps that are named."""
    sources = [batch.document.element(one) for one in before]
    return bool(before) and before <= ids and all(_comes_beside(batch, one, ids, set()) for one in sources)


def _comes_beside(batch: Batch, node: Element, ids: set[str], seen: set[str]) -> bool:
    if node.kind == "boundaryEvent":
        return True
    incoming = batch.document.incoming(node)
    if not incoming or node.id in seen or node.id not in ids:
        return False
    seen.add(node.id)
    return all(
        _comes_beside(batch, batch.document.element(flow.get("sourceRef")), ids, seen) for flow in incoming
    )


def _with_between(batch: Batch, nodes: list[Element]) -> list[Element]:
    """Return nodes with the gateways and boundary events between them, in document order."""
    document = batch.document
    ids = {node.id for node in nodes}
    scope = scope_of(nodes[0])
    changed = True
    while changed:
        changed = False
        for node in document.flow_nodes(scope):
            if node.id in ids:
                continue
            before = {flow.get("sourceRef") for flow in document.incoming(node)}
            behind = {flow.get("targetRef") for flow in document.outgoing(node)}
            if node.kind == "boundaryEvent":
                belongs = node.get("attachedToRef") in ids
            else:
                between = node.kind in GATEWAY_KINDS and bool(before & ids) and bool(behind & ids)
                belongs = between or (node.kind != "endEvent" and _is_beside(batch, before, ids))
            if belongs:
                ids.add(node.id)
                changed = True
    return [node for node in document.flow_nodes(scope) if node.id in ids]
