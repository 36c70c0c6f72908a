"""The difference of two states of a document: what was added, removed and changed, in the words of the outline."""

from collections.abc import Mapping

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import FLOW_NODE_KINDS, fm, zeebe
from flowmaster.engine.outline.recalling_events import trigger_of
from flowmaster.engine.outline.recalling_words import WordReader
from flowmaster.engine.values import Json

Change = dict[str, Json]
Snapshot = dict[tuple[str, str], dict[str, Json]]
TEXT_MAX = 200


def snapshot(document: BpmnDocument, process: Element) -> Snapshot:
    """Return what everything in a process says, by sort and id."""
    words = WordReader(document, process, lambda _: "")
    found: Snapshot = {("process", process.id): {"name": process.name, "about": process.documentation}}
    for node in process.descendants(*FLOW_NODE_KINDS):
        found["element", node.id] = _node(document, words, node)
    for flow in process.descendants("sequenceFlow"):
        found["flow", flow.id] = {
            "from": flow.get("sourceRef"),
            "to": flow.get("targetRef"),
            "if": flow.text_of("conditionExpression").removeprefix("="),
            "name": flow.name,
        }
    for word in ("data", "role", "calendar", "check", "always", "never"):
        for item in process.extensions(fm(word)):
            name = item.name or item.get("id") or item.get("message")
            found[word, name] = {**item.attributes(), "says": item.text}
    for form in process.extensions(zeebe("userTaskForm")):
        found["form", form.get("id")] = {"says": form.text}
    return found


def add_scenarios(found: Snapshot, listed: list[Mapping[str, Json]]) -> None:
    """Add scenarios to a snapshot."""
    for scenario in listed:
        found["scenario", str(scenario.get("name"))] = dict(scenario)


def difference(before: Snapshot, after: Snapshot) -> list[Change]:
    """Return the changes, in the order of the document; flows that only lead elsewhere now are named by their ends."""
    changes: list[Change] = []
    for key, now in after.items():
        sort, name = key
        if key not in before:
            said = {
                word: value
                for word, value in now.items()
                if value not in ("", None, {}, []) and word != "says"
            }
            changes.append(
                {"change": "added", sort: name}
                | ({"as": _short(said)} if sort in ("element", "flow") else {})
            )
        elif now != before[key]:
            old = before[key]
            what = {
                word: [_short(old.get(word)), _short(now.get(word))]
                for word in dict.fromkeys([*old, *now])
                if old.get(word) != now.get(word)
            }
            changes.append({"change": "changed", sort: name, "what": what})
    changes += [{"change": "removed", sort: name} for sort, name in before if (sort, name) not in after]
    return changes


def _node(document: BpmnDocument, words: WordReader, node: Element) -> dict[str, Json]:
    said: dict[str, Json] = {"kind": node.kind, "name": node.name}
    lane = document.lane_of(node)
    if lane is not None:
        said["lane"] = lane.name
    if node.get("attachedToRef"):
        said |= {"at": node.get("attachedToRef"), "keep": not node.is_true("cancelActivity", True)}
    if node.get("default"):
        said["default"] = node.get("default")
    if node.documentation:
        said["about"] = node.documentation
    if node.kind.endswith("Event"):
        said["into"] = dict(words.outputs(node))
        found = trigger_of(document, node)
        if found is not None and found.kind:
            said[found.kind] = found.value or True
            said["key"] = found.key
        return said
    if node.kind.endswith("Gateway"):
        return said
    recalled = words.recall(node)
    if recalled.trigger.kind:
        said |= {recalled.trigger.kind: recalled.trigger.value, "key": recalled.trigger.key}
    if recalled.kind == "group":
        return said | dict(recalled.words)
    if recalled.kind != "bpmn":
        said[recalled.kind] = recalled.main
    else:
        said["attributes"] = {
            name: text for name, text in node.attributes().items() if name not in ("id", "name")
        }
        said["extra"] = [extension.to_xml() for extension in node.extensions()]
    return said | recalled.words


def _short(value: Json) -> Json:
    """Return a value for the eye; long texts are cut."""
    if isinstance(value, str) and len(value) > TEXT_MAX:
        return f"{value[: TEXT_MAX - 3]}..."
    if isinstance(value, Mapping):
        return {key: _short(entry) for key, entry in value.items()}
    return value
