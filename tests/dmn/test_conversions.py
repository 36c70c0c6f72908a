"""Where a value meets a declared type: kept, converted, or null (DMN 1.5, 10.3.2.9.4); and inputs behind imports."""

import pytest

from flowmaster.engine.dmn.reader import DmnModel
from flowmaster.engine.feel.convert import show
from tests.dmn.models import NAMESPACE, compiled, data, decision, document, evaluate, literal, model

TYPES = (
    '<itemDefinition name="tNumbers" isCollection="true"><typeRef>number</typeRef></itemDefinition>'
    '<itemDefinition name="tPoint"><itemComponent name="x"><typeRef>number</typeRef></itemComponent></itemDefinition>'
    '<itemDefinition name="tDoubler"><functionItem outputTypeRef="number">'
    '<parameters name="n" typeRef="number"/></functionItem></itemDefinition>'
)
CONVERSIONS = [
    ("number", "1", "1"),
    ("number", "[1]", "1"),
    ("number", "[[1]]", "1"),
    ("number", "[1, 2]", "null"),
    ("number", '"1"', "null"),
    ("string", '["a"]', '"a"'),
    ("string", "1", "null"),
    ("tNumbers", "1", "[1]"),
    ("tNumbers", "[1, 2]", "[1, 2]"),
    ("tNumbers", '["a"]', "null"),
    ("tNumbers", '"a"', "null"),
    ("date and time", '@"2021-01-02"', "2021-01-02T00:00:00Z"),
    ("date and time", '[@"2021-01-02"]', "2021-01-02T00:00:00Z"),
    ("date", '@"2021-01-02T00:00:00"', "null"),
    ("tPoint", "{x: 1, y: 2}", "{x: 1, y: 2}"),
    ("tPoint", "[{x: 1}]", "{x: 1}"),
    ("tPoint", "{y: 2}", "null"),
    ("Any", "[1]", "[1]"),
    ("number", "null", "null"),
]


def knowledge(name: str, kind: str, logic: str, parameters: str = "") -> str:
    return (
        f'<businessKnowledgeModel id="{name}" name="{name}"><variable name="{name}" typeRef="{kind}"/>'
        f"<encapsulatedLogic>{parameters}{logic}</encapsulatedLogic></businessKnowledgeModel>"
    )


def service(name: str, kind: str, output: str) -> str:
    return (
        f'<decisionService id="{name}" name="{name}"><variable name="{name}" typeRef="{kind}"/>'
        f'<outputDecision href="#{output}"/></decisionService>'
    )


def shown(body: str) -> str:
    return show(evaluate(TYPES + body, "d1").value)


@pytest.mark.parametrize(("kind", "text", "expected"), CONVERSIONS)
def test_results_and_arguments_are_fitted_to_their_types_alike(kind: str, text: str, expected: str) -> None:
    assert shown(decision("d1", literal(text), kind=kind)) == expected
    returned = knowledge("k", kind, literal(text)) + decision("d1", literal("k()"), knows="k")
    assert shown(returned) == expected
    parameter = f'<formalParameter name="p" typeRef="{kind}"/>'
    taken = knowledge("k", "Any", literal("p"), parameter) + decision("d1", literal(f"k({text})"), knows="k")
    assert shown(taken) == expected
    answered = decision("inner", literal(text)) + service("s", kind, "inner")
    assert shown(answered + decision("d1", literal("s()"), knows="s")) == expected
    entry = f'<contextEntry><variable name="e" typeRef="{kind}"/>{literal(text)}</contextEntry>'
    last = f"<contextEntry>{literal('e')}</contextEntry>"
    assert shown(decision("d1", f"<context>{entry}{last}</context>")) == expected


@pytest.mark.parametrize("place", ["variable", "definition"])
@pytest.mark.parametrize(("kind", "expected"), [("tDoubler", "4"), ("number", "4"), ("string", "null")])
def test_a_boxed_function_may_declare_its_own_type_or_that_of_its_results(
    place: str, kind: str, expected: str
) -> None:
    of_variable, of_definition = (
        f' typeRef="{kind}"' if place == which else "" for which in ("variable", "definition")
    )
    function = (
        f'<functionDefinition{of_definition}><formalParameter name="n" typeRef="number"/>'
        f"{literal('n * 2')}</functionDefinition>"
    )
    body = (
        f'<context><contextEntry><variable name="f"{of_variable}/>{function}</contextEntry>'
        f"<contextEntry>{literal('f(2)')}</contextEntry></context>"
    )
    assert shown(decision("d1", body)) == expected


