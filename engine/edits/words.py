"""Edits of what an element says: the words of the outline, its name, its attributes."""

from collections.abc import Mapping

from flowmaster.engine.bpmn.vocabulary import fm
from flowmaster.engine.edits.place import Place
from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.outline.problems import Problems
from flowmaster.engine.outline.reading import Reading
from flowmaster.engine.outline.reading_words import assignments, performer, word
from flowmaster.engine.outline.writing_words import WORDS_IN_ORDER, WordWriter
from flowmaster.engine.values import Json

Edit = Mapping[str, Json]
MAINS = {
    "ask": "userTask",
    "call": "serviceTask",
    "rule": "businessRuleTask",
    "set": "scriptTask",
    "run": "callActivity",
}
"""The words that say what a step does, and the element that they belong to."""


def set_words(place: Place, edit: Edit) -> None:
    """Change what a step says, word by word; null takes a word away."""
    element = place.node(edit["set"], "set")
    problems = Problems(None)
    reading = Reading(problems)
    for role in place.process.extensions(fm("role")):
        reading.roles[role.get("id")] = role.get("name")
    names = {node.title.casefold(): node.id for node in place.nodes()}
    writer = WordWriter(place.document, lambda name: names.get(name.casefold(), name))
    for name, value in edit.items():
        if name == "set":
            continue
        if name in MAINS:
            _main(place, element.id, name, value, reading, writer)
        elif name in WORDS_IN_ORDER:
            read = None if value is None else word(reading, name, value, name)
            problems.raise_if_any()
            writer.write(element, name, read)
        else:
            known = [*WORDS_IN_ORDER, *MAINS]
            raise FlowMasterError(
                "edit.word_unknown",
                f"A step knows no word {name!r}.{did_you_mean(name, known)}",
                path=name,
                expected=known,
                fix="Use the words of the outline.",
            )
    problems.raise_if_any()


def _main(
    place: Place, identifier: str, name: str, value: Json, reading: Reading, writer: WordWriter
) -> None:
    element = place.document.element(identifier)
    if element.kind != MAINS[name]:
        raise FlowMasterError(
            "edit.kind_differs",
            f"{element.title!r} is a {element.kind}, which has no `{name}`.",
            path=name,
            fix="Delete it and add another step in its place.",
        )
    main: Json = value
    if name == "ask":
        main = performer(reading, value, name)
    elif name == "set":
        main = assignments(reading, value, name)
    elif not isinstance(value, str) or not value:
        raise FlowMasterError(
            "edit.value_wrong", f"`{name}` is a text, not {value!r}.", path=name, expected="a text"
        )
    reading.problems.raise_if_any()
    writer.main(element, name, main, {})


def rename(place: Place, edit: Edit) -> None:
    """Give an element another name; its id stays."""
    node = place.node(edit["rename"], "rename")
    wanted = edit.get("to")
    if not isinstance(wanted, str) or not wanted.strip():
        raise FlowMasterError("edit.value_wrong", "The new name is missing.", path="to", expected="a text")
    node.set("name", wanted.strip())


def set_attributes(place: Place, edit: Edit) -> None:
    """Set BPMN attributes of an element or flow; null takes one away."""
    name, attributes = edit["set_attributes"], edit.get("attributes")
    found = place.document.find(name) if isinstance(name, str) else None
    element = found if found is not None else place.node(name, "set_attributes")
    if not isinstance(attributes, Mapping) or "id" in attributes:
        raise FlowMasterError(
            "edit.value_wrong",
            "Attributes are a mapping without `id`.",
            path="attributes",
            expected="{default: flow_1}",
        )
    for attribute, value in attributes.items():
        element.set(attribute, None if value is None else str(value))
