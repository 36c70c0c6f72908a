"""Writes an outline as a plain object, each thing in its shortest form: the counterpart of the reader."""

from collections.abc import Mapping, Sequence
from typing import assert_never

from flowmaster.engine.outline.datatypes import type_of
from flowmaster.engine.outline.labels import event_process_label
from flowmaster.engine.outline.nodes import (
    Case,
    Decision,
    End,
    Handler,
    Jump,
    Node,
    Outline,
    Parallel,
    Start,
    Step,
    Trigger,
    everywhere,
)
from flowmaster.engine.outline.reading_steps import INCIDENT
from flowmaster.engine.outline.reading_words import ANYONE, default_form
from flowmaster.engine.outline.scopes import name_key
from flowmaster.engine.outline.values import is_name, native
from flowmaster.engine.outline.writing_events import title_of
from flowmaster.engine.values import Json

Plain = dict[str, Json]
NUMBER_LENGTH_MAX = 9
"""Digits of a number that is shown as a number."""
_IF_FORMS = ((["yes", "no"], [True, False]), (["yes"], [True]))
_ORDER = ("title", "id", "about", "lane", "when", "not", "due", "follow_up", "priority", "remind")


def plain_outline(outline: Outline) -> Plain:
    """Return the object that reads as this outline."""
    writer = _Writer(outline)
    found = _identity(outline)
    if outline.roles:
        found["roles"] = _roles(outline)
    if not outline.lanes:
        found["lanes"] = False
    if outline.calendars:
        found["calendars"] = dict(outline.calendars)
    if outline.data:
        found["data"] = {item.name: type_of(item.schema) for item in outline.data}
    start = writer.start()
    if start:
        found["start"] = start
    if outline.result:
        found["result"] = outline.result
    found |= writer.body()
    if outline.forms:
        found["forms"] = {name: _form(form) for name, form in outline.forms.items()}
    found |= {word: dict(laws) for word, laws in _laws(outline) if laws}
    if outline.scenarios:
        found["scenarios"] = list(outline.scenarios)
    if outline.raw:
        found["bpmn"] = list(outline.raw)
    return found


def _identity(outline: Outline) -> Plain:
    """Return what the process is called, and under which name and description it is a tool."""
    found: Plain = {"process": outline.process}
    for key, text in (("name", outline.name), ("about", outline.about), ("version_tag", outline.version_tag)):
        if text:
            found[key] = text
    if outline.tool is not None:
        name, about = outline.tool
        found["tool"] = ({"name": name} | ({"about": about} if about else {})) if name else about or True
    return found


def _laws(outline: Outline) -> tuple[tuple[str, Mapping[str, str]], ...]:
    return ("always", outline.always), ("never", outline.never)


def _roles(outline: Outline) -> Json:
    kinds = outline.role_kinds
    if not kinds and all(role == name for role, name in outline.roles.items()):
        return list(outline.roles)
    found: Plain = dict(outline.roles)
    for role, kind in kinds.items():
        name = outline.roles[role]
        found[role] = {"kind": kind} if name == role else {"name": name, "kind": kind}
    return found


