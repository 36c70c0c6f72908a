"""Steps that share a name, so that neither edits nor scenarios can say by it which one is meant."""

from flowmaster.engine.bpmn.findings import Findings, named
from flowmaster.engine.bpmn.vocabulary import ACTIVITY_KINDS
from flowmaster.engine.model import Element, Process


def check_names(process: Process, findings: Findings) -> None:
    """Warn of each step that is called like one before it."""
    first: dict[str, Element] = {}
    for element in process.elements.values():
        if not element.name or element.kind not in ACTIVITY_KINDS:
            continue
        known = first.setdefault(" ".join(element.name.split()).casefold(), element)
        if known is not element:
            findings.add(
                "element.name_twice",
                element.id,
                f"{named(element)} has the name of {known.id!r}.",
                line=element.line,
            )
