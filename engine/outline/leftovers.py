"""Keeps what an outline has no place for as XML: nodes that no start reaches, and the definitions that XML names."""

import re
from collections.abc import Iterable, Iterator, Mapping

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import EVENT_DEFINITION_KINDS, MODEL, PREFIXES
from flowmaster.engine.outline.nodes import Handler, Node, Outline, Step, Trigger, Words, everywhere
from flowmaster.engine.outline.raw import raw_xml
from flowmaster.engine.outline.ways import Ways

_ID = re.compile(r"""\sid=["']([^"']*)["']""")
_NAMED = re.compile(r"""Ref=["']([^"']*)["']|Ref>\s*([^<\s]+)\s*</""")
_OWN_ID = re.compile(r"""\A(\s*<[^>]*?)\sid=["'][^"']*["']""")
_TAG = re.compile(r"\A\s*<(?:bpmn:)?([\w-]+)(?!:)\b")
ROOT_KINDS = frozenset(
    {
        *EVENT_DEFINITION_KINDS,
        "category",
        "correlationProperty",
        "dataStore",
        "endPoint",
        "error",
        "escalation",
        "globalBusinessRuleTask",
        "globalManualTask",
        "globalScriptTask",
        "globalTask",
        "globalUserTask",
        "interface",
        "itemDefinition",
        "message",
        "resource",
        "signal",
    }
)
"""What stands beside processes in a file, and is named from inside them."""


def kind_of(xml: str) -> str:
    """Return which element a piece of XML is."""
    found = _TAG.match(xml)
    return found[1] if found is not None else ""


def ids_in(outline: Outline) -> set[str]:
    """Return the ids that the XML in an outline brings along."""
    return {found for xml in _pieces(outline) for found in _ID.findall(xml)}


def loose_nodes(document: BpmnDocument, scope: Element, ways: Ways, roots: Iterable[str]) -> list[Element]:
    """Return the nodes of a scope that nothing reaches, with the flows and associations that leave them.

    Associations stand last, as they do in every file that an outline becomes.
    """
    live = _live(document, ways, roots)
    loose = {
        node.id
        for node in ways.nodes.values()
        if node.id not in live and node.kind != "startEvent" and not node.is_true("triggeredByEvent")
    }
    if not loose:
        return []
    found = [
        child
        for child in scope.children()
        if child.id in loose
        or (child.kind in ("sequenceFlow", "association") and child.get("sourceRef") in loose)
    ]
    return sorted(found, key=lambda child: child.kind == "association")


def definitions_of(document: BpmnDocument, outline: Outline) -> tuple[str, ...]:
    """Return the definitions that the XML in an outline names, and those that they name, as XML."""
    by_id = {one.id: one for one in document.root.children(*ROOT_KINDS) if one.id}
    wanted: dict[str, str] = {}
    waiting = list(_pieces(outline))
    while waiting:
        for one, other in _NAMED.findall(waiting.pop()):
            found = by_id.get((one or other).rpartition(":")[2])
            if found is not None and found.id not in wanted:
                wanted[found.id] = raw_xml(found)
                waiting.append(wanted[found.id])
    return tuple(wanted[one] for one in sorted(wanted))


def _live(document: BpmnDocument, ways: Ways, roots: Iterable[str]) -> set[str]:
    beside: dict[str, list[str]] = {}
    for node in ways.nodes.values():
        if node.kind == "boundaryEvent":
            beside.setdefault(node.get("attachedToRef"), []).append(node.id)
    undoing = {
        one.get("sourceRef"): one.get("targetRef")
        for node in ways.nodes.values()
        if node.kind == "boundaryEvent"
        for one in document.associations(node)
    }
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        current = waiting.pop()
        reached = ways.nodes.get(current)
        if reached is None or current in found:
            continue
        found.add(current)
        waiting += [flow.get("targetRef") for flow in document.outgoing(reached)]
        waiting += [way.target for way in ways.out[current]]
        waiting += beside.get(current, [])
        waiting.append(undoing.get(current, ""))
    return found


def _pieces(outline: Outline) -> Iterator[str]:
    """Yield the XML of an outline: raw elements, raw steps, raw events, and extensions."""
    yield from outline.raw
    for start in outline.starts:
        yield from _of_trigger(start.trigger)
        yield from _of_words(start.words)
    yield from _of_steps(outline.steps)
    for handler in outline.events:
        yield from _of_handler(handler)


def _of_steps(steps: tuple[Node, ...]) -> Iterator[str]:
    for node in everywhere(steps):
        if isinstance(node, Step):
            yield from _of_step(node)
        yield from _of_trigger(getattr(node, "trigger", Trigger()))
        yield from _of_words(getattr(node, "words", {}))


def _of_step(step: Step) -> Iterator[str]:
    if step.kind == "bpmn":
        yield _OWN_ID.sub(r"\1", str(step.main), count=1)
    for handler in (*step.handlers, *step.events):
        yield from _of_trigger(handler.trigger)
        yield from _of_words(handler.words)
    if step.undo is not None:
        yield from _of_step(step.undo)
        yield from _of_words(step.undo.words)


def _of_handler(handler: Handler) -> Iterator[str]:
    yield from _of_trigger(handler.trigger)
    yield from _of_words(handler.words)
    yield from _of_steps(handler.steps)


def _of_trigger(trigger: Trigger) -> Iterator[str]:
    if trigger.kind == "bpmn":
        yield trigger.value


def _of_words(words: Words) -> Iterator[str]:
    """Yield what stands under `extra` of BPMN's own, also at the start of a group."""
    for said in (words, words.get("start")):
        extra = said.get("extra") if isinstance(said, Mapping) else None
        for xml in extra if isinstance(extra, list | tuple) else ():
            if str(xml).startswith(f"<{PREFIXES[MODEL]}:"):
                yield str(xml)
