"""Closes what edits cut: flows round removed steps, decisions without a choice, steps that nothing reaches."""

from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import zeebe
from flowmaster.engine.edits.context import Batch
from flowmaster.engine.edits.targets import is_merge, refused
from flowmaster.engine.outline.writing_words import own_form, remove_extension


def heal(batch: Batch, node: Element, path: str) -> None:
    """Lead what came before a node to what came behind it; the node itself stays, without flows."""
    document = batch.document
    incoming, outgoing = document.incoming(node), document.outgoing(node)
    if len(outgoing) > 1 and incoming:
        ways = [batch.targets.behind_merges(flow).title for flow in outgoing]
        raise refused(
            path,
            "edit.ways_several",
            f"{node.title!r} leads several ways; which one stays?",
            expected=ways,
            fix=f"Add `keep: {ways[0]}` to the delete, which also removes the steps that only the other ways reach.",
        )
    if len(outgoing) == 1:
        target = document.element(outgoing[0].get("targetRef"))
        for flow in incoming:
            if target.id != node.id:
                document.reconnect(flow, target=target)
    for flow in (*document.incoming(node), *document.outgoing(node)):
        document.remove(flow)


def heal_after(batch: Batch, event: Element) -> None:
    """Remove a boundary event with the steps that only it leads to."""
    document = batch.document
    first = [flow.get("targetRef") for flow in document.outgoing(event)]
    _remove_orphans(batch, first, {event.id})
    document.remove(event)
    tidy(batch)


def tidy(batch: Batch) -> None:
    """Take away unnamed gateways that neither choose nor merge any more, and were made for nothing else."""
    document = batch.document
    for node in list(batch.process.descendants("exclusiveGateway")):
        incoming, outgoing = document.incoming(node), document.outgoing(node)
        if len(incoming) == 1 and len(outgoing) == 1 and _was_made(node) and is_merge(document, node):
            document.reconnect(incoming[0], target=document.element(outgoing[0].get("targetRef")))
            document.remove(node)
        elif not incoming and len(outgoing) <= 1 and _was_made(node) and not node.name:
            document.remove(node)


def unmet_races(batch: Batch) -> set[str]:
    """Return the flows out of event-based gateways that lead to something which waits for no event."""
    document = batch.document
    return {
        flow.id
        for gateway in batch.process.descendants("eventBasedGateway")
        for flow in document.outgoing(gateway)
        if document.element(flow.get("targetRef")).kind not in ("intermediateCatchEvent", "receiveTask")
    }


def _was_made(node: Element) -> bool:
    return node.id.startswith("merge_")


def drop_own_form(batch: Batch, node: Element) -> None:
    """Remove the form that belongs to a step alone."""
    for form in batch.process.extensions(zeebe("userTaskForm")):
        if form.get("id") == own_form(node):
            remove_extension(batch.process, form)


def drop_idle_choice(batch: Batch, gateway: Element) -> None:
    """Remove a decision all of whose ways lead to the same place, since nothing stands in them any more."""
    document = batch.document
    flows = (
        document.outgoing(gateway)
        if gateway.kind == "exclusiveGateway" and gateway.parent is not None
        else []
    )
    targets = {batch.targets.behind_merges(flow).id for flow in flows}
    if len(flows) < 2 or len(targets) > 1:
        return
    for flow in flows[1:]:
        document.remove(flow)
    heal(batch, gateway, "")
    document.remove(gateway)


def keep_one(batch: Batch, node: Element, keep: Element, path: str) -> None:
    """Leave one way out of a decision, and remove what only the others led to."""
    document = batch.document
    flows = document.outgoing(node)
    kept = [
        flow for flow in flows if keep.id in (flow.get("targetRef"), batch.targets.behind_merges(flow).id)
    ]
    if not kept:
        raise refused(
            f"{path}.keep",
            "edit.flow_unknown",
            f"No way leads from {node.title!r} to {keep.title!r}.",
            expected=[batch.targets.behind_merges(flow).title for flow in flows],
        )
    dropped = [flow.get("targetRef") for flow in flows if flow not in kept[:1]]
    for flow in flows:
        if flow != kept[0]:
            document.remove(flow)
    for condition in kept[0].children("conditionExpression"):
        condition.remove()
    _remove_orphans(batch, dropped, set())


def _remove_orphans(batch: Batch, first: list[str], gone: set[str]) -> None:
    """Remove the nodes that nothing reaches any more, beginning with `first`."""
    document = batch.document
    waiting = list(first)
    while waiting:
        node = document.find(waiting.pop())
        if node is None or node.kind in ("startEvent", "boundaryEvent"):
            continue
        sources = {flow.get("sourceRef") for flow in document.incoming(node)}
        if sources - gone - {node.id}:
            continue
        waiting += [flow.get("targetRef") for flow in document.outgoing(node)]
        waiting += [
            flow.get("targetRef")
            for event in document.boundary_events(node)
            for flow in document.outgoing(event)
        ]
        document.remove(node)
