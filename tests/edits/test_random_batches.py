"""Whatever a batch of edits is: it is made whole or not at all, and what it does not name stays as it is."""

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
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
from tests.edits.batches import HEAD as DECLARING
from tests.edits.batches import Edit, Numbers, batches
from tests.outline.outlines import HEAD, Names, step_lists
from tests.shared_material import shared

EXAMPLES = 3
EXAMPLES_SOAKED = 80
BATCHES = 15
CORPUS = 2
CORPUS_SOAKED = 100
BATCHES_OF_CORPUS = 8
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
        "task.performer_missing",
    }
)
"""What an edit may leave open: a flow was cut, a start was taken away, a condition put in or taken out, roles declared."""
UNDECLARED = frozenset({"variable.unknown", "task.role_unknown"})
"""What new steps name and other tools' models do not declare, once an edit declares something else."""
FLOW_PARTS = ("incoming", "outgoing", "sequenceFlow", "association", *FLOW_NODE_KINDS)


HEALTH = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
OUTLINES = st.builds(Names).flatmap(lambda names: step_lists(names, 2, []))


def many(examples: int) -> settings:
    """Return the settings of a seeded run."""
    phases = [Phase.explicit, Phase.generate]
    return settings(max_examples=examples, deadline=None, phases=phases, suppress_health_check=HEALTH)


@seed(20261)
@many(EXAMPLES)
@given(OUTLINES, st.data())
def test_random_batches_leave_a_valid_model_and_touch_only_what_they_name(
    steps: list[Any], data: st.DataObject
) -> None:
    edit_outline(steps, data)


@pytest.mark.soak
@seed(20262)
@many(EXAMPLES_SOAKED)
@given(OUTLINES, st.data())
def test_twelve_hundred_random_batches_leave_valid_models(steps: list[Any], data: st.DataObject) -> None:
    edit_outline(steps, data)


@pytest.mark.shared
@seed(20263)
@many(CORPUS)
@given(st.data())
def test_random_batches_on_models_of_other_tools_touch_only_what_they_name(data: st.DataObject) -> None:
    edit_foreign(data)


@pytest.mark.soak
@pytest.mark.shared
@seed(20264)
@many(CORPUS_SOAKED)
@given(st.data())
def test_eight_hundred_random_batches_on_models_of_other_tools(data: st.DataObject) -> None:
    edit_foreign(data)


def edit_outline(steps: list[Any], data: st.DataObject) -> None:
    """Edit the process of an outline at random."""
    document = noted({**HEAD, "steps": steps})
    assume(document is not None)
    assert document is not None
    edit_at_random(document, data, BATCHES)


def edit_foreign(data: st.DataObject) -> None:
    """Edit a model of the corpus at random."""
    document = readable(data.draw(st.sampled_from(foreign())))
    assume(document is not None)
    assert document is not None
    assume(document.processes and list(document.processes[0].descendants(*FLOW_NODE_KINDS)))
    # A model that declares anything of ours is held to more than one of another tool.
    declared = apply_edits(document, [*DECLARING[:2], *DECLARING[3:5]], document.processes[0].id).document
    edit_at_random(document, data, BATCHES_OF_CORPUS, UNDECLARED | errors(declared))


@cache
def foreign() -> list[Path]:
    """Return the files of the corpus."""
    return sorted(one for one in shared("corpus").rglob("*") if one.suffix in (".bpmn", ".xml"))


def readable(path: Path) -> BpmnDocument | None:
    """Return the document of a file, None where it cannot be read."""
    try:
        document = parse_bpmn(path.read_bytes())
        read_processes(document, RUNNABLE)
    except FlowMasterError:
        return None
    return document


def edit_at_random(
    document: BpmnDocument, data: st.DataObject, count: int, may_fail: frozenset[str] = frozenset()
) -> None:
    """Make random batches of edits one after the other, and check each."""
    numbers = Numbers()
    allowed = errors(document) | may_fail
    for _ in range(count):
        batch = data.draw(batches(document, numbers))
        before = document.to_xml()
        result, place = tried(document, batch)
        assert document.to_xml() == before
        check_order(document, batch, result)
        if result is None:
            assert place.startswith(("edits[", "edits"))
            continue
        allowed |= check_valid(result.document, allowed)
        assert is_listed(result.document) or not is_listed(document)
        if is_drawn(document):
            check_drawn(result.document)
        check_untouched(document, result, batch)
        document = result.document


