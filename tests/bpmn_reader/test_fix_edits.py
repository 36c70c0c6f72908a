"""The edit that a problem proposes can be made, and then that problem is gone."""

from collections.abc import Mapping

import pytest

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.problem import Problem
from flowmaster.engine.edits.apply import apply_edits
from flowmaster.engine.values import Json
from tests.bpmn_reader.examples import EXAMPLES
from tests.bpmn_reader.models import bpmn, flow, line, problems

_UNMARKED = (
    line('<task id="a"/>', '<task id="b"/>')
    + '<boundaryEvent id="z" attachedToRef="a"><compensateEventDefinition/></boundaryEvent><task id="h"/>'
    + '<association id="u" sourceRef="z" targetRef="h"/>'
)
MODELS = {
    **{code: example.xml for code, example in EXAMPLES.items()},
    "compensation.handler_missing, not marked": bpmn(_UNMARKED),
    "flow.crosses_scope, into a group": bpmn(
        line('<subProcess id="a"><startEvent id="i"/><task id="b"/>' + flow("i", "b") + "</subProcess>")
        + flow("a", "b")
    ),
}
MENDED = [
    pytest.param(xml, problem, id=f"{name}: {problem.code} at {problem.element}")
    for name, xml in MODELS.items()
    for problem in problems(xml)
    if problem.fix_edit is not None
]
DEFAULTS = ("gateway.default_missing", "flow.condition_missing", "flow.default_has_condition")


def edited(xml: str, edits: list[Mapping[str, Json]]) -> tuple[Problem, ...]:
    """Return the problems of a model after edits."""
    return problems(apply_edits(parse_bpmn(xml), edits).document.to_xml())


def test_every_problem_that_can_be_mended_by_one_edit_is_tried_here() -> None:
    assert {parameter.values[1].code for parameter in MENDED} >= {  # type: ignore[union-attr]  # Parameters hold objects.
        "boundary.has_incoming",
        "compensation.boundary_has_flow",
        "compensation.handler_has_flow",
        "compensation.handler_missing",
        "end.has_outgoing",
        "event.must_interrupt",
        "event_subprocess.has_boundary",
        "event_subprocess.has_flow",
        "flow.condition_missing",
        "flow.crosses_scope",
        "flow.source_unknown",
        "flow.target_unknown",
        "gateway.default_missing",
        "gateway.event_target_has_boundary",
        "link.flow_wrong",
        "process.not_executable",
        "start.has_incoming",
    }


@pytest.mark.parametrize(("xml", "problem"), MENDED)
def test_the_proposed_edit_is_taken_and_the_problem_is_gone(xml: str, problem: Problem) -> None:
    assert problem.fix_edit is not None
    left = edited(xml, [problem.fix_edit])
    assert (problem.code, problem.element, problem.message) not in {
        (one.code, one.element, one.message) for one in left
    }
    if problem.code in DEFAULTS:
        assert not {one.code for one in left} & set(DEFAULTS)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_all_proposed_edits_of_a_model_can_be_made_in_one_batch(name: str) -> None:
    found = [problem for problem in problems(MODELS[name]) if problem.fix_edit is not None]
    left = edited(MODELS[name], [one.fix_edit for one in found if one.fix_edit is not None])
    assert not {(one.code, one.element, one.message) for one in found} & {
        (one.code, one.element, one.message) for one in left
    }
