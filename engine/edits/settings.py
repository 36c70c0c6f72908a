"""The operations that change what elements say: words of steps, conditions of flows, names, plain attributes."""

from collections.abc import Callable, Mapping

from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import EVENT_KINDS, GATEWAY_KINDS, fm
from flowmaster.engine.edits.beside import set_beside, trigger_anew, writer_of
from flowmaster.engine.edits.context import Batch
from flowmaster.engine.edits.events import is_wait, set_event, set_wait, text_or_none
from flowmaster.engine.edits.steps import check_chooses, set_when, write_condition
from flowmaster.engine.edits.targets import known_words, refused
from flowmaster.engine.outline.nodes import Trigger
from flowmaster.engine.outline.reading_events import trigger
from flowmaster.engine.outline.reading_waits import BESIDE
from flowmaster.engine.outline.reading_words import assignments, into, performer, tries_need_service, word
from flowmaster.engine.outline.recalling_events import message_of, trigger_of
from flowmaster.engine.outline.recalling_words import WordReader
from flowmaster.engine.outline.vocabulary import WORDS
from flowmaster.engine.outline.writing_events import message
from flowmaster.engine.values import Json

Edit = Mapping[str, Json]
_FLOW_WORDS = ("set", "if", "title", "default")
_THROWN = ("send", "throw")
_THROWS = ("message", "signal", "escalation", "compensate")
_NOT_SET = ("id", "undo", "events", "transaction", "start")


def set_words(batch: Batch, edit: Edit, path: str) -> None:
    """`{set: approve, ask: cfo, within: PT48H, late: {escalate: ceo}}`; null takes a word away."""
    if batch.targets.is_flow(edit["set"]):
        _set_flow(batch, batch.targets.flow(edit["set"], path), edit, path)
        return
    node = batch.targets.node(edit["set"], path)
    if is_wait(batch, node):
        set_wait(batch, node, edit, path)
    elif node.kind in EVENT_KINDS and node.kind not in ("intermediateThrowEvent",):
        set_event(batch, node, edit, path)
    elif node.kind in GATEWAY_KINDS:
        _set_gateway(batch, node, edit, path)
    else:
        _set_step(batch, node, edit, path)


def rename(batch: Batch, edit: Edit, path: str) -> None:
    """`{rename: approve, to: Approve invoice}`; the id stays, unless `id` gives another."""
    known_words(edit, ("rename", "to", "id"), path)
    if batch.targets.is_flow(edit["rename"]):
        element = batch.targets.flow(edit["rename"], path)
    else:
        element = batch.targets.node(edit["rename"], path)
    to = edit.get("to")
    if to is not None and (not isinstance(to, str) or not to.strip()):
        raise refused(
            f"{path}.to", "edit.value_wrong", "The new name is a text.", expected="to: Approve invoice"
        )
    if isinstance(to, str):
        batch.targets.also(element.name or element.id, element.id)
        element.set("name", to.strip())
    new = edit.get("id")
    if new is not None and (not isinstance(new, str) or not new) or new is None and to is None:
        raise refused(path, "edit.value_wrong", "Say the new name or the new id.", expected="to: Approve")
    if isinstance(new, str):
        _rename_id(batch, element, new)


def set_attributes(batch: Batch, edit: Edit, path: str) -> None:
    """`{set_attributes: approve, attributes: {default: flow_1}}`: attributes of BPMN itself, as they are."""
    known_words(edit, ("set_attributes", "attributes"), path)
    reference, given = edit["set_attributes"], edit.get("attributes")
    element = batch.document.find(reference) if isinstance(reference, str) else None
    element = element or batch.targets.node(reference, path)
    if not isinstance(given, Mapping):
        raise refused(
            f"{path}.attributes", "edit.value_wrong", "Attributes are a mapping.", expected="{name: text}"
        )
    for name, value in given.items():
        if name == "id":
            raise refused(
                f"{path}.attributes.id",
                "edit.value_wrong",
                "An id is changed by rename.",
                fix="rename: x, id: y",
            )
        text = "true" if value is True else "false" if value is False else value
        element.set(name, None if text is None else str(text))