class _Writer:
    """Writes the nodes of one outline."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._data = {item.name: item.schema for item in outline.data}
        self._steps = {name_key(node.name) for node in everywhere(outline.steps) if isinstance(node, Step)}

    def start(self) -> Json:
        """Return `start`, empty where it says nothing."""
        outline = self._outline
        entries = [self._one_start(start) for start in outline.starts]
        head: Plain = {}
        if outline.data:
            needs: list[Json] = [
                f"{item.name}{'' if item.required else '?'}" for item in outline.data if item.input
            ]
            head["needs"] = needs
        if outline.checks:
            head["checks"] = _checks(outline.checks)
        if len(entries) <= 1:
            return head | (entries[0] if entries else {})
        return [head | entries[0], *entries[1:]]

    def body(self) -> Plain:
        """Return the steps of the process, and what may happen while it runs."""
        outline = self._outline
        found: Plain = {}
        if outline.steps or not outline.raw:
            found["steps"] = self.steps(outline.steps) or ["end"]
        if outline.events:
            found["events"] = [self.handler(handler) for handler in outline.events]
        return found

    def _one_start(self, start: Start) -> Plain:
        found = _trigger(start.trigger)
        for key, text in (("name", start.name), ("goto", start.goto), ("id", start.id)):
            if text:
                found[key] = text
        for key, value in start.words.items():
            found[key] = self._word(key, value)
        return found

    def steps(self, steps: tuple[Node, ...]) -> list[Json]:
        """Return a list of steps."""
        return [self._node(node) for node in steps]

    def _node(self, node: Node) -> Json:
        match node:
            case Step():
                return {node.name: self._step(node)}
            case Decision():
                return self._decision(node)
            case Parallel():
                return self._parallel(node)
            case Jump():
                return {"goto": node.to}
            case End():
                return self._end(node)
            case _:
                assert_never(node)

    # Steps

    def _step(self, step: Step) -> Plain:
        found: Plain = self._kind(step)
        words = dict(step.words)
        if step.id:
            words["id"] = step.id
        if step.kind in ("rule", "set") and "result" in words:
            found["into"] = words.pop("result")
        if step.kind == "ask" and "form" in words and self._is_default_form(words):
            del words["form"]
        self._lateness(step, words, found)
        for key in (*_ORDER, *words):
            if key in words and key not in found:
                found[key] = self._word(key, words[key])
        if step.kind == "group":
            found["group"] = self.steps(step.steps)
        handlers = [handler for handler in step.handlers if handler is not _late(step)]
        if handlers:
            found["on"] = self._on(handlers)
        if step.events:
            found["events"] = [self.handler(handler) for handler in step.events]
        if step.undo is not None:
            found["undo"] = {step.undo.name: self._step(step.undo)}
        return found

    def _kind(self, step: Step) -> Plain:
        """Return the kind's word with what stands behind it."""
        match step.kind:
            case "ask":
                return {"ask": _performer(step.main)}
            case "wait" | "throw" | "send":
                return self._triggered(step)
            case "group":
                return {"group": None}
            case "set":
                return {"set": _natives(step.main)}
            case _:
                return {step.kind: step.main}

    def _triggered(self, step: Step) -> Plain:
        trigger = step.trigger
        if step.kind == "wait" and trigger.kind in ("after", "at") and not trigger.value.startswith("="):
            return {"wait": trigger.value}
        if step.kind == "send" and trigger.kind == "message":
            sent: Plain = {"send": trigger.value}
            return sent | ({"key": trigger.key} if trigger.key else {})
        return {step.kind: _trigger(trigger)}

    def _is_default_form(self, words: Mapping[str, Json]) -> bool:
        into, form = words.get("into"), words["form"]
        if not isinstance(into, Mapping) or not isinstance(form, Mapping) or not into:
            return False
        return form.get("schema") == default_form(into, self._data)

    def _lateness(self, step: Step, words: Plain, found: Plain) -> None:
        late, escalate = _late(step), words.get("escalate")
        if late is not None:
            found["within"] = late.trigger.value
            found["late"] = self._target(late, title_of(late.trigger))
        elif isinstance(escalate, list) and len(escalate) == 1:
            del words["escalate"]
            found["within"], found["late"] = escalate[0][0], {"escalate": escalate[0][1]}
        elif step.kind == "ask" and str(words.get("due", "")).startswith("P"):
            found["within"] = words.pop("due")

    def _target(self, handler: Handler, title: str) -> Json:
        body = self._body(handler.steps)
        own = self._handler_words(handler, title)
        return {"then": body} | own if own else body

    def _body(self, steps: tuple[Node, ...]) -> Json:
        if len(steps) == 1 and isinstance(steps[0], Jump):
            return steps[0].to
        return self.steps(steps)

    def _on(self, handlers: Sequence[Handler]) -> Json:
        codes = [handler.trigger.value or "*" for handler in handlers]
        errors = all(handler.trigger.kind == "error" and not handler.keep for handler in handlers)
        if errors and len(set(codes)) == len(codes) and "then" not in codes:
            return {code: self._error(handler) for code, handler in zip(codes, handlers, strict=True)}
        return [self.handler(handler) for handler in handlers]

    def _error(self, handler: Handler) -> Json:
        return self._target(handler, title_of(handler.trigger))

    def handler(self, handler: Handler) -> Plain:
        """Return one entry of `on` or `events`."""
        own = self._handler_words(handler, title_of(handler.trigger))
        if own.get("title") == event_process_label(handler.trigger):
            del own["title"]
        found = _trigger(handler.trigger)
        return found | own | {"then": self._body(handler.steps)}

    def _handler_words(self, handler: Handler, title: str) -> Plain:
        found: Plain = {"keep": True} if handler.keep else {}
        if handler.id:
            found["id"] = handler.id
        if handler.title and handler.title != title:
            found["title"] = handler.title
        if handler.into:
            found["into"] = _into(handler.into)
        return found | self._event_words(handler.words)

    def _word(self, key: str, value: Json) -> Json:
        match key:
            case "into" | "outputs":
                return _into(value)
            case "with" | "set":
                return _natives(value)
            case "start":
                assert isinstance(value, Mapping)
                return {name: self._word(name, entry) for name, entry in value.items()}
            case "not":
                assert isinstance(value, list)
                plain = [self._person(str(entry)) for entry in value]
                return plain[0] if len(plain) == 1 else plain
            case "remind" | "tools" | "extra":
                return value[0] if isinstance(value, list) and len(value) == 1 else value
            case "escalate":
                assert isinstance(value, list)
                return {str(after): role for after, role in value}
            case "form":
                assert isinstance(value, Mapping)
                return value["id"] if "id" in value else _form(value["schema"])
            case "checks":
                assert isinstance(value, list)
                return _checks([one for one in value if isinstance(one, Mapping)])
            case "retry":
                return _retry(value)
            case "each":
                return _each(value)
            case "priority":
                return int(value) if isinstance(value, str) and _is_number(value) else value
            case _:
                return value

    def _person(self, entry: str) -> str:
        bare = entry.removeprefix("=")
        return entry if name_key(bare) in self._steps else bare

    # Blocks

    def _decision(self, node: Decision) -> Json:
        titles = [case.title for case in node.cases]
        named = {"name": node.name} if node.name else {}
        own: Plain = {
            **named,
            **({"id": node.id} if node.id else {}),
            **({"join": node.join} if node.join else {}),
            **self._event_words(node.words),
        }
        conditions = [bool(case.condition) for case in node.cases]
        if node.kind == "choose" and (titles, conditions) in _IF_FORMS:
            return self._if(node, own)
        cases: list[Json] = [self._case(case) for case in node.cases if case.condition]
        found: Plain = {node.kind: cases}
        default = next((case for case in node.cases if not case.condition), None)
        if default is None:
            found["else"] = INCIDENT
        elif default.title not in ("", "else"):
            cases.append({"else": self.steps(default.steps), "title": default.title})
        elif default.steps:
            found["else"] = self.steps(default.steps)
        return found | own

    def _if(self, node: Decision, own: Plain) -> Plain:
        found: Plain = {"if": node.cases[0].condition, "then": self.steps(node.cases[0].steps)}
        if len(node.cases) == 1:
            found["else"] = INCIDENT
        elif node.cases[1].steps:
            found["else"] = self.steps(node.cases[1].steps)
        return found | own

    def _case(self, case: Case) -> Plain:
        title = {} if case.title in ("", case.condition) else {"title": case.title}
        return {"if": case.condition, **title, "then": self.steps(case.steps)}

    def _parallel(self, node: Parallel) -> Plain:
        found: Plain = {node.kind: [self.steps(branch) for branch in node.branches]}
        for key, text in (("name", node.name), ("id", node.id), ("join", node.join)):
            if text:
                found[key] = text
        return found | self._event_words(node.words)

    def _event_words(self, words: Mapping[str, Json]) -> Plain:
        return {key: self._word(key, value) for key, value in words.items()}

    def _end(self, node: End) -> Json:
        own: Plain = {key: self._word(key, value) for key, value in node.words.items()}
        if node.id:
            own["id"] = node.id
        if not node.trigger.kind:
            return {"end": node.name or True, **own} if node.name or own else "end"
        if node.trigger.kind == "terminate" and node.name:
            return {"end": node.name, "terminate": True, **own}
        found = _trigger(node.trigger)
        if node.name and node.name != node.trigger.value.removeprefix("="):
            found["name"] = node.name
        return {"end": found, **own}


