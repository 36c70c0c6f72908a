"""For each rule about how tokens meet, a model that breaks it."""

from typing import NamedTuple

from tests.bpmn_reader.models import bpmn, condition, ext, flow, line


class Example(NamedTuple):
    """A model with one fault."""

    element: str
    xml: str


_DATA = ext('<fm:data name=\'amount\'>{"type": "number"}</fm:data>')


def _branches(split: str, join: str, behind: str = "e", more: str = "") -> str:
    """Return two tasks between two gateways, and `more`."""
    nodes = f'<startEvent id="s"/><{split} id="g" default="g_b"/><task id="a"/><task id="b"/><{join} id="j"/>'
    nodes = nodes if split == "exclusiveGateway" else nodes.replace(' default="g_b"', "")
    flows = flow("s", "g") + flow("g", "a", condition("=amount &gt; 5") if "default" in nodes else "")
    flows += flow("g", "b") + flow("a", "j") + flow("b", "j") + flow("j", behind)
    return _DATA + nodes + '<endEvent id="e"/>' + flows + more


_GREAT_MANY = 9
_MESH = "".join(
    f'<task id="a{one}"/><exclusiveGateway id="x{one}" default="x{one}_c{one}"/><task id="b{one}"/><task id="c{one}"/>'
    + flow("g", f"a{one}")
    + flow(f"a{one}", f"x{one}")
    + flow(f"x{one}", f"b{one}", condition("=amount &gt; 5"))
    + flow(f"x{one}", f"c{one}")
    + flow(f"b{one}", "j")
    + flow(f"c{one}", "k")
    for one in range(_GREAT_MANY)
)

SOUNDNESS = {
    "soundness.deadlock": Example("j", bpmn(_branches("exclusiveGateway", "parallelGateway"))),
    "soundness.doubled": Example(
        "c", bpmn(_branches("parallelGateway", "exclusiveGateway", "c", '<task id="c"/>' + flow("c", "e")))
    ),
    "soundness.dead_step": Example(
        "x",
        bpmn(
            _DATA
            + line('<subProcess id="sub"><startEvent id="t"/><task id="i"/><endEvent id="y"/>'
                   + flow("t", "i") + flow("i", "y") + "</subProcess>")
            + '<boundaryEvent id="x" attachedToRef="sub"><errorEventDefinition/></boundaryEvent>'
            + flow("x", "e")
        ),
    ),  # fmt: skip
    "soundness.no_end": Example(
        "a", bpmn(_DATA + '<startEvent id="s"/><task id="a"/><task id="b"/>'
                  + flow("s", "a") + flow("a", "b") + flow("b", "a"))
    ),
    "soundness.cut_off": Example(
        "x",
        bpmn(
            _DATA
            + '<startEvent id="s"/><parallelGateway id="g"/><task id="a"/><task id="b"/><endEvent id="e"/>'
            + '<endEvent id="x"><terminateEventDefinition/></endEvent>'
            + flow("s", "g") + flow("g", "a") + flow("g", "b") + flow("a", "x") + flow("b", "e")
        ),
    ),
    "soundness.undecided": Example(
        "p",
        bpmn(
            _DATA
            + '<startEvent id="s"/><parallelGateway id="g"/><inclusiveGateway id="j"/><inclusiveGateway id="k"/>'
            + '<endEvent id="e"/>' + flow("s", "g") + flow("j", "e") + flow("k", "e") + _MESH
        ),
    ),
}  # fmt: skip