def _rename_id(batch: Batch, element: Element, new: str) -> None:
    old = element.id
    batch.document.rename_id(element, new)
    for exclusion in batch.process.descendants(fm("exclude")):
        if exclusion.get("step") == old:
            exclusion.set("step", new)
    batch.targets.also(old, new)


def _set_flow(batch: Batch, flow: Element, edit: Edit, path: str) -> None:
    known_words(edit, _FLOW_WORDS, path)
    source = batch.document.element(flow.get("sourceRef"))
    if edit.get("if") is not None or edit.get("default") is True:
        check_chooses(source, path)
    if "if" in edit:
        before = flow.text_of("conditionExpression").removeprefix("=").strip()
        condition = (
            "" if edit["if"] is None else batch.reading.feel(edit["if"], f"{path}.if", "The condition")
        )
        write_condition(flow, condition)
        if flow.name == before:
            flow.set("name", condition or None)
        if source.name == f"{before}?":
            source.set("name", f"{condition}?")
        if condition and source.get("default") == flow.id:
            source.set("default", None)
    if "title" in edit:
        flow.set("name", text_or_none(batch, edit["title"], f"{path}.title"))
    if "default" not in edit:
        return
    if batch.reading.flag(edit["default"], f"{path}.default"):
        write_condition(flow, "")
        source.set("default", flow.id)
    elif source.get("default") == flow.id:
        source.set("default", None)


def _set_gateway(batch: Batch, node: Element, edit: Edit, path: str) -> None:
    known_words(edit, ("set", "if", "name", "title", "default"), path)
    if "if" in edit:
        flows = [
            flow for flow in batch.document.outgoing(node) if flow.child("conditionExpression") is not None
        ]
        if len(flows) != 1:
            ways = [
                f"{node.id} -> {batch.targets.behind_merges(flow).title}"
                for flow in batch.document.outgoing(node)
            ]
            raise refused(
                path,
                "edit.ways_several",
                f"{node.title!r} has {len(flows)} conditions.",
                expected=ways,
                fix="Name the flow: set: 'gateway -> step', if: condition.",
            )
        _set_flow(batch, flows[0], {"set": flows[0].id, "if": edit["if"]}, path)
    for key in ("name", "title"):
        if key in edit:
            writer_of(batch, path).write(node, "title", text_or_none(batch, edit[key], f"{path}.{key}"))
    if edit.get("default") is not None:
        flow = batch.targets.flow([node.id, edit["default"]], path)
        _set_flow(batch, flow, {"set": flow.id, "default": True}, path)


def _set_step(batch: Batch, node: Element, edit: Edit, path: str) -> None:
    kind, main, words = _recalled(batch, node)
    kinds = [key for key in edit if key in _MAIN_READERS]
    allowed = (
        "set",
        *(("assign",) if kind == "set" else {kind} & (_MAIN_READERS.keys() | set(_THROWN))),
        *(one for one in WORDS.get(kind, ()) if one not in _NOT_SET and (kind, one) != ("set", "into")),
    )
    foreign = [key for key in kinds if key not in (kind, "set")]
    if foreign:
        raise refused(
            f"{path}.{foreign[0]}",
            "edit.kind_wrong",
            f"{node.title!r} is a step of kind `{kind}`, not `{foreign[0]}`.",
            expected=list(allowed),
            fix=f"Replace it: replace: {node.title}, step: {{{node.title}: {{{foreign[0]}: ...}}}}.",
        )
    known_words(edit, allowed, path)
    writer = writer_of(batch, path)
    given = _set_plain_words(batch, node, kind, words, edit, path)
    main_key = "assign" if kind == "set" else kind
    if kind in _MAIN_READERS and main_key in edit:
        main = _MAIN_READERS[kind](batch, edit[main_key], f"{path}.{main_key}")
    if kind in _MAIN_READERS and (main_key in edit or set(edit) & _MAIN_WORDS):
        writer.main(node, kind, main, given)
        for key in ("retry", "headers"):
            if key in given:
                writer.write(node, key, given[key])
    if kind in _THROWN:
        _set_thrown(batch, node, kind, given, edit, path)
    if "ask" in edit or edit.get("lane") is not None:
        _change_lane(batch, node, main, edit.get("lane"))
    if "when" in edit:
        set_when(batch, node, edit["when"], path)
    set_beside(batch, node, kind, edit, path)


