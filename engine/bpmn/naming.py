"""The words that a diagram shows for an element, wherever its kind keeps them."""

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element


def words_of(document: BpmnDocument, element: Element) -> str:
    """Return an element's name as drawn: data with its state, a group's category."""
    if element.kind == "group":
        value = document.reference(element, "categoryValueRef")
        return (value.get("value") if value is not None else element.name).strip()
    name = element.name.strip()
    state = element.child("dataState")
    if state is None or not state.name.strip() or f"[{state.name.strip()}]" in name:
        return name
    return f"{name} [{state.name.strip()}]".strip()
