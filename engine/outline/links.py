"""The names by which link events lead on to each other."""

from flowmaster.engine.bpmn.element import Element


def link_of(event: Element) -> str:
    """Return the name of the link that an event throws or catches."""
    definition = event.child("linkEventDefinition")
    return definition.name if definition is not None else ""
