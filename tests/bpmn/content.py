"""What a BPMN file holds, to be compared before and after."""

from collections import Counter
from typing import NamedTuple

from lxml import etree

from flowmaster.engine.bpmn.vocabulary import BPMNDI, DC, DI, MODEL


class Content(NamedTuple):
    """All nodes of a file with their attributes and text, each as often as it is there."""

    model: Counter[object]
    drawn: Counter[object]
    foreign: Counter[object]


def content(source: bytes) -> Content:
    """Return the elements of BPMN, ids among their attributes, the diagram data, and foreign content."""
    found = Content(Counter(), Counter(), Counter())
    for node in etree.fromstring(source).iter(etree.Element):
        namespace = etree.QName(node).namespace
        attributes = tuple(sorted((str(key), str(value)) for key, value in node.attrib.items()))
        entry = (node.tag, attributes, (node.text or "").strip())
        if namespace == MODEL:
            found.model[entry] += 1
        elif namespace in (BPMNDI, DC, DI):
            found.drawn[entry] += 1
        else:
            found.foreign[entry] += 1
    return found