def _trigger(trigger: Trigger) -> Plain:
    if not trigger.kind:
        return {}
    value: Json = trigger.value
    if trigger.kind in ("terminate", "cancel") or not trigger.value:
        value = True
    return {trigger.kind: value} | ({"key": trigger.key} if trigger.key else {})


def _late(step: Step) -> Handler | None:
    """Return the handler that `within` and `late` say: the only one after a time; several stand together under `on`."""
    timed = [one for one in step.handlers if one.trigger.kind == "after"]
    return timed[0] if len(timed) == 1 and not timed[0].into else None


def _performer(main: Json) -> Json:
    assert isinstance(main, Mapping)
    roles = main.get("roles")
    if not main:
        return ANYONE
    if list(main) == ["person"]:
        return main["person"] if str(main["person"]).startswith("=") else dict(main)
    expression = isinstance(roles, list) and len(roles) == 1 and str(roles[0]).startswith("=")
    if list(main) == ["roles"] and isinstance(roles, list) and not expression:
        return roles[0] if len(roles) == 1 else roles
    return {
        key: value[0] if isinstance(value, list) and len(value) == 1 else value for key, value in main.items()
    }


def _into(value: Json) -> Json:
    assert isinstance(value, Mapping)
    if all(key.removesuffix("?") == source for key, source in value.items()):
        names = list(value)
        return names[0] if len(names) == 1 else names
    return dict(value)


