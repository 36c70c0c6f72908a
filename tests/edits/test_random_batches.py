"""Whatever a batch of edits is: it is made whole or not at all, and what it does not name stays as it is."""

from collections import Counter
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from flowmaster.engine.bpmn.checks import check_process
from flowmaster.engine.bpmn.document import BpmnDocument, parse_bpmn
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.bpmn.vocabulary import BOUNDS, EDGE, FLOW_NODE_KINDS, SHAPE, WAYPOINT
from flowmaster.engine.edits.apply import EditResult, apply_edits
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.outline.decompile import decompile
from flowmaster.engine.outline.problems import OutlineRefused
from tests.edits.batches import Edit, Numbers, batches
from tests.outline.outlines import HEAD, Names, step_lists

EXAMPLES = 21
BATCHES = 15
NOTE = '<x:note xmlns:x="urn:x" deep="1"><x:inner>kept</x:inner></x:note>'
ASKED_FOR = frozenset(
    {
        "element.unreachable",
        "soundness.deadlock",
        "soundness.dead_step",
        "soundness.no_end",
        "element.dead_end",
        "process.start_missing",
        "event_subprocess.start_count",
        "gateway.default_missing",
        "flow.condition_missing",
        "boundary.has_no_outgoing",
    }
)
"""What an edit may leave open: a flow was cut, a start was taken away, a condition put in or taken out."""
FLOW_PARTS = ("incoming", "outgoing", "sequenceFlow", "association", *FLOW_NODE_KINDS)


@seed(20261)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(st.builds(Names).flatmap(lambda names: step_lists(names, 2, [])), st.data())
def test_random_batches_leave_a_valid_model_and_touch_only_what_they_name(
    steps: list[Any], data: st.DataObject
) -> None:
    document = noted({**HEAD, "steps": steps})
    assume(document is not None)
    assert document is not None
    numbers = Numbers()
    for _ in range(BATCHES):
        batch = data.draw(batches(document, numbers))
        before = document.to_xml()
        result, place = tried(document, batch)
        assert document.to_xml() == before
        if result is None:
            assert place.startswith("edits[")
            continue
        check_valid(result.document)
        check_drawn(result.document)
        check_untouched(document, result, batch)
        document = result.document


def tried(document: BpmnDocument, batch: list[Edit]) -> tuple[EditResult | None, str]:
    """Return what a batch comes to, or the place that its refusal names."""
    try:
        return apply_edits(document, batch), ""
    except FlowMasterError as refused:
        return None, refused.path


def noted(outline: dict[str, Any]) -> BpmnDocument | None:
    """Return the document with a foreign extension at every node, None where a step cannot be reached."""
    try:
        document = compile_outline(outline).document
    except OutlineRefused:
        return None
    for node in list(document.root.descendants(*FLOW_NODE_KINDS)):
        holder = node.child("extensionElements") or node.add("extensionElements")
        holder.add_xml(NOTE)
    return document


def check_valid(document: BpmnDocument) -> None:
    """The file reads again without errors, every flow has both ends in one scope, and it shows as an outline."""
    again = parse_bpmn(document.to_xml())
    (read,) = read_processes(again, RUNNABLE)
    found = [one for one in check_process(read) if one.severity == "error"]
    assert [one.message for one in found if one.code not in ASKED_FOR] == []
    for flow in again.root.descendants("sequenceFlow"):
        source, target = again.source(flow), again.target(flow)
        assert source is not None
        assert target is not None
        assert source.parent == target.parent == flow.parent
        assert flow.id in source.texts_of("outgoing")
        assert flow.id in target.texts_of("incoming")
    decompile(again)


def check_drawn(document: BpmnDocument) -> None:
    """Every node has one box and every flow one line, and nothing else is drawn."""
    shapes = Counter(one.get("bpmnElement") for one in document.root.descendants(SHAPE))
    edges = Counter(one.get("bpmnElement") for one in document.root.descendants(EDGE))
    assert set(shapes.values()) | set(edges.values()) <= {1}
    nodes = {one.id for one in document.root.descendants(*FLOW_NODE_KINDS, "lane", "participant")}
    assert set(shapes) == nodes
    assert set(edges) == {one.id for one in document.root.descendants("sequenceFlow", "association")}
    assert all(len(one.children(WAYPOINT)) > 1 for one in document.root.descendants(EDGE))


def check_untouched(before: BpmnDocument, result: EditResult, batch: list[Edit]) -> None:
    """What the difference does not name is byte for byte what it was, at its place or shifted to make room."""
    named = {str(change.get("element", change.get("flow", ""))) for change in result.diff}
    redrawn = any({"relayout", "wrap"} & edit.keys() for edit in batch)
    moved = {edit.get("move", edit.get("set")) for edit in batch if "if" not in edit}
    for node in before.root.descendants(*FLOW_NODE_KINDS, "sequenceFlow"):
        now = result.document.find(node.id)
        if node.id in named or now is None:
            assert node.id in named, node.id
            continue
        assert own_parts(now) == own_parts(node)
        if not redrawn and node.kind != "sequenceFlow" and node.id not in moved:
            old, new = bounds(before, node.id), bounds(result.document, node.id)
            assert new[2] >= old[2]
            assert new[3] >= old[3]


def own_parts(element: Element) -> list[object]:
    """Return what an element itself says: attributes, documentation, extensions, event definitions, loops."""
    inside = [child.to_xml() for child in element.children() if child.kind not in FLOW_PARTS]
    return [dict(element.attributes()), *inside]


def bounds(document: BpmnDocument, identifier: str) -> list[int]:
    """Return where a node is drawn: x, y, width, height."""
    shape = document.shape_of(identifier)
    found = shape.child(BOUNDS) if shape is not None else None
    assert found is not None
    return [int(float(found.get(name))) for name in ("x", "y", "width", "height")]
