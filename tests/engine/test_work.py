"""Work that is computed, decided, handed out or called."""

from decimal import Decimal

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.decide import decide, decide_in_place
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.evolve import blank
from flowmaster.engine.library import Decision, LinkedDecision
from flowmaster.engine.limits import NODES_MAX
from flowmaster.engine.model import Constant, Executable
from flowmaster.runtime.models import compile_decisions
from tests.engine.cases import HEAD, Case, E, S, flows, job, model, user
from tests.engine.random_models import RULES

TWO = """<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" id="r" name="r" namespace="urn:r">
<inputData id="in" name="n"><variable name="n"/></inputData><decision id="twice" name="twice"><variable name="twice"/>
<informationRequirement><requiredInput href="#in"/></informationRequirement>
<literalExpression><text>[n, {double: n * 2}]</text></literalExpression></decision></definitions>"""


class Rules:
    """A library of the decisions of some DMN files."""

    def __init__(self, *files: str) -> None:
        self._decisions: dict[str, Decision] = {}
        for file in files:
            self._decisions |= compile_decisions(file)

    def decision(self, decision: str, version: str) -> LinkedDecision | None:
        found = self._decisions.get(decision)
        return None if found is None else LinkedDecision(decision, 3, found)


def ruled(decision: str, n: object) -> Case:
    inner = f'<zeebe:calledDecision decisionId="{decision}" resultVariable="found"/>'
    body = (
        S + f'<businessRuleTask id="a"><extensionElements>{inner}</extensionElements></businessRuleTask>' + E
    )
    executable = model(body + flows("s a", "a e"))
    return Case(Executable(executable.process, 1, Rules(RULES, TWO)), {"n": n})


def made(case: Case) -> ev.DecisionMade:
    (decision,) = [event for event in case.events if isinstance(event, ev.DecisionMade)]
    return decision


def test_a_decision_is_recorded_with_its_version_inputs_matches_and_answer() -> None:
    case = ruled("rate", 2)
    assert case.state.variables["found"] == 3
    decision = made(case)
    assert (decision.decision, decision.version, decision.output) == ("rate", 3, 3)
    assert decision.inputs == {"n": 2}
    assert [rule["rule_id"] for rule in decision.matched if isinstance(rule, dict)] == ["two"]


def test_a_decision_that_names_its_inputs_is_recorded_with_those() -> None:
    case = ruled("twice", 4)
    assert case.state.variables["found"] == [4, {"double": 8}]
    assert made(case).inputs == {"n": 4}
    listed = ruled("twice", [1, {"a": Decimal("1.5")}])
    assert made(listed).inputs == {"n": [1, {"a": Decimal("1.5")}]}


def test_a_decision_that_does_not_exist_is_an_incident() -> None:
    assert ruled("none", 1).incidents() == {"a": "rule.unknown"}


def test_a_table_whose_matching_rules_disagree_is_an_incident() -> None:
    both = RULES.replace('"FIRST"', '"ANY"').replace("<text>&lt; 2</text>", "<text>-</text>")
    inner = '<zeebe:calledDecision decisionId="rate" resultVariable="found"/>'
    body = (
        S + f'<businessRuleTask id="a"><extensionElements>{inner}</extensionElements></businessRuleTask>' + E
    )
    case = Case(Executable(model(body + flows("s a", "a e")).process, 1, Rules(both)), {"n": 5})
    (incident,) = case.state.incidents.values()
    assert incident.code.startswith("rule.")
    assert incident.message.startswith("rate (version 3): ")


def test_a_rule_or_script_with_a_job_type_hands_out_a_job() -> None:
    definition = '<extensionElements><zeebe:taskDefinition type="work"/></extensionElements>'
    body = (
        S
        + f'<businessRuleTask id="a">{definition}</businessRuleTask><scriptTask id="b">{definition}</scriptTask>'
    )
    case = Case(model(body + E + flows("s a", "a b", "b e")))
    case.job("a", found=1)
    case.job("b")
    assert case.state.variables == {"found": 1}
    assert case.state.status == "completed"


