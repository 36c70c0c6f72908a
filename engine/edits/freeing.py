"""Lets new steps have the names and ids of those that the same batch deletes, wherever in the batch the deletion stands.

Steps that fall and whose name or id is wanted anew go by another id until they are deleted; who names them means the new
ones as soon as those stand, and the old ones before.
"""

from collections.abc import Mapping, Sequence

from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import FLOW_NODE_KINDS
from flowmaster.engine.edits.context import Batch
from flowmaster.engine.edits.healing import drop_own_form
from flowmaster.engine.edits.steps import delete
from flowmaster.engine.edits.targets import refused
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.outline.scopes import name_key
from flowmaster.engine.values import Json


def free_names(batch: Batch, edits: Sequence[Mapping[str, Json]], made: set[str]) -> list[Mapping[str, Json]]:
    """Free the names and ids in `made` that deleted steps have; return the edits, which delete those by other ids."""
    if not made:
        return list(edits)
    return [
        _freed(batch, edit, made) if isinstance(edit, Mapping) and "delete" in edit else edit
        for edit in edits
    ]


def check_freed(batch: Batch) -> None:
    """Refuse a batch after which a step still stands whose name it gave to another one."""
    for identifier in batch.freed:
        node = batch.document.find(identifier)
        if node is not None:
            raise refused(
                "edits",
                "outline.name_twice",
                f"{node.title!r} cannot be deleted, since the batch leads to it, and a new step has its name.",
                expected="a name that no other step has",
                fix="Give the new step another name.",
            )


def _freed(batch: Batch, edit: Mapping[str, Json], made: set[str]) -> Mapping[str, Json]:
    given = edit["delete"]
    listed = given if isinstance(given, list) else [given]
    renamed: dict[str, str] = {}
    targets = {str(one): node.id for one in listed if (node := _named(batch, one)) is not None}
    for node in _falling(batch, edit, list(targets.values())):
        if name_key(node.name) in made or name_key(node.id) in made:
            old = node.id
            renamed[old] = _rename(batch, node)
    wanted = [renamed.get(targets.get(str(one), ""), one) for one in listed]
    return {**edit, "delete": wanted} if renamed else edit


def _named(batch: Batch, reference: Json) -> Element | None:
    """Return the node that a deletion names, None where it is none or not clear."""
    if not isinstance(reference, str) or batch.targets.is_flow(reference):
        return None
    try:
        return batch.targets.node(reference, "")
    except FlowMasterError:
        return None


def _falling(batch: Batch, edit: Mapping[str, Json], named: list[str]) -> list[Element]:
    """Return the nodes that go with a deletion, found by making it alone on a copy."""
    document = batch.document.copy()
    copy = Batch(document, document.element(batch.process.id))
    try:
        delete(copy, edit, "")
        return [
            node
            for node in batch.process.descendants(*FLOW_NODE_KINDS)
            if node.id and copy.document.find(node.id) is None
        ]
    except FlowMasterError:  # Other edits of the batch make way for it.
        nodes = [batch.document.element(one) for one in named]
        return [*nodes, *(below for node in nodes for below in node.descendants(*FLOW_NODE_KINDS))]


def _rename(batch: Batch, node: Element) -> str:
    drop_own_form(batch, node)
    called = {one for one in (node.id, node.name) if one}
    batch.document.rename_id(node, batch.document.new_id(f"{node.id} old"))
    batch.freed[node.id] = {name_key(one) for one in called}
    for one in called:
        batch.targets.also(one, node.id)
        batch.reading.names.pop(name_key(one), None)
    return node.id
