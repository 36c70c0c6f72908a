"""Every rule of the catalogue is broken by an example, found, and explained."""

import re

import pytest

from docs.model_problems import problems_page
from flowmaster.engine.bpmn.rules import RULES
from tests.bpmn_reader.examples import EXAMPLES
from tests.bpmn_reader.models import bpmn, codes, line, problems


def test_every_rule_has_an_example_and_every_example_a_rule() -> None:
    assert set(EXAMPLES) == set(RULES)


@pytest.mark.parametrize("code", sorted(RULES))
def test_a_model_that_breaks_a_rule_is_told_so_at_the_element(code: str) -> None:
    example = EXAMPLES[code]
    found = [problem for problem in problems(example.xml) if problem.code == code]
    assert found, codes(example.xml)
    assert found[0].element == example.element
    assert found[0].line > 0
    assert found[0].fix
    assert found[0].severity == (
        RULES[code].strict or RULES[code].severity if "fm:data" in example.xml else RULES[code].severity
    )


@pytest.mark.parametrize("code", sorted(RULES))
def test_a_rule_says_what_it_means_and_what_to_do(code: str) -> None:
    rule = RULES[code]
    assert code.count(".") == 1
    assert rule.docs.endswith(".")
    assert rule.fix.endswith(".")


def test_a_model_without_fault_has_no_problem() -> None:
    assert codes(bpmn(line('<task id="a"/>'))) == []


def test_a_process_that_is_documentation_is_only_warned_of() -> None:
    for example in EXAMPLES.values():
        xml = example.xml.replace('isExecutable="true"', 'isExecutable="false"')
        assert {problem.severity for problem in problems(xml)} <= {"warning", "hint"}


def test_every_rule_has_its_heading_in_the_documents() -> None:
    page = problems_page("")
    assert [code for code in RULES if f"### {code}\n" not in page] == []


@pytest.mark.parametrize("code", sorted(RULES))
def test_a_fix_speaks_of_the_outline_and_of_bpmn_only_in_addition(code: str) -> None:
    """What a file says in the words of BPMN stands in brackets behind the word of the outline."""
    said = re.sub(r"\([^()]*\)", "", RULES[code].fix)
    assert not re.search(r"zeebe:|fm:|bpmn:|[a-z]Ref\b|EventDefinition", said) or code in NO_WORD


NO_WORD = {
    "reference.unknown": "a file of BPMN names something by a reference",
    "event.definition_unknown": "a file of BPMN names something by a reference",
}
"""Rules over what only a file of BPMN can say."""