def test_a_service_that_is_an_expression_is_computed() -> None:
    camunda = 'xmlns:camunda="http://camunda.org/schema/1.0/bpmn"'
    work = '<serviceTask id="a" camunda:expression="${n + 1}" camunda:resultVariable="n"/>'
    text = f'{HEAD.replace("<definitions", f"<definitions {camunda}")}<process id="p" isExecutable="true">{S}{work}{E}'
    (read,) = read_processes(parse_bpmn(text + flows("s a", "a e") + "</process></definitions>"), RUNNABLE)
    case = Case(Executable(read.process, 1, Rules()), {"n": 1})
    assert case.state.variables == {"n": 2}
    assert case.state.status == "completed"


@pytest.mark.parametrize("retries", [None, "many", [1], -1, 5000])
def test_retries_that_are_no_number_in_reason_are_an_incident(retries: object) -> None:
    case = Case(model(S + job("a", retries="=r") + E + flows("s a", "a e")), {"r": retries})
    assert case.incidents() == {"a": "job.retries_wrong"}


def test_a_job_has_one_try_at_least() -> None:
    assert Case(model(S + job("a", retries="0") + flows("s a"))).wait("a").retries == 1


def called(attributes: str, mapping: str = "") -> Case:
    inner = f'<zeebe:calledElement processId="other" {attributes}/>{mapping}'
    body = S + f'<callActivity id="a"><extensionElements>{inner}</extensionElements></callActivity>' + E
    return Case(model(body + flows("s a", "a e")), {"n": 1})


def requested(case: Case) -> ev.ChildRequested:
    (request,) = [event for event in case.events if isinstance(event, ev.ChildRequested)]
    return request


def test_a_call_passes_all_variables_and_takes_all_back() -> None:
    case = called('versionTag="7"')
    assert (requested(case).version, requested(case).variables) == ("7", {"n": 1})
    case.do(cmd.ReportChildEnded, case.wait("a").id, "completed", {"m": 2})
    assert case.state.variables == {"n": 1, "m": 2}


def test_a_call_that_passes_nothing_by_itself_passes_and_takes_what_its_mappings_say() -> None:
    none = 'propagateAllParentVariables="false" propagateAllChildVariables="false"'
    mapping = '<zeebe:ioMapping><zeebe:input source="=n + 1" target="m"/><zeebe:output source="=k" target="k"/></zeebe:ioMapping>'
    case = called(none, mapping)
    assert requested(case).variables == {"m": 2}
    case.do(cmd.ReportChildEnded, case.wait("a").id, "completed", {"k": 3, "junk": 4})
    assert case.state.variables == {"n": 1, "k": 3}
    bare = called(none)
    assert requested(bare).variables == {}
    bare.do(cmd.ReportChildEnded, bare.wait("a").id, "completed", {"junk": 4})
    assert bare.state.variables == {"n": 1}


def test_a_withdrawn_call_asks_for_its_process_to_be_cancelled() -> None:
    case = called("")
    case.do(cmd.CancelInstance)
    assert ev.ChildCancelRequested(requested(case).wait, "a", "") in case.events


def test_more_tokens_than_an_instance_may_have_stop_where_they_stand() -> None:
    ways = [f"g{number} a" for number in range(3) for _ in range(NODES_MAX // 2)]
    body = S + "".join(f'<parallelGateway id="g{number}"/>' for number in range(3)) + user("a") + user("b")
    executable = model(body + flows("s b", "b g0", *ways))
    state = decide(executable, None, cmd.StartInstance(0, "ann", "p:1")).state
    for target in ("g0", "g1", "g2"):
        state = decide_in_place(
            executable, state, cmd.Move(1, "ann", "b" if target == "g0" else "a", target)
        ).state
    stopped = {incident.code for incident in state.incidents.values()}
    assert stopped == {"engine.too_many_nodes"}
    assert len(state.waits) >= NODES_MAX - 2


def test_a_constant_gives_itself_and_reads_nothing() -> None:
    constant = Constant(7)
    assert (constant.text, constant.names, constant.value({})) == ("7", frozenset(), 7)


def test_an_unknown_start_is_refused_before_anything_is_there() -> None:
    with pytest.raises(FlowMasterError):
        decide(model(S + E + flows("s e")), blank("", "", 0), cmd.StartInstance(0, "ann", "p:1", start="e"))
