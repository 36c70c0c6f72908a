"""Huge and hostile models are refused or read in bounded time."""

import pytest

from flowmaster.engine.bpmn.findings import NEAR_MAX
from flowmaster.engine.bpmn.reader_graph import NODES_MAX
from flowmaster.engine.errors import FlowMasterError
from tests.bpmn_reader.models import bpmn, codes, flow, problems, read


def test_a_process_with_too_many_nodes_is_refused() -> None:
    with pytest.raises(FlowMasterError) as refused:
        read(bpmn("<task/>" * (NODES_MAX + 1)))
    assert refused.value.code == "bpmn.too_many_nodes"


def test_near_names_are_looked_for_a_bounded_number_of_times() -> None:
    body = '<task id="approve"/>' + "".join(
        flow(f"aprove{number}", "approve") for number in range(NEAR_MAX + 5)
    )
    told = [problem for problem in problems(bpmn(body)) if "Did you mean" in problem.message]
    assert len(told) == NEAR_MAX


def test_deep_expressions_are_refused_at_their_element() -> None:
    deep = "(" * 20_000 + "1" + ")" * 20_000
    script = f'<scriptTask id="a"><extensionElements><zeebe:script xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" expression="={deep}" resultVariable="n"/></extensionElements></scriptTask>'
    assert "feel.syntax" in codes(bpmn(script))
