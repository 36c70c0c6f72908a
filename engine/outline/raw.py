"""Writes elements of a document as XML for the outline: short, and with the usual prefixes."""

import re

from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import EVENT_DEFINITION_KINDS, MODEL, PREFIXES

_EMPTY = re.compile(r"\A<([^>]*[^/>])>\s*</[^>]+>\Z")
_FIRST_TAG = re.compile(r"\A<[^>]*>")
_SAID = re.compile(r"\s(?:id|name|default)=\"[^\"]*\"")
_OWN_ID = re.compile(r"\sid=\"[^\"]*\"")
_DRAWN_ID = re.compile(r'(<bpmn:(data(?:In|Out)putAssociation)) id="(?i:\2)(?:_\d+)?"')
"""The id that a data association is given so that it can be drawn, since it had none."""
_DECLARED = re.compile(r'\s+xmlns:([\w.-]+)="([^"]*)"')


def raw_xml(element: Element, *, named: bool = True) -> str:
    """Return an element as XML for the outline: without its flows and without the usual declarations.

    With `named` false its id, name and default flow are left out, too, since the outline says them.
    """
    text = element.to_xml()
    for child in element.children("incoming", "outgoing"):
        text = re.sub(rf"\s*<([\w-]+:)?{child.kind}[^>]*>{re.escape(child.text)}</[^>]+>", "", text, count=1)
    text = _usual_prefix(text)
    text = _DECLARED.sub(lambda one: "" if PREFIXES.get(one[2]) == one[1] else one[0], text)
    text = _DRAWN_ID.sub(r"\1", text)
    if not named:
        text = _FIRST_TAG.sub(lambda one: _SAID.sub("", one[0]), text, count=1)
    return _EMPTY.sub(r"<\1/>", text)


def _usual_prefix(text: str) -> str:
    """Return XML in which the BPMN namespace has its usual prefix."""
    prefix = next((one[1] for one in _DECLARED.finditer(text) if one[2] == MODEL), None)
    if prefix == PREFIXES[MODEL]:
        return text
    if prefix is None:
        if f'xmlns="{MODEL}"' not in text:
            return text
        text = re.sub(r"<(/?)([A-Za-z_][\w.-]*)(?=[\s/>])", r"<\1bpmn:\2", text)
        return text.replace(f'xmlns="{MODEL}"', f'xmlns:bpmn="{MODEL}"').replace(
            '"tFormalExpression"', '"bpmn:tFormalExpression"'
        )
    text = re.sub(rf"<(/?){re.escape(prefix)}:", r"<\1bpmn:", text)
    text = text.replace(f'xmlns:{prefix}="{MODEL}"', f'xmlns:bpmn="{MODEL}"')
    return text.replace(f'"{prefix}:tFormalExpression"', '"bpmn:tFormalExpression"')


def raw_event(event: Element) -> str:
    """Return what an event waits for or throws as an event without anything else."""
    said = ' parallelMultiple="true"' if event.is_true("parallelMultiple") else ""
    inside = "".join(
        _FIRST_TAG.sub(lambda tag: _OWN_ID.sub("", tag[0]), raw_xml(one), count=1)
        for one in event.children(*EVENT_DEFINITION_KINDS, "eventDefinitionRef")
    )
    return f"<bpmn:{event.kind}{said}>{inside}</bpmn:{event.kind}>"