def imported(name: str, namespace: str) -> str:
    return f'<import name="{name}" namespace="{namespace}" importType="{NAMESPACE}"/>'


def chain() -> tuple[DmnModel, list[DmnModel]]:
    """Return a model that imports two models, both of which import a third with the input data."""
    base = model(
        data("who", "string")
        + decision("greeting", literal('"Hello " + who'), inputs="who")
        + decision("shout", literal("upper case(greeting)"), decisions="greeting"),
        namespace="urn:base",
    )
    need = '<informationRequirement><requiredDecision href="{}"/></informationRequirement>'
    middles = [
        model(
            imported("base", "urn:base")
            + f'<decision id="m" name="middle"><variable name="middle"/>{need.format("urn:base#shout")}'
            + literal(f'"{letter}: " + base.shout')
            + "</decision>",
            namespace=f"urn:{letter}",
        )
        for letter in "ab"
    ]
    top = model(
        imported("First one", "urn:a")
        + imported("Second", "urn:b")
        + '<decision id="top" name="top"><variable name="top"/>'
        + need.format("urn:a#m")
        + need.format("urn:b#m")
        + literal('First one.middle + ", " + Second.middle')
        + "</decision>",
        namespace="urn:top",
    )
    return top, [base, *middles]


@pytest.mark.parametrize(
    "inputs",
    [
        {"who": "Ann"},
        {"First one": {"base": {"who": "Ann"}}},
        {"Second": {"base": {"who": "Ann"}}},
        {"Second.base.who": "Ann"},
        {"Second": {"base": {"who": "Ann"}}, "who": "Bob"},
        {"First one": 1, "who": "Ann"},
    ],
)
def test_input_data_behind_two_imports_is_found_by_any_way_or_by_its_name(inputs: dict[str, object]) -> None:
    top, others = chain()
    found = top.compile(others)
    assert found.errors == ()
    assert found.decision("top").evaluate(inputs).value == "a: HELLO ANN, b: HELLO ANN"


def test_documents_that_import_each_other_are_compiled() -> None:
    need = '<informationRequirement><requiredInput href="urn:b#i_x"/></informationRequirement>'
    one = model(
        imported("b", "urn:b")
        + f'<decision id="d" name="d"><variable name="d"/>{need}{literal("b.x + 1")}</decision>',
        namespace="urn:a",
    )
    other = model(imported("a", "urn:a") + data("x", "number"), namespace="urn:b")
    assert one.compile([other]).decision("d").evaluate({"b": {"x": 1}}).value == 2
    assert document("", namespace="urn:a")


def test_an_own_input_and_an_imported_one_of_the_same_name_are_told_apart() -> None:
    base = model(data("x", "number"), namespace="urn:base")
    needs = "".join(
        f'<informationRequirement><requiredInput href="{href}"/></informationRequirement>'
        for href in ("#i_x", "urn:base#i_x")
    )
    top = model(
        imported("base", "urn:base")
        + data("x", "number")
        + f'<decision id="d" name="d"><variable name="d"/>{needs}{literal("[x, base.x]")}</decision>'
    )
    found = top.compile([base]).decision("d")
    assert found.evaluate({"x": 1, "base": {"x": 2}}).value == [1, 2]
    assert found.evaluate({"x": 1, "base.x": 2}).value == [1, 2]
    assert found.inputs == (("x", "number"), ("base.x", "number"))


def test_a_recursive_knowledge_model_ends_with_its_last_call() -> None:
    parameter = '<formalParameter name="n" typeRef="number"/>'
    body = knowledge("factorial", "number", literal("if n < 2 then 1 else n * factorial(n - 1)"), parameter)
    found = compiled(body + decision("d1", literal("factorial(20)"), knows="factorial"))
    assert found.decision("d1").evaluate({}).value == 2_432_902_008_176_640_000
