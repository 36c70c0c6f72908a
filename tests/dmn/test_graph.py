"""The graph: requirements, types of inputs, knowledge models, services, imports, scopes."""

from decimal import Decimal

import pytest

from flowmaster.engine.dmn.run import FAULTS_MAX
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel.evaluation import Limits
from flowmaster.engine.feel.expression import FeelLimitExceeded, compile_expression
from flowmaster.engine.feel.temporal import Date
from tests.dmn.models import compiled, data, decision, evaluate, literal, model

TYPES = """
<itemDefinition name="tStatus"><typeRef>string</typeRef><allowedValues><text>"new", "old"</text></allowedValues></itemDefinition>
<itemDefinition name="tPerson"><itemComponent name="full name"><typeRef>string</typeRef></itemComponent>
  <itemComponent name="born"><typeRef>date</typeRef></itemComponent></itemDefinition>
<itemDefinition name="tPeople" isCollection="true"><typeRef>tPerson</typeRef></itemDefinition>
<itemDefinition name="tDates" isCollection="true"><typeRef>date</typeRef></itemDefinition>
<itemDefinition name="tFew" isCollection="true"><typeRef>number</typeRef><typeConstraint><text>count(?) &lt; 3</text></typeConstraint></itemDefinition>
<itemDefinition name="tSmall" isCollection="true"><typeRef>number</typeRef><allowedValues><text>[0..9]</text></allowedValues></itemDefinition>
<itemDefinition name="tTree"><itemComponent name="next"><typeRef>tTree</typeRef></itemComponent></itemDefinition>
<itemDefinition name="tSquare"><functionItem outputTypeRef="number"><parameters name="n" typeRef="number"/></functionItem></itemDefinition>
<itemDefinition name="tAlias"><typeRef>tStatus</typeRef><allowedValues><text>"new"</text></allowedValues></itemDefinition>
<itemDefinition name="tBad"><typeRef>number</typeRef><allowedValues><text>((</text></allowedValues></itemDefinition>
"""


def echo(kind: str, value: object) -> object:
    body = TYPES + data("x", kind) + decision("d1", literal("x"), inputs="x")
    return evaluate(body, "d1", x=value).value


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("number", 5, 5),
        ("number", Decimal("1.5"), Decimal("1.5")),
        ("number", "5", None),
        ("number", [5], 5),
        ("number", True, None),
        ("boolean", True, True),
        ("string", "a", "a"),
        ("date", "2020-01-02", Date(2020, 1, 2)),
        ("date", "no date", None),
        ("Any", "x", "x"),
        ("unknownType", "x", "x"),
        ("tStatus", "new", "new"),
        ("tStatus", "other", None),
        ("tStatus", None, None),
        ("tAlias", "old", None),
        ("tAlias", "new", "new"),
        ("tBad", 1, 1),
        ("tDates", ["2020-01-02"], [Date(2020, 1, 2)]),
        ("tDates", "2020-01-02", None),
        ("tPerson", {"full name": "a", "born": "2020-01-02"}, {"full name": "a", "born": Date(2020, 1, 2)}),
        ("tPerson", {"full name": "a"}, None),
        ("tPerson", {"full name": 5, "born": None}, None),
        ("tPeople", [{"full name": "a", "born": None}], [{"full name": "a", "born": None}]),
        ("tFew", [1, 2], [1, 2]),
        ("tFew", [1, 2, 3], None),
        ("tSmall", [1, 9], [1, 9]),
        ("tSmall", [1, 10], None),
        ("tSmall", 4, [4]),
        ("tTree", {"next": {"next": None}}, {"next": {"next": None}}),
    ],
)
def test_inputs_are_read_and_checked_by_their_declared_type(
    kind: str, value: object, expected: object
) -> None:
    assert echo(kind, value) == expected


def test_a_wrong_input_is_named_in_a_warning() -> None:
    body = data("age", "number") + decision("d1", literal("age"), inputs="age")
    result = evaluate(body, "d1", age="x")
    assert (
        result.warnings[0].text == "d1: The input 'age' is string but must be number"
        or "age" in result.warnings[0].text
    )


