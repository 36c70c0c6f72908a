"""Edits that mend a problem, in the form that `process_edit` takes."""

from collections.abc import Mapping

from flowmaster.engine.values import Json

Edit = Mapping[str, Json]


def remove(element: str) -> Edit:
    """Remove an element or a flow with everything that cannot stand without it."""
    return {"delete": element}


def set_attribute(element: str, attribute: str, value: str) -> Edit:
    """Set an attribute of an element."""
    return {"set_attributes": element, "attributes": {attribute: value}}


def make_default(flow: str) -> Edit:
    """Let a flow be the default of where it begins: its condition goes."""
    return {"set": flow, "default": True}
