"""The edit that a problem proposes can be made, and then that problem is gone."""

from collections.abc import Mapping

import pytest

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.problem import Problem
from flowmaster.engine.edits.apply import apply_edits
from flowmaster.engine.values import Json
from tests.bpmn_reader.examples import EXAMPLES
from tests.bpmn_reader.models import bpmn, condition, ext, flow, line, node, problems

_UNMARKED = (
    line('<task id="a"/>', '<task id="b"/>')
    + '<boundaryEvent id="z" attachedToRef="a"><compensateEventDefinition/></boundaryEvent><task id="h"/>'
    + '<association id="u" sourceRef="z" targetRef="h"/>'
)
_ROLES = '<fm:role id="clerk" name="Clerk"/><fm:role id="boss" name="Boss"/>'
_ORDER = """<fm:data name='order'>{"type": "object", "properties": {"total": {"type": "number"}}}</fm:data>"""
_TIMED = (
    '<intermediateCatchEvent id="a"><timerEventDefinition>{}</timerEventDefinition></intermediateCatchEvent>'
)


def _human(own: str, task: str, others: str = "") -> str:
    return bpmn(ext(own) + line(node("userTask", task), *([others] if others else [])))


def _choosing(text: str, data: str, attributes: str = 'default="g_e"', other: str = "") -> str:
    return bpmn(
        f'{ext(data) if data else ""}<startEvent id="s"/><exclusiveGateway id="g" {attributes}/><task id="a"/><endEvent '
        f'id="e"/>{flow("s", "g")}{flow("g", "a", condition(text))}{flow("g", "e", other)}{flow("a", "e")}'
    )


MORE = {
    "dead end": bpmn(line('<task id="b"/>') + '<task id="a"/>' + flow("b", "a")),
    "default unknown": _choosing("=order.total &gt; 3", _ORDER, 'default="ghost"'),
    "default unknown, no choice": bpmn(line('<task id="a" default="ghost"/>')),
    "default has a condition": _choosing("=order.total &gt; 3", _ORDER, other=condition("=true")),
    "field": _choosing("=order.totl &gt; 3 and order.total &lt; 9", _ORDER),
    "variable": _choosing("=odrer.total &gt; 3", _ORDER),
    "one role": _human('<fm:role id="clerk" name="Clerk"/>', "<zeebe:userTask/>"),
    "near role": _human(_ROLES, "<zeebe:assignmentDefinition candidateGroups='clark'/>"),
    "near role of two": _human(_ROLES, "<zeebe:assignmentDefinition candidateGroups='clark, boss'/>"),
    "near form": _human(
        """<zeebe:userTaskForm id='review'>{"type": "object", "properties": {"x": {"type": "string"}}}</zeebe:userTaskForm>""",
        "<zeebe:formDefinition formId='reviw'/>",
    ),
    "near step": _human(
        _ROLES,
        "<fm:exclude person='=requester'/><fm:exclude step='aprove'/><fm:exclude step='a'/>"
        "<zeebe:assignmentDefinition candidateGroups='boss'/>",
        '<userTask id="approve"/>',
    ),
    "timer in words": bpmn(line(_TIMED.format("<timeDuration>10 minutes</timeDuration>"))),
    "wait in words": bpmn(
        line(node("serviceTask", "<zeebe:taskDefinition type='w'/><fm:retry wait='2 days'/>"))
    ),
}
MODELS = {
    **{f"more: {name}": xml for name, xml in MORE.items()},
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
        "data.unused",
        "element.dead_end",
        "error.never_thrown",
        "event.must_interrupt",
        "exclusion.step_unknown",
        "flow.condition_ignored",
        "flow.default_has_condition",
        "flow.default_unknown",
        "gateway.event_single",
        "gateway.event_target_shared",
        "job.wait_malformed",
        "role.unused",
        "task.form_type_wrong",
        "task.form_unknown",
        "task.performer_missing",
        "task.role_unknown",
        "timer.malformed",
        "variable.field_unknown",
        "variable.unknown",
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


ALLOWED: dict[str, set[str]] = {}
"""Errors that come to light once another one is gone."""


@pytest.mark.parametrize(("xml", "problem"), MENDED)
def test_the_proposed_edit_is_taken_and_the_problem_is_gone(xml: str, problem: Problem) -> None:
    assert problem.fix_edit is not None
    left = edited(xml, [problem.fix_edit])
    assert (problem.code, problem.element, problem.message) not in {
        (one.code, one.element, one.message) for one in left
    }
    before = {one.code for one in problems(xml) if one.severity == "error"}
    assert {one.code for one in left if one.severity == "error"} <= before | ALLOWED.get(problem.code, set())
    if problem.code in DEFAULTS:
        assert not {one.code for one in left} & set(DEFAULTS)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_all_proposed_edits_of_a_model_can_be_made_in_one_batch(name: str) -> None:
    found = [problem for problem in problems(MODELS[name]) if problem.fix_edit is not None]
    left = edited(MODELS[name], [one.fix_edit for one in found if one.fix_edit is not None])
    assert not {(one.code, one.element, one.message) for one in found} & {
        (one.code, one.element, one.message) for one in left
    }