def test_a_date_is_taken_as_midnight_where_a_date_and_time_is_declared() -> None:
    body = data("d", "date") + decision("d1", literal("d"), inputs="d", kind="date and time")
    assert str(evaluate(body, "d1", d="2020-01-02").value) == "2020-01-02T00:00:00Z"


def test_a_decision_sees_what_it_requires_and_nothing_else() -> None:
    body = (
        data("a")
        + data("b")
        + decision("d1", literal("a"), inputs="a")
        + decision("d2", literal("{d1: d1, a: a, b: b}"), decisions="d1", inputs="b")
    )
    result = evaluate(body, "d2", a=1, b=2)
    assert result.value == {"d1": 1, "a": None, "b": 2}
    assert "'a'" in result.warnings[0].text
    assert compiled(body).decision("d2").inputs == (("b", ""), ("a", ""))


def test_values_may_stand_for_decisions_where_that_is_asked_for() -> None:
    body = decision("d1", literal("1")) + decision("d2", literal("d1 + 1"), decisions="d1", kind="number")
    whole = compiled(body).decision("d2")
    assert whole.evaluate({"d1": 10}).value == 2
    assert whole.evaluate({}, decisions={"d1": 10}).value == 11
    assert whole.evaluate({}, decisions={"d2": 7}).value == 7


def test_surroundings_are_seen_without_a_requirement() -> None:
    whole = compiled(decision("d1", literal("x + 1"))).decision("d1")
    assert whole.evaluate({}, surroundings={"x": 4}).value == 5


def test_a_required_decision_is_evaluated_once() -> None:
    table = (
        '<decisionTable><input><inputExpression><text>1</text></inputExpression></input><output name="o"/>'
        '<rule id="r"><inputEntry><text>-</text></inputEntry><outputEntry><text>1</text></outputEntry></rule></decisionTable>'
    )
    body = (
        decision("base", table)
        + decision("d1", literal("base"), decisions="base")
        + decision("d2", literal("base"), decisions="base")
        + decision("top", literal("d1 + d2 + base"), decisions="d1 d2 base")
    )
    result = evaluate(body, "top")
    assert result.value == 3
    assert len(result.matched) == 1


