"""Small decision models as text, put together for one test each."""

from flowmaster.engine.dmn.compiled import CompiledModel
from flowmaster.engine.dmn.reader import DmnModel, read_dmn
from flowmaster.engine.dmn.run import DecisionResult

NAMESPACE = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def document(body: str, *, namespace: str = "urn:test", version: str = NAMESPACE, name: str = "test") -> str:
    """Return a document around some elements."""
    return f'<definitions xmlns="{version}" id="d" name="{name}" namespace="{namespace}">{body}</definitions>'


def model(body: str, **more: str) -> DmnModel:
    """Read a document around some elements."""
    return read_dmn(document(body, **more))


def compiled(body: str, *imports: DmnModel) -> CompiledModel:
    """Compile a document around some elements."""
    return model(body).compile(imports)


def data(name: str, kind: str = "") -> str:
    """Return input data whose id is its name with `i_` in front."""
    reference = f' typeRef="{kind}"' if kind else ""
    return f'<inputData id="i_{name}" name="{name}"><variable name="{name}"{reference}/></inputData>'


def literal(text: str) -> str:
    """Return a literal expression."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<literalExpression><text>{escaped}</text></literalExpression>"


def decision(
    name: str, logic: str, *, inputs: str = "", decisions: str = "", knows: str = "", kind: str = ""
) -> str:
    """Return a decision whose id is its name; requirements are names with blanks between them."""
    reference = f' typeRef="{kind}"' if kind else ""
    needs = "".join(
        f'<informationRequirement><requiredInput href="#i_{item}"/></informationRequirement>'
        for item in inputs.split()
    )
    needs += "".join(
        f'<informationRequirement><requiredDecision href="#{item}"/></informationRequirement>'
        for item in decisions.split()
    )
    needs += "".join(
        f'<knowledgeRequirement><requiredKnowledge href="#{item}"/></knowledgeRequirement>'
        for item in knows.split()
    )
    return (
        f'<decision id="{name}" name="{name}"><variable name="{name}"{reference}/>{needs}{logic}</decision>'
    )


def evaluate(body: str, name: str, **inputs: object) -> DecisionResult:
    """Evaluate a decision of a document around some elements."""
    return compiled(body).decision(name).evaluate(inputs)


def answer(logic: str, **inputs: object) -> object:
    """Return what one boxed expression answers, with the inputs given as its input data."""
    body = "".join(map(data, inputs)) + decision("d1", logic, inputs=" ".join(inputs))
    return evaluate(body, "d1", **inputs).value
