"""The operation that makes steps a process of their own, which the step in their place then runs."""

from collections.abc import Mapping

from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.identifiers import PROCESS_ID_LENGTH_MAX, id_from_name, is_id
from flowmaster.engine.bpmn.vocabulary import FLOW_NODE_KINDS, fm, zeebe
from flowmaster.engine.edits.context import Batch
from flowmaster.engine.edits.groups import put_around
from flowmaster.engine.edits.targets import EditRefused, known_words, refused
from flowmaster.engine.outline.writing_words import remove_extension
from flowmaster.engine.values import Json

Edit = Mapping[str, Json]


def extract(batch: Batch, edit: Edit, path: str) -> None:
    """`{extract: [check, approve], to: credit-check}`: variables pass in and come back."""
    known_words(edit, ("extract", "to", "name"), path)
    to, name = edit.get("to"), edit.get("name")
    if not isinstance(to, str) or not is_id(to):
        raise refused(
            f"{path}.to", "edit.value_wrong", "The new process needs an id.", expected="to: credit-check"
        )
    if len(to) > PROCESS_ID_LENGTH_MAX:
        raise refused(
            f"{path}.to",
            "edit.value_wrong",
            f"The id has {len(to):,} characters.",
            expected=f"at most {PROCESS_ID_LENGTH_MAX} characters",
            fix="Take a short id; the full title goes under `name`.",
        )
    if batch.document.find(to) is not None:
        raise refused(
            f"{path}.to",
            "edit.value_wrong",
            f"{to!r} is already the id of something in this file.",
            fix="Take another id.",
        )
    title = str(name or to)
    group = put_around(batch, edit["extract"], title, path)
    if group.id == to:
        other = batch.document.new_id(f"run {to}")
        batch.document.rename_id(group, other)
        batch.made = [other if one == to else one for one in batch.made]
    _check_apart(batch, group, path)
    process = batch.document.root.add(
        "process", {"id": to, "name": title, "isExecutable": batch.process.get("isExecutable", "true")}
    )
    for child in group.children():
        if child.kind not in ("incoming", "outgoing"):
            child.move_to(process)
    _declare(batch, process)
    _call(batch, group, to, title)


def _call(batch: Batch, group: Element, process: str, title: str) -> None:
    """Put the step that runs the process into the place of the group."""
    document, identifier = batch.document, group.id
    scope = group.parent
    assert scope is not None, "a group stands in a scope"
    lane = document.lane_of(group)
    document.rename_id(group, document.new_id(f"{identifier} old"))
    call = scope.add("callActivity", {"id": identifier, "name": title})
    call.move_behind(group)
    call.add_extension(zeebe("calledElement"), {"processId": process, "propagateAllChildVariables": "true"})
    for flow in document.incoming(group):
        document.reconnect(flow, target=call)
    for flow in document.outgoing(group):
        document.reconnect(flow, source=call)
    if lane is not None:
        lane.add("flowNodeRef", text=identifier)
    document.remove(group)
    batch.targets.also(title, identifier)
    batch.made = [identifier if one == group.id else one for one in batch.made]


def _declare(batch: Batch, process: Element) -> None:
    """Give the new process the forms, roles and data that its steps speak of."""
    text = process.to_xml()
    used = {one.get("formId") for one in process.descendants(zeebe("formDefinition"))}
    left = {one.get("formId") for one in batch.process.descendants(zeebe("formDefinition"))}
    for role in batch.process.extensions(fm("role")):
        if any(f"{quote}{role.get('id')}{quote}" in text for quote in "\"'"):
            process.add_extension(fm("role"), role.attributes())
    for item in batch.process.extensions(fm("data")):
        process.add_extension(fm("data"), {"name": item.name, "input": "false"}, text=item.text)
    for form in batch.process.extensions(zeebe("userTaskForm")):
        if form.get("id") in used:
            process.add_extension(zeebe("userTaskForm"), {"id": form.get("id")}, text=form.text)
            if form.get("id") not in left:
                remove_extension(batch.process, form)


def _check_apart(batch: Batch, group: Element, path: str) -> None:
    """Refuse steps that speak of steps outside, or that steps outside speak of."""
    inside = {node.id for node in group.descendants(*FLOW_NODE_KINDS)}
    for node in batch.process.descendants(*FLOW_NODE_KINDS):
        named = {one.get("step") for one in node.extensions(fm("exclude"))}
        named |= {one.get("activityRef") for one in node.children("compensateEventDefinition")}
        across = {one for one in named - {""} if (one in inside) != (node.id in inside)}
        if across:
            raise _not_apart(batch, node, sorted(across)[0], path)


def _not_apart(batch: Batch, node: Element, other: str, path: str) -> EditRefused:
    title = batch.document.element(other).title
    return refused(
        path,
        "edit.place_wrong",
        f"{node.title!r} refers to {title!r}; they cannot stand in two processes.",
        fix="Extract both or none, or take the reference away first. A group keeps them together: "
        f"wrap: [...], in: {id_from_name(node.title)}.",
    )
