"""A process to be edited, and what its edits are held against."""

from typing import Any

import pytest

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.vocabulary import FLOW_NODE_KINDS, SHAPE
from flowmaster.engine.edits.apply import apply_edits
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.outline.decompile import decompile
from flowmaster.engine.values import Json
from flowmaster.tools.outline_text import read_outline_text

NOTE = '<x:note xmlns:x="urn:x" deep="1"><x:inner>kept</x:inner></x:note>'
TEXT = """
process: buy
roles: {buyer: Buyers, boss: Boss}
data: {total: number, fine: boolean, who: person, lines: [text]}
start: {needs: [total, who?]}
steps:
- rate: {rule: rating, into: rating}
- approve: {ask: buyer, not: who, within: PT72H, late: {escalate: boss}, into: fine}
- if: fine
  then: [{sign: {ask: boss, form: other}}]
  else: [{tell: {send: refused, key: who}}, {end: refused}]
- count: {set: {total: total + 1}}
- pay: {call: bank, retry: 3, on: {CLOSED: [{mend: {call: mend}}]}, within: P1D, late: [{end: late}]}
- run it: {run: other}
- think: {agent: Think, into: fine}
- cool off: {wait: P14D}
- paid: {wait: {message: paid, key: who}}
- alarm: {throw: {signal: alarm}}
- inside: {group: [{pack: {call: pack}}, {load: {call: load}}]}
- all: [[{left: {call: left}}], [{right: {call: right}}]]
  name: both
- first: [[{wait: P1D}, {slow: {call: slow}}], [{quick: {wait: {signal: go}}}]]
  name: race
- end: done
events:
- {message: stop, id: stopping, then: [{clean up: {call: clean}}, {end: stopped}]}
scenarios:
- {name: one, given: {total: 5}, expect: {end: done}}
"""


def document() -> BpmnDocument:
    """Return the process, with a foreign extension at every node."""
    made = compile_outline(read_outline_text(TEXT).value).document
    for node in list(made.root.descendants(*FLOW_NODE_KINDS)):
        (node.child("extensionElements") or node.add("extensionElements")).add_xml(NOTE)
    return made


DOCUMENT = document()


def edited(*edits: dict[str, Any], of: BpmnDocument = DOCUMENT) -> BpmnDocument:
    """Return the edited document."""
    return apply_edits(of, edits).document


def refusal(*edits: dict[str, Any], of: BpmnDocument = DOCUMENT) -> FlowMasterError:
    """Return why edits are refused; then nothing has changed."""
    before = of.to_xml()
    with pytest.raises(FlowMasterError) as caught:
        apply_edits(of, edits)
    assert of.to_xml() == before
    assert caught.value.fix or caught.value.expected is not None or caught.value.status == 404
    return caught.value


def step(document: BpmnDocument, name: str) -> Any:
    """Return what an outline says of a step, foreign extensions left out."""
    found = _find(decompile(document)["steps"], name)
    assert isinstance(found, dict), name
    return {key: value for key, value in found.items() if key not in ("extra", "id")}


def _find(value: Json, name: str) -> Json:
    if isinstance(value, dict):
        found: Json = value.get(name)
        if isinstance(found, dict):
            return found
        value = list(value.values())
    if isinstance(value, list):
        return next((found for entry in value if (found := _find(entry, name)) is not None), None)
    return None


def parts(document: BpmnDocument, identifier: str) -> list[object]:
    """Return what an element itself says, as XML, without its flows and what stands in it."""
    element = document.element(identifier)
    left_out = ("incoming", "outgoing", "sequenceFlow", "association", "laneSet", *FLOW_NODE_KINDS)
    inside = [child.to_xml() for child in element.children() if child.kind not in left_out]
    return [dict(element.attributes()), *inside]


def changed_elements(now: BpmnDocument, before: BpmnDocument = DOCUMENT) -> set[str]:
    """Return the ids of nodes and flows that are new, gone or say something else."""
    kinds = (*FLOW_NODE_KINDS, "sequenceFlow")
    old = {one.id: parts(before, one.id) for one in before.root.descendants(*kinds)}
    new = {one.id: parts(now, one.id) for one in now.root.descendants(*kinds)}
    return {one for one in {*old, *new} if old.get(one) != new.get(one)}


def moved_shapes(now: BpmnDocument, before: BpmnDocument = DOCUMENT) -> set[str]:
    """Return the ids of nodes that are drawn elsewhere, or not at all any more."""
    old, new = _shapes(before), _shapes(now)
    return {shown for shown, drawn in old.items() if new.get(shown) != drawn}


def _shapes(document: BpmnDocument) -> dict[str, str]:
    return {one.get("bpmnElement"): one.to_xml() for one in document.root.descendants(SHAPE)}
