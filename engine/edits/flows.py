"""Edits of sequence flows: conditions, defaults, new and removed ones, and the healing after a deletion."""

from collections.abc import Mapping

from flowmaster.engine.bpmn.vocabulary import GATEWAY_KINDS
from flowmaster.engine.edits.place import Place
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel.expression import compile_expression
from flowmaster.engine.outline.writing_events import add_expression
from flowmaster.engine.values import Json

Edit = Mapping[str, Json]


def set_condition(place: Place, edit: Edit) -> None:
    """Give a flow a condition, or take it away with null."""
    flow = place.flow(edit["condition"], "condition")
    written = flow.child("conditionExpression")
    if written is not None:
        written.remove()
    wanted = edit.get("is")
    if wanted is None:
        return
    source = place.document.source(flow)
    if source is not None and source.get("default") == flow.id:
        source.set("default", None)
    add_expression(flow, "conditionExpression", f"={checked(wanted, 'is')}")


def set_default(place: Place, edit: Edit) -> None:
    """Let a flow be the one that is taken when no condition holds."""
    source = place.node(edit["default"], "default")
    flow = place.flow({"from": source.id, "to": edit.get("to")}, "to")
    condition = flow.child("conditionExpression")
    if condition is not None:
        condition.remove()
    source.set("default", flow.id)


def connect(place: Place, edit: Edit) -> None:
    """Add a flow between two elements of one scope."""
    source, target = place.node(edit["connect"], "connect"), place.node(edit.get("to"), "to")
    if place.document.scope_of(source) != place.document.scope_of(target):
        raise FlowMasterError(
            "edit.scopes_differ",
            f"{source.title!r} and {target.title!r} are not in one scope, so no flow can join them.",
            path="to",
            fix="Connect elements of the same sub-process or process.",
        )
    condition = "" if edit.get("if") is None else f"={checked(edit['if'], 'if')}"
    place.document.connect(source, target, name=str(edit.get("name") or ""), condition=condition)


def disconnect(place: Place, edit: Edit) -> None:
    """Remove the flow between two elements."""
    reference: Json = (
        {"from": edit["disconnect"], "to": edit["from_to"]} if "from_to" in edit else edit["disconnect"]
    )
    place.document.remove(place.flow(reference, "disconnect"))


def delete(place: Place, edit: Edit) -> None:
    """Remove an element; what led to it leads on to what came after it."""
    name = edit["delete"]
    found = place.document.find(name) if isinstance(name, str) else None
    if found is not None and found.kind == "sequenceFlow":
        place.document.remove(found)
        return
    node = place.node(name, "delete")
    outgoing, incoming = place.document.outgoing(node), place.document.incoming(node)
    after = {flow.get("targetRef") for flow in outgoing}
    if incoming and outgoing:
        if len(after) > 1:
            raise FlowMasterError(
                "edit.delete_ambiguous",
                f"{node.title!r} leads to {len(after)} elements, so what comes before it has no one way on.",
                path="delete",
                expected=sorted(after),
                fix="Delete or disconnect its other branches in the same batch.",
            )
        successor = place.document.element(next(iter(after)))
        for flow in incoming:
            place.document.reconnect(flow, target=successor)
    place.document.remove(node)
    _remove_idle_gateways(place)


def _remove_idle_gateways(place: Place) -> None:
    """Remove gateways that neither split nor merge any more, and their conditions with them."""
    for gateway in place.nodes():
        if gateway.kind not in GATEWAY_KINDS:
            continue
        incoming, outgoing = place.document.incoming(gateway), place.document.outgoing(gateway)
        if len(incoming) == 1 and len(outgoing) == 1 and not gateway.name:
            successor = place.document.target(outgoing[0])
            if successor is not None:
                place.document.reconnect(incoming[0], target=successor)
                place.document.remove(gateway)


def checked(expression: Json, path: str) -> str:
    """Return a FEEL expression without its `=`, or refuse it."""
    if isinstance(expression, bool):
        return "true" if expression else "false"
    text = str(expression).strip().removeprefix("=").strip()
    try:
        compile_expression(text)
    except FlowMasterError as error:
        raise FlowMasterError(
            "edit.expression_wrong",
            f"{text!r} is no valid FEEL: {error.message}",
            path=path,
            expected="FEEL, for example `invoice.total > 10000`",
            fix=error.fix or "Correct the expression.",
        ) from error
    return text
