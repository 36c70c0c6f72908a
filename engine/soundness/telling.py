"""Tells the run that leads to a fault in words: names of elements, and the conditions on the way."""

from collections.abc import Iterable

from flowmaster.engine.model import Element, Flow, Process
from flowmaster.engine.soundness.net import Act, Acts

STEPS_SHOWN = 8
"""How many steps of a run are told, the last ones before the fault."""


def told(process: Process, acts: Acts) -> str:
    """Return a run in words, empty where nothing needs to happen; choices that make no difference are left out."""
    steps = [_step(process, act) for act in acts if act.kind != "choice" or not act.idle]
    hidden = len(steps) - STEPS_SHOWN
    if hidden > 0:
        steps = [f"(after {hidden} earlier {'step' if hidden == 1 else 'steps'})", *steps[hidden:]]
    return ", then ".join(steps)


def listed(process: Process, identifiers: Iterable[str]) -> str:
    """Return the names of elements in a list."""
    return ", ".join(label(process.elements[one]) for one in dict.fromkeys(identifiers))


def label(element: Element) -> str:
    """Return what people call an element; a gateway without name is told by its id."""
    return repr(element.label)


def _step(process: Process, act: Act) -> str:
    element = process.elements[act.element]
    match act.kind:
        case "start":
            return f"it starts at {label(element)}"
        case "choice":
            return _choice(process, element, act)
        case "thrown":
            return f"what is thrown in {label(element)} ends it"
        case "event":
            host = f" at {label(process.elements[element.host])}" if element.host else ""
            return f"{label(element)} happens{host}"
        case _:
            return f"{label(element)} is done"


def _choice(process: Process, element: Element, act: Act) -> str:
    flows = [flow for flow in element.outgoing if flow.id in act.flows]
    return f"at {label(element)} " + " and ".join(_way(process, element, flow) for flow in flows)


def _way(process: Process, element: Element, flow: Flow) -> str:
    if flow.condition is not None and flow.condition.text != "None":
        return f"`{flow.condition.text.removeprefix('=').strip()}`"
    if flow is element.default:
        return "no condition holds"
    return f"the way {flow.name!r}" if flow.name else f"the way to {label(process.elements[flow.target])}"