def check_order(document: BpmnDocument, batch: list[Edit], result: EditResult | None) -> None:
    """A batch comes to the same again, and names are known whatever the order of its edits."""
    if len(batch) == 1:
        return
    again, _ = tried(document, batch)
    assert (again is None) == (result is None)
    assert again is None or result is None or again.document.to_xml() == result.document.to_xml()
    if result is not None:
        try:
            apply_edits(document, batch[::-1], document.processes[0].id)
        except FlowMasterError as refused:
            assert refused.code != "edit.element_unknown" or takes_away(batch)  # noqa: PT017


def takes_away(batch: list[Edit]) -> bool:
    """Return whether a batch removes or renames, so that what its other edits name may be gone."""
    return any(
        {"delete", "rename", "set", "replace", "disconnect", "wrap", "extract"} & edit.keys()
        for edit in batch
    )


def tried(document: BpmnDocument, batch: list[Edit]) -> tuple[EditResult | None, str]:
    """Return what a batch comes to, or the place that its refusal names."""
    try:
        return apply_edits(document, batch, document.processes[0].id), ""
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


def errors(document: BpmnDocument) -> set[str]:
    """Return the codes of all errors in a document."""
    reads = read_processes(document, RUNNABLE)
    return {one.code for read in reads for one in check_process(read) if one.severity == "error"}


def check_valid(document: BpmnDocument, allowed: set[str]) -> set[str]:
    """The file reads again without new errors, every flow has both ends in one scope, and it shows as an outline."""
    again = parse_bpmn(document.to_xml())
    found = errors(again)
    assert found - allowed - ASKED_FOR == set()
    for flow in again.root.descendants("sequenceFlow"):
        source, target = again.source(flow), again.target(flow)
        assert source is not None
        assert target is not None
        assert source.parent == target.parent
    decompile(again)
    return found


def check_drawn(document: BpmnDocument) -> None:
    """Every node has one box and every flow one line, and nothing else is drawn."""
    shapes = Counter(one.get("bpmnElement") for one in document.root.descendants(SHAPE))
    edges = Counter(one.get("bpmnElement") for one in document.root.descendants(EDGE))
    assert set(shapes.values()) | set(edges.values()) <= {1}
    nodes = {one.id for one in document.root.descendants(*FLOW_NODE_KINDS, "lane", "participant")}
    assert set(shapes) == nodes
    assert set(edges) == {one.id for one in document.root.descendants("sequenceFlow", "association")}
    assert all(len(one.children(WAYPOINT)) > 1 for one in document.root.descendants(EDGE))


def is_listed(document: BpmnDocument) -> bool:
    """Return whether every node lists its flows, which not every tool writes."""
    return all(
        flow.id in document.element(flow.get("sourceRef")).texts_of("outgoing")
        and flow.id in document.element(flow.get("targetRef")).texts_of("incoming")
        for flow in document.root.descendants("sequenceFlow")
    )


def is_drawn(document: BpmnDocument) -> bool:
    """Return whether everything in a document is drawn once, with whole numbers, and nothing else is."""
    try:
        check_drawn(document)
    except AssertionError:
        return False
    return True


def check_untouched(before: BpmnDocument, result: EditResult, batch: list[Edit]) -> None:
    """What the difference does not name is byte for byte what it was, at its place or shifted to make room."""
    named = {str(change.get("element", change.get("flow", ""))) for change in result.diff}
    redrawn = any({"relayout", "wrap", "extract"} & edit.keys() for edit in batch)
    moved = {edit.get("move", edit.get("set")) for edit in batch if "if" not in edit}
    for node in before.root.descendants(*FLOW_NODE_KINDS, "sequenceFlow"):
        now = result.document.find(node.id)
        if node.id in named or now is None:
            assert node.id in named, node.id
            continue
        assert own_parts(now, redrawn) == own_parts(node, redrawn)
        if redrawn or node.kind == "sequenceFlow" or node.id in moved:
            continue
        if before.shape_of(node.id) is not None:
            old, new = bounds(before, node.id), bounds(result.document, node.id)
            assert new[2] >= old[2]
            assert new[3] >= old[3]


def own_parts(element: Element, redrawn: bool) -> list[object]:
    """Return what an element itself says: attributes, documentation, extensions, event definitions, loops.

    Ways of data get an id once they are drawn.
    """
    left_out = (*FLOW_PARTS, *(("dataInputAssociation", "dataOutputAssociation") if redrawn else ()))
    inside = [child.to_xml() for child in element.children() if child.kind not in left_out]
    return [dict(element.attributes()), *inside]


def bounds(document: BpmnDocument, identifier: str) -> list[int]:
    """Return where a node is drawn: x, y, width, height."""
    shape = document.shape_of(identifier)
    found = shape.child(BOUNDS) if shape is not None else None
    assert found is not None
    return [int(float(found.get(name))) for name in ("x", "y", "width", "height")]
