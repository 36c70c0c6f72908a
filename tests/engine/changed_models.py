"""Other versions of random processes: their BPMN with a few things changed by chance."""

import re
from collections.abc import Callable
from random import Random

from lxml import etree

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.model import Process

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
_REFERENCES = ("sourceRef", "targetRef", "attachedToRef", "default", "activityRef")


def changed(text: str, dice: Random, most: int = 3) -> tuple[Process, str]:
    """Return another version of a process, and its BPMN; one that cannot be read is drawn anew."""
    while True:
        root = etree.fromstring(text.encode())
        for _ in range(dice.randint(1, most)):
            dice.choice(_CHANGES)(root, dice)
        written = etree.tostring(root).decode()
        try:
            return read_processes(parse_bpmn(written), RUNNABLE)[0].process, written
        except FlowMasterError:
            continue


def _flow_nodes(root: etree._Element) -> list[etree._Element]:
    words = (
        "Task",
        "task",
        "Event",
        "Gateway",
        "subProcess",
        "transaction",
        "callActivity",
        "adHocSubProcess",
    )
    return [
        one for one in root.iter() if isinstance(one.tag, str) and one.tag.endswith(words) and one.get("id")
    ]


def _flows(root: etree._Element) -> list[etree._Element]:
    return list(root.iter(f"{BPMN}sequenceFlow"))


def _rename(root: etree._Element, dice: Random) -> None:
    """Give an element another id, and in half of the cases a name that it had before too."""
    one = dice.choice(_flow_nodes(root))
    old, new = str(one.get("id")), f"z{dice.randrange(10_000)}"
    one.set("id", new)
    for each in root.iter():
        for name in _REFERENCES:
            if each.get(name) == old:
                each.set(name, new)
        if isinstance(each.tag, str) and each.tag.endswith(("incoming", "outgoing")) and each.text == old:
            each.text = new


def _insert(root: etree._Element, dice: Random) -> None:
    """Put a step on a flow."""
    flows = _flows(root)
    if not flows:
        return
    flow = dice.choice(flows)
    if any(
        one.tag.endswith("eventBasedGateway") and one.get("id") == flow.get("sourceRef")
        for one in root.iter(etree.Element)
    ):
        return  # Behind it stand events alone.
    key, number = f"y{dice.randrange(10_000)}", dice.randrange(100_000)
    scope = flow.getparent()
    assert scope is not None
    kind = dice.choice(["userTask", "task"])
    etree.SubElement(scope, f"{BPMN}{kind}", id=key)
    etree.SubElement(
        scope, f"{BPMN}sequenceFlow", id=f"w{number}", sourceRef=key, targetRef=str(flow.get("targetRef"))
    )
    flow.set("targetRef", key)


def _bridge(root: etree._Element, dice: Random) -> None:
    """Take a step out between the one before it and the one behind it."""
    flows = _flows(root)
    steps = [one for one in _flow_nodes(root) if one.tag.endswith(("Task", "task"))]
    for one in dice.sample(steps, len(steps)):
        key = one.get("id")
        before, behind = (
            [flow for flow in flows if flow.get(end) == key] for end in ("targetRef", "sourceRef")
        )
        hosts = [each for each in root.iter() if each.get("attachedToRef") == key]
        if len(before) == len(behind) == 1 and not hosts and before[0].get("sourceRef") != key:
            before[0].set("targetRef", str(behind[0].get("targetRef")))
            for gone in (one, behind[0]):
                parent = gone.getparent()
                assert parent is not None
                parent.remove(gone)
            return


def _retime(root: etree._Element, dice: Random) -> None:
    """Change a time."""
    times = [one for one in root.iter() if one.text and re.fullmatch(r"P\w+", one.text)]
    if times:
        dice.choice(times).text = dice.choice(["PT2M", "PT3H", "P4D"])


def _time_out(root: etree._Element, dice: Random) -> None:
    """Put a timer on a step, whose token goes where that of the step goes."""
    flows = _flows(root)
    steps = [one for one in _flow_nodes(root) if one.tag.endswith(("Task", "subProcess", "callActivity"))]
    if not steps:
        return
    one = dice.choice(steps)
    behind = [flow for flow in flows if flow.get("sourceRef") == one.get("id")]
    scope = one.getparent()
    if not behind or scope is None:
        return
    key = f"x{dice.randrange(100_000)}"
    event = etree.SubElement(scope, f"{BPMN}boundaryEvent", id=key, attachedToRef=str(one.get("id")))
    definition = etree.SubElement(event, f"{BPMN}timerEventDefinition")
    etree.SubElement(definition, f"{BPMN}timeDuration").text = "PT5M"
    target = str(behind[0].get("targetRef"))
    etree.SubElement(scope, f"{BPMN}sequenceFlow", id=f"{key}f", sourceRef=key, targetRef=target)


def _unborder(root: etree._Element, dice: Random) -> None:
    """Take an event off a border, with the ways that begin there."""
    events = list(root.iter(f"{BPMN}boundaryEvent"))
    if not events:
        return
    one = dice.choice(events)
    for gone in [one, *(each for each in root.iter() if each.get("sourceRef") == one.get("id"))]:
        parent = gone.getparent()
        if parent is not None:
            parent.remove(gone)


def _name(root: etree._Element, dice: Random) -> None:
    dice.choice(_flow_nodes(root)).set("name", dice.choice(["Check", "Ask again", "Pay"]))


_CHANGES: tuple[Callable[[etree._Element, Random], None], ...] = (
    _rename,
    _insert,
    _insert,
    _bridge,
    _retime,
    _time_out,
    _unborder,
    _name,
)