def _natives(value: Json) -> Json:
    assert isinstance(value, Mapping)
    return {key: native(str(source)) for key, source in value.items()}


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= NUMBER_LENGTH_MAX


def _checks(checks: Sequence[Mapping[str, Json]]) -> Json:
    """Return conditions by their messages, or a list where messages repeat or a field is named."""
    messages = {str(one["message"]): one["that"] for one in checks}
    if any(one["path"] for one in checks) or len(messages) < len(checks):
        return [{key: value for key, value in one.items() if value or key != "path"} for one in checks]
    return messages


def _retry(value: Json) -> Json:
    assert isinstance(value, Mapping)
    times = str(value["times"])
    number: Json = int(times) if _is_number(times) else times
    return number if "wait" not in value else {"times": number, "wait": value["wait"]}


def _each(value: Json) -> Json:
    assert isinstance(value, Mapping)
    if set(value) == {"item", "in"} and is_name(str(value["item"])):
        return f"{value['item']} in {value['in']}"
    return dict(value)


def _form(form: Json) -> Json:
    """Return a form's fields where types say it all, else the form as it is."""
    assert isinstance(form, Mapping)
    if form == {"type": "object", "properties": {}}:
        return {}
    if form.get("type") != "object" or set(form) - {"type", "properties", "required"}:
        return _whole_form(form)
    words = type_of(form)
    fields = words if isinstance(words, Mapping) and "schema" not in words else None
    if (
        fields is None
        or isinstance(fields.get("properties"), Mapping)
        or isinstance(fields.get("components"), Sequence)
    ):
        return _whole_form(form)
    return dict(fields)


def _whole_form(form: Mapping[str, Json]) -> Json:
    plain = isinstance(form.get("properties"), Mapping) or isinstance(form.get("components"), Sequence)
    return dict(form) if plain else {"schema": dict(form)}
