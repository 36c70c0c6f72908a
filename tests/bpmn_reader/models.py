"""Small BPMN files for the tests of the reader: a body is put into a process, root elements beside it."""

from flowmaster.engine.bpmn.checks import check_process
from flowmaster.engine.bpmn.checks_endless import Landscape, Start
from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.expression_types import NUMBER, TEXT, Type
from flowmaster.engine.bpmn.problem import Problem
from flowmaster.engine.bpmn.reader import ReadProcess, read_processes
from flowmaster.engine.bpmn.signatures import DecisionSignature, Library, ProcessSignature
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.model import DataItem, Element
from flowmaster.engine.timers import instant

DECISIONS = {
    "price": DecisionSignature(
        {"amount": NUMBER, "customer": TEXT},
        Type(("context",), fields={"net": NUMBER, "note": TEXT}, closed=True),
    )
}
"""The decisions that the tests know."""

CALLED = {
    "ship": ProcessSignature((DataItem("order", {"type": "number"}, input=True, required=True),)),
    "bill": ProcessSignature((DataItem("sum", {"type": "number"}, required=True),)),
}
"""The processes that the tests know."""

_HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'xmlns:fm="https://flowmaster.dev/bpmn/1.0" targetNamespace="test" {attributes}>'
)


def bpmn(body: str, root: str = "", *, process: str = 'isExecutable="true"', attributes: str = "") -> str:
    """Return a file with one process `p` that holds `body`."""
    head = _HEAD.format(attributes=attributes)
    return f'{head}\n{root}\n<process id="p" {process}>\n{body}\n</process>\n</definitions>'


def ext(inner: str) -> str:
    """Return extension elements."""
    return f"<extensionElements>{inner}</extensionElements>"


def node(kind: str, extensions: str, attributes: str = "") -> str:
    """Return an element `a` of that kind with extension elements."""
    return f'<{kind} id="a" {attributes}>{ext(extensions)}</{kind}>'


def flow(source: str, target: str, inner: str = "") -> str:
    """Return a sequence flow called `source_target`."""
    return f'<sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">{inner}</sequenceFlow>'


def condition(text: str) -> str:
    """Return the condition of a flow."""
    return f'<conditionExpression xsi:type="tFormalExpression">{text}</conditionExpression>'


def line(*nodes: str) -> str:
    """Return a start event, the nodes, an end event, and the flows along them; a node is XML with an id first."""
    ids = ["s", *(node.split('id="', 1)[1].split('"', 1)[0] for node in nodes), "e"]
    flows = "".join(flow(left, right) for left, right in zip(ids, ids[1:], strict=False))
    return f'<startEvent id="s"/>{"".join(nodes)}<endEvent id="e"/>{flows}'


def read(xml: str) -> ReadProcess:
    """Read the first process of a file."""
    return read_processes(parse_bpmn(xml), RUNNABLE)[0]


def element(xml: str, identifier: str) -> Element:
    """Read one element of the first process of a file."""
    return read(xml).process.elements[identifier]


def problems(xml: str) -> tuple[Problem, ...]:
    """Return all problems of the first process of a file."""
    return check_process(
        read(xml),
        has_process=lambda key: key in CALLED,
        has_decision=lambda key: key in DECISIONS,
        has_version=lambda key, version: version in ("1", "stable"),
        has_form=lambda key: False,
        landscape=Landscape(
            lambda key: None, lambda kind, name: [Start("p", "s")] if name == "again" else []
        ),
        library=Library(DECISIONS.get, CALLED.get),
        at=instant("2026-06-01T00:00:00Z"),
    )


def codes(xml: str) -> list[str]:
    """Return the codes of all problems of the first process of a file."""
    return [problem.code for problem in problems(xml)]