KNOWLEDGE = """
<businessKnowledgeModel id="k1" name="double it"><variable name="double it" typeRef="number"/><encapsulatedLogic>
<formalParameter name="n" typeRef="number"/><literalExpression><text>n * 2</text></literalExpression></encapsulatedLogic>
</businessKnowledgeModel>
<businessKnowledgeModel id="k2" name="factorial"><encapsulatedLogic><formalParameter name="n" typeRef="number"/>
<literalExpression><text>if n = 0 then 1 else n * factorial(n - 1)</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>
<businessKnowledgeModel id="k3" name="quadruple"><knowledgeRequirement><requiredKnowledge href="#k1"/></knowledgeRequirement>
<encapsulatedLogic><formalParameter name="n"/><literalExpression><text>double it(double it(n))</text></literalExpression></encapsulatedLogic>
</businessKnowledgeModel>
<businessKnowledgeModel id="k4" name="empty"/>
<businessKnowledgeModel id="k5" name="broken"><encapsulatedLogic><literalExpression><text>1 +</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("double it(4)", 8),
        ("double it(n: 4)", 8),
        ('double it("x")', None),
        ("double it()", None),
        ("double it(m: 1)", None),
        ("factorial(10)", 3628800),
        ("quadruple(3)", 12),
        ("empty()", None),
        ("double it([4])", 8),
    ],
)
def test_knowledge_models_are_functions(text: str, expected: object) -> None:
    assert evaluate(KNOWLEDGE + decision("d1", literal(text), knows="k1 k2 k3 k4"), "d1").value == expected


def test_a_broken_knowledge_model_breaks_those_who_call_it() -> None:
    whole = compiled(KNOWLEDGE + decision("d1", literal("broken()"), knows="k5"))
    with pytest.raises(FlowMasterError):
        whole.decision("d1").evaluate({})
    with pytest.raises(FlowMasterError):
        whole.knowledge("broken").evaluate({})


def test_knowledge_models_can_be_called_from_outside() -> None:
    function = compiled(KNOWLEDGE).knowledge("double it")
    assert function.name == "double it"
    assert function.parameters == ("n",)
    assert function.evaluate({"n": 21}).value == 42
    assert function.evaluate({}).value is None


def test_what_is_required_counts_as_what_it_is_however_it_is_required() -> None:
    body = KNOWLEDGE + decision("base", literal("4"))
    wrong = decision("d1", literal("double it(base)"), decisions="k1", knows="base")
    assert evaluate(body + wrong, "d1").value == 8
    circle = decision("d2", literal("1"), knows="d3") + decision("d3", literal("1"), knows="d2")
    with pytest.raises(FlowMasterError, match="requires itself"):
        evaluate(circle, "d2")


def test_recursion_without_end_is_stopped() -> None:
    body = KNOWLEDGE + decision("d1", literal("factorial(0.5)"), knows="k2")
    with pytest.raises(FeelLimitExceeded):
        evaluate(body, "d1")
    with pytest.raises(FeelLimitExceeded):
        compiled(body).decision("d1").evaluate({}, limits=Limits(depth=10**6))
    with pytest.raises(FeelLimitExceeded):
        compiled(KNOWLEDGE).knowledge("factorial").evaluate({"n": -1}, limits=Limits(depth=10**6))


SERVICE = (
    data("a", "number")
    + decision("base", literal("1"))
    + decision("sum", literal("base + a"), decisions="base", inputs="a")
    + decision("twice", literal("sum * 2"), decisions="sum")
    + '<decisionService id="s1" name="my service"><outputDecision href="#twice"/><encapsulatedDecision href="#sum"/>'
    '<inputDecision href="#base"/><inputData href="#i_a"/></decisionService>'
    '<decisionService id="s2" name="both"><outputDecision href="#sum"/><outputDecision href="#base"/></decisionService>'
    '<decisionService id="s3" name="lost"><outputDecision href="#nowhere"/></decisionService>'
    '<decisionService id="s4" name="astray"><outputDecision href="#base"/><inputData href="#i_nobody"/></decisionService>'
)


def test_a_service_is_a_function_of_its_inputs() -> None:
    whole = compiled(SERVICE)
    service = whole.service("my service")
    assert service.parameters == ("a", "base")
    assert service.evaluate({"a": 1, "base": 10}).value == 22
    assert whole.service("s2").evaluate({}).value == {"sum": None, "base": 1}
    with pytest.raises(FlowMasterError):
        whole.service("lost").evaluate({})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("my service(1, 10)", 22),
        ("my service(base: 10, a: 1)", 22),
        ("my service(1)", None),
        ('my service("x", 1)', None),
        ("both().base", 1),
    ],
)
def test_a_service_is_called_from_expressions(text: str, expected: object) -> None:
    body = SERVICE + decision("d1", literal(text), knows="s1 s2")
    assert evaluate(body, "d1", a=5).value == expected


def test_a_broken_service_breaks_those_who_call_it() -> None:
    for text, missing in (("lost()", "#nowhere"), ("astray(1)", "#i_nobody")):
        with pytest.raises(FlowMasterError) as refused:
            evaluate(SERVICE + decision("d1", literal(text), knows="s3 s4"), "d1")
        assert refused.value.code == "dmn.reference_unknown"
        assert missing in refused.value.message


RATE = """<businessKnowledgeModel id="k6" name="rate"><encapsulatedLogic><formalParameter name="n" typeRef="number"/>
<decisionTable><input><inputExpression typeRef="number"><text>n</text></inputExpression></input><output name="o"/>
<rule><inputEntry><text>&lt; 5</text></inputEntry><outputEntry><text>"low"</text></outputEntry></rule>
</decisionTable></encapsulatedLogic></businessKnowledgeModel>"""


def test_a_table_that_left_its_model_still_answers() -> None:
    rate = evaluate(RATE + decision("d1", literal("rate"), knows="k6"), "d1").value
    assert compile_expression("f(4)").evaluate({"f": rate}).value == "low"
    without = compile_expression("f(6)").evaluate({"f": rate})
    assert without.value is None
    assert "No rule matches" in without.warnings[0].text


def test_only_so_many_faults_are_kept() -> None:
    result = evaluate(RATE + decision("d1", literal("for n in 1..100 return rate(n)"), knows="k6"), "d1")
    assert result.value == ["low"] * 4 + [None] * 96
    assert len(result.faults) == FAULTS_MAX
    assert {fault.kind for fault in result.faults} == {"no_match"}


def test_imported_models_are_seen_under_their_import_name() -> None:
    other = model(
        TYPES + KNOWLEDGE + data("rate", "number") + decision("fee", literal("rate * 10"), inputs="rate"),
        namespace="urn:other",
        name="other",
    )
    body = (
        '<import name="o" namespace="urn:other" importType="dmn"/>'
        '<inputData id="i_p" name="p"><variable name="p" typeRef="o.tPerson"/></inputData>'
        '<decision id="d1" name="d1"><variable name="d1"/>'
        '<informationRequirement><requiredInput href="#i_p"/></informationRequirement>'
        '<informationRequirement><requiredDecision href="urn:other#fee"/></informationRequirement>'
        '<informationRequirement><requiredInput href="urn:other#i_rate"/></informationRequirement>'
        '<knowledgeRequirement><requiredKnowledge href="urn:other#k1"/></knowledgeRequirement>'
        + literal("[o.double it(o.fee), p.full name, o.rate]")
        + "</decision>"
    )
    whole = compiled(body, other).decision("d1")
    person = {"full name": "Ann", "born": None}
    assert whole.evaluate({"p": person, "rate": 3}).value == [60, "Ann", 3]
    assert whole.evaluate({"p": person, "o": {"rate": 4}}).value == [80, "Ann", 4]
    assert whole.evaluate({"p": {"full name": 5}, "rate": 3}).value == [60, None, 3]
    assert whole.inputs == (("p", "o.tPerson"), ("o.rate", "number"), ("rate", "number"))


def test_functions_are_typed_by_item_definitions() -> None:
    body = (
        TYPES
        + '<businessKnowledgeModel id="k9" name="apply"><encapsulatedLogic><formalParameter name="f" typeRef="tSquare"/>'
        "<literalExpression><text>f(3)</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>"
        '<businessKnowledgeModel id="k8" name="maker"><variable name="maker" typeRef="tSquare"/><encapsulatedLogic>'
        "<literalExpression><text>5</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>"
    )
    assert (
        evaluate(body + decision("d1", literal("apply(function(n: number) n * n)"), knows="k9"), "d1").value
        == 9
    )
    assert evaluate(body + decision("d1", literal("apply(function(a, b) a)"), knows="k9"), "d1").value is None
    assert evaluate(body + decision("d1", literal("maker()"), knows="k8"), "d1").value == 5


def test_a_service_that_left_its_model_still_answers() -> None:
    body = SERVICE + decision("d1", literal("my service"), knows="s1")
    function = evaluate(body, "d1").value
    result = compile_expression("f(1, 10)").evaluate({"f": function})
    assert result.value == 22


def test_types_of_imported_models_are_unknown_when_the_import_is_not_given() -> None:
    body = (
        '<import name="o" namespace="urn:nowhere" importType="dmn"/>'
        '<inputData id="i_p" name="p"><variable name="p" typeRef="o.tPerson"/></inputData>'
        + decision("d1", literal("p"), inputs="p")
    )
    assert evaluate(body, "d1", p=5).value == 5


def test_an_input_is_listed_once_for_all_who_need_it() -> None:
    body = (
        data("a")
        + decision("d1", literal("a"), inputs="a")
        + decision("d2", literal("a"), inputs="a")
        + decision("d3", literal("d1 + d2 + d1"), decisions="d1 d2 d1")
    )
    assert compiled(body).decision("d3").inputs == (("a", ""),)
    assert evaluate(body, "d3", a=1).value == 3


def test_the_answer_of_a_knowledge_model_is_fitted_to_its_type() -> None:
    body = (
        '<businessKnowledgeModel id="k7" name="k7"><variable name="k7" typeRef="number"/><encapsulatedLogic>'
        '<literalExpression><text>"x"</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>'
    )
    result = evaluate(body + decision("d1", literal("k7()"), knows="k7"), "d1")
    assert result.value is None
    assert "number" in result.warnings[0].text