def _set_thrown(
    batch: Batch, node: Element, kind: str, words: Mapping[str, Json], edit: Edit, path: str
) -> None:
    """Change what a step sends or throws, the key of its message, and through which service it goes."""
    before = trigger_of(batch.document, node) if kind == "throw" else message_of(batch.document, node)
    before = before or Trigger()
    if kind in edit or "key" in edit:
        given = edit.get(kind, {before.kind: before.value or True})
        given = given if isinstance(given, Mapping) else {"message": given}
        key = edit.get("key", f"={before.key}" if before.key and before.kind == "message" else None)
        said: dict[str, Json] = {"key": key, **given}
        found = trigger(batch.reading, said, f"{path}.{kind}", ("message",) if kind == "send" else _THROWS)
        if kind == "send":
            node.set("messageRef", message(batch.document, found.value, found.key).id)
        else:
            trigger_anew(batch, node, found, path)
    if "via" in edit:
        writer_of(batch, path).through(node, words)
    if edit.get("retry") is not None and not words.get("via"):
        tries_need_service(batch.reading, f"{path}.retry")


def _change_lane(batch: Batch, node: Element, main: Json, lane: Json) -> None:
    """Let a step stand in the lane of the role that does it now."""
    roles = main.get("roles") if isinstance(main, Mapping) else None
    role = str(lane or (roles[0] if isinstance(roles, list) and roles else ""))
    if role in batch.reading.roles:
        batch.change_lane(node, role)


def _set_plain_words(
    batch: Batch, node: Element, kind: str, words: Mapping[str, Json], edit: Edit, path: str
) -> dict[str, Json]:
    """Write the words that say one thing each; return all words that the step has now."""
    writer = writer_of(batch, path)
    given = dict(words)
    for key, value in edit.items():
        if key in ("set", kind, "assign", "when", *BESIDE) or (kind in _THROWN and key == "key"):
            continue
        if key == "into" and kind == "rule":
            given["result"] = batch.reading.variable(value, f"{path}.into")
            continue
        given.pop(key, None)
        if value is not None:
            at = f"{path}.{key}"
            found = (
                into(batch.reading, kind, value, at) if key == "into" else word(batch.reading, key, value, at)
            )
            if key == "not" and isinstance(found, list):
                batch.mark_exclusions(found, set(), path)
            given[key] = found
        writer.write(node, key, given.get(key))
    return given


def _recalled(batch: Batch, node: Element) -> tuple[str, Json, dict[str, Json]]:
    reader = WordReader(batch.document, batch.process, lambda one: batch.lane_role(one))
    found = reader.recall(node)
    return found.kind, found.main, found.words


_MAIN_WORDS = {"into", "version", "tools", "model", "type", "retry", "pass_all", "return_all"}
_MAIN_READERS: dict[str, Callable[[Batch, Json, str], Json]] = {
    "ask": lambda batch, value, path: performer(batch.reading, value, path),
    "call": lambda batch, value, path: batch.reading.text_or_feel(value, path, "The job type"),
    "rule": lambda batch, value, path: batch.reading.text_or_feel(value, path, "The rule"),
    "run": lambda batch, value, path: batch.reading.text_or_feel(value, path, "The process"),
    "agent": lambda batch, value, path: batch.reading.text(value, path, "The instruction"),
    "set": lambda batch, value, path: assignments(batch.reading, value, path),
}
