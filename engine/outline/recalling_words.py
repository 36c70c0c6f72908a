"""Reads what an element says back into the words of a step; what has no word stays as XML under `extra`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flowmaster.engine.bpmn.data_elements import data_parts
from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import LOOP_KINDS, fm, zeebe
from flowmaster.engine.outline.json_text import json_value
from flowmaster.engine.outline.nodes import Trigger
from flowmaster.engine.outline.raw import raw_xml
from flowmaster.engine.outline.recalling_events import message_of, trigger_of
from flowmaster.engine.outline.values import literal, split_at_commas, split_context
from flowmaster.engine.outline.writing_words import RESULT, own_form
from flowmaster.engine.values import Json

_FROM_NOW = re.compile(r'=\s*now\(\)\s*\+\s*duration\("(P[^"]+)"\)\Z')


@dataclass(slots=True)
class Recalled:
    """What was read of an element: its kind's word, what stands behind it, and the words beside."""

    kind: str
    main: Json
    words: dict[str, Json]
    trigger: Trigger = Trigger()


class WordReader:
    """Reads the elements of one process; `role_of` gives the role of an element's lane."""

    def __init__(self, document: BpmnDocument, process: Element, role_of: Callable[[Element], str]) -> None:
        self.document = document
        self._role_of = role_of
        self.forms = {
            form.get("id"): json_value(form.text) for form in process.extensions(zeebe("userTaskForm"))
        }
        self.own_forms: set[str] = set()

    def recall(self, element: Element) -> Recalled:
        """Return what an activity or intermediate event says; `bpmn` with its XML where there is no word."""
        reader = _KINDS.get(element.kind)
        found = reader(self, element) if reader is not None and self._is_plain(element) else None
        if found is None:
            return Recalled("bpmn", raw_xml(element, named=False), {})
        self._common(element, found)
        return found

    def _is_plain(self, element: Element) -> bool:
        if element.is_true("isForCompensation") and element.kind in ("subProcess", "transaction"):
            return False
        if not all(_is_plain_loop(loop) for loop in element.children(*LOOP_KINDS)):
            return False
        loop = element.child("multiInstanceLoopCharacteristics")
        given = loop.extension(zeebe("loopCharacteristics")) if loop is not None else None
        collection = given is not None and bool(given.get("inputCollection"))
        if loop is not None and collection == bool(loop.text_of("loopCardinality")):
            return False
        return all(element.get(quantity) in ("", "1") for quantity in ("startQuantity", "completionQuantity"))

    def _common(self, element: Element, found: Recalled) -> None:
        words = found.words
        if element.documentation:
            words["about"] = element.documentation
        self._mappings(element, found)
        self._loop(element, words)
        extra = [raw_xml(part) for part in (*self._unread(element, found), *data_parts(element))]
        if extra:
            words["extra"] = extra

    # Kinds

    def _ask(self, element: Element) -> Recalled:
        words: dict[str, Json] = {}
        main: dict[str, Json] = {}
        given = element.extension(zeebe("assignmentDefinition"))
        if given is not None:
            for attribute, key in (("candidateGroups", "roles"), ("candidateUsers", "people")):
                text = given.get(attribute).strip()
                if text:
                    main[key] = [text] if text.startswith("=") else list(split_at_commas(text))
            if given.get("assignee"):
                main["person"] = given.get("assignee")
        elif self._role_of(element):
            main["roles"] = [self._role_of(element)]
        self._people_words(element, words)
        self.form(element, words)
        checks: list[Json] = list(checks_of(element))
        if checks:
            words["checks"] = checks
        return Recalled("ask", main, words)

    def _people_words(self, element: Element, words: dict[str, Json]) -> None:
        excluded: list[Json] = [
            entry.get("person") or entry.get("step") for entry in element.extensions(fm("exclude"))
        ]
        if excluded:
            words["not"] = excluded
        deadlines = element.extensions(fm("deadline"))
        remind: list[Json] = [one.get("after") for one in deadlines if one.get("action") == "remind"]
        escalate: list[Json] = [
            [one.get("after"), one.get("to")] for one in deadlines if one.get("action") == "escalate"
        ]
        if remind:
            words["remind"] = remind
        if escalate:
            words["escalate"] = escalate
        schedule = element.extension(zeebe("taskSchedule"))
        for attribute, key in (("dueDate", "due"), ("followUpDate", "follow_up")):
            text = schedule.get(attribute) if schedule is not None else ""
            if text:
                interval = _FROM_NOW.match(text)
                words[key] = interval[1] if interval else text
        priority = element.extension(zeebe("priorityDefinition"))
        if priority is not None and priority.get("priority"):
            words["priority"] = priority.get("priority")

    def form(self, element: Element, words: dict[str, Json]) -> None:
        """Read which form an element shows."""
        definition = element.extension(zeebe("formDefinition"))
        identifier = definition.get("formId") if definition is not None else ""
        if not identifier:
            return
        if identifier == own_form(element) and self.forms.get(identifier) is not None:
            words["form"] = {"schema": self.forms[identifier]}
            self.own_forms.add(identifier)
        else:
            words["form"] = {"id": identifier}

    def _service(self, element: Element) -> Recalled | None:
        definition, agent = element.extension(zeebe("taskDefinition")), element.extension(fm("agent"))
        words: dict[str, Json] = {}
        self._job_words(element, words)
        if agent is not None and agent.get("instruction"):
            if agent.get("tools"):
                words["tools"] = list(split_at_commas(agent.get("tools")))
            if agent.get("model"):
                words["model"] = agent.get("model")
            type_ = definition.get("type") if definition is not None else ""
            if type_ not in ("", "agent"):
                words["type"] = type_
            return Recalled("agent", agent.get("instruction"), words)
        if definition is None or not definition.get("type") or agent is not None:
            return None
        return Recalled("call", definition.get("type"), words)

    def _job_words(self, element: Element, words: dict[str, Json]) -> None:
        definition, retry = element.extension(zeebe("taskDefinition")), element.extension(fm("retry"))
        times = definition.get("retries") if definition is not None else ""
        wait = retry.get("wait") if retry is not None else ""
        if times or wait:
            given: dict[str, Json] = {"times": times or "3"}
            words["retry"] = given | ({"wait": wait} if wait else {})
        headers = element.extension(zeebe("taskHeaders"))
        if headers is not None:
            words["headers"] = {entry.get("key"): entry.get("value") for entry in headers.children()}

    def _rule(self, element: Element) -> Recalled | None:
        called = element.extension(zeebe("calledDecision"))
        if called is None or not called.get("decisionId") or element.extension(zeebe("taskDefinition")):
            return None
        words: dict[str, Json] = {"result": called.get("resultVariable") or RESULT}
        if called.get("versionTag"):
            words["version"] = called.get("versionTag")
        return Recalled("rule", called.get("decisionId"), words)

    def _set(self, element: Element) -> Recalled | None:
        script = element.extension(zeebe("script"))
        expression = script.get("expression").removeprefix("=").strip() if script is not None else ""
        if script is None or not expression or not script.get("resultVariable"):
            return None
        result = script.get("resultVariable")
        entries = split_context(expression) if result == RESULT else None
        spread = self.outputs(element)
        by_source = {source: target for target, source in spread.items()}
        if entries and spread and set(by_source) == {f"{RESULT}.{key}" for key, _ in entries}:
            main: dict[str, Json] = {by_source[f"{RESULT}.{key}"]: source for key, source in entries}
            return Recalled("set", main, {"outputs": None})
        return Recalled("set", {result: expression}, {})

    def _run(self, element: Element) -> Recalled | None:
        called = element.extension(zeebe("calledElement"))
        if called is None or not called.get("processId"):
            return None
        words: dict[str, Json] = {}
        if called.get("versionTag"):
            words["version"] = called.get("versionTag")
        if called.has("propagateAllParentVariables"):
            words["pass_all"] = called.is_true("propagateAllParentVariables", True)
        back = called.is_true("propagateAllChildVariables", True)
        if back == bool(self.outputs(element)):
            words["return_all"] = back
        return Recalled("run", called.get("processId"), words)

    def _send(self, element: Element) -> Recalled | None:
        found = message_of(self.document, element)
        if found is None:
            return None
        definition = element.extension(zeebe("taskDefinition"))
        words: dict[str, Json] = {}
        self._job_words(element, words)
        if definition is not None and definition.get("type"):
            words["via"] = definition.get("type")
        return Recalled("send", None, words, found)

    def _wait(self, element: Element) -> Recalled | None:
        found = trigger_of(self.document, element)
        if found is None or found.kind not in ("after", "at", "message", "signal", "condition"):
            return None
        return Recalled("wait", None, {}, found)

    def _receive(self, element: Element) -> Recalled | None:
        """Read a task that waits for a message as a wait, where its handlers make it one."""
        if not set(element.attributes()) <= _OF_WAITS or not {child.kind for child in element.children()} <= {
            "documentation",
            "extensionElements",
            "incoming",
            "outgoing",
        }:
            return None
        beside = self.document.boundary_events(element)
        if not beside or any(event.child("compensateEventDefinition") is not None for event in beside):
            return None
        before = [self.document.source(flow) for flow in self.document.incoming(element)]
        if any(one is not None and one.kind == "eventBasedGateway" for one in before):
            return None
        found = message_of(self.document, element)
        return Recalled("wait", None, {}, found) if found is not None else None

    def _throw(self, element: Element) -> Recalled | None:
        found = trigger_of(self.document, element)
        if found is None or found.kind not in ("message", "signal", "escalation", "compensate"):
            return None
        if element.extension(zeebe("taskDefinition")) is not None:
            return None
        return Recalled("throw", None, {}, found)

    def _group(self, element: Element) -> Recalled | None:
        starts = element.children("startEvent")
        if len(starts) > 1 or any(trigger_of(self.document, start) != Trigger() for start in starts):
            return None
        if not self.document.flow_nodes(element):
            return None
        words: dict[str, Json] = {"transaction": True} if element.kind == "transaction" else {}
        begin = self._begin(starts[0]) if starts else {}
        return Recalled("group", None, words | ({"start": begin} if begin else {}))

    def _begin(self, start: Element) -> dict[str, Json]:
        """Return what the start of a group says."""
        words: dict[str, Json] = {"name": start.title} if start.name else {}
        outputs = self.outputs(start)
        if outputs:
            words["into"] = dict(outputs)
        return words | self.around(start, zeebe("ioMapping"))

    # Words of several kinds

    def _mappings(self, element: Element, found: Recalled) -> None:
        words = found.words
        inputs = self._inputs(element)
        if inputs:
            words["with"] = inputs
        outputs = self.outputs(element)
        key = "outputs" if found.kind in ("rule", "set") else "into"
        if "outputs" in words:
            del words["outputs"]
        elif outputs:
            words[key] = dict(outputs)

    def _inputs(self, element: Element) -> dict[str, Json]:
        holder = element.extension(zeebe("ioMapping"))
        listed = holder.children(zeebe("input")) if holder is not None else []
        return {entry.get("target"): _feel(entry.get("source")) for entry in listed}

    def outputs(self, element: Element) -> dict[str, str]:
        """Return the output mappings: expressions by variable, with a mark behind what a job may leave out."""
        holder = element.extension(zeebe("ioMapping"))
        listed = holder.children(zeebe("output")) if holder is not None else []
        is_answer = element.extension(zeebe("taskDefinition")) is not None
        marks = {entry: "?" if is_answer and not entry.is_true(fm("required")) else "" for entry in listed}
        return {f"{entry.get('target')}{mark}": _feel(entry.get("source")) for entry, mark in marks.items()}

    def beside(self, event: Element) -> dict[str, Json]:
        """Return what an end says beside what it throws: inputs, what it sets; how data move and extensions as XML."""
        words: dict[str, Json] = {}
        inputs = self._inputs(event)
        if inputs:
            words["with"] = inputs
        outputs = self.outputs(event)
        if outputs:
            words["set"] = dict(outputs)
        left = [one for one in event.extensions() if one.kind != zeebe("ioMapping")]
        extra: list[Json] = [raw_xml(one) for one in (*left, *data_parts(event))]
        if extra:
            words["extra"] = extra
        return words

    def around(self, element: Element, *read: str) -> dict[str, Json]:
        """Return the note of an event or a gateway; as XML its extensions not `read` elsewhere, and how data move."""
        words: dict[str, Json] = {"about": element.documentation} if element.documentation else {}
        left = [one for one in element.extensions() if one.kind not in read]
        extra: list[Json] = [raw_xml(one) for one in (*left, *data_parts(element))]
        return words | ({"extra": extra} if extra else {})

    def _loop(self, element: Element, words: dict[str, Json]) -> None:
        loop = element.child(*LOOP_KINDS)
        if loop is None:
            return
        if loop.kind == "standardLoopCharacteristics":
            repeat: dict[str, Json] = {}
            if loop.text_of("loopCondition"):
                repeat["while"] = _feel(loop.text_of("loopCondition"))
            if loop.get("loopMaximum").isdecimal() and int(loop.get("loopMaximum")[:9]):
                repeat["max"] = int(loop.get("loopMaximum")[:9])
            if loop.is_true("testBefore"):
                repeat["test_first"] = True
            words["repeat"] = repeat
            return
        each: dict[str, Json] = {}
        given = loop.extension(zeebe("loopCharacteristics"))
        if given is not None:
            for attribute, key in _LOOP_WORDS.items():
                text = given.get(attribute)
                if text:
                    each[key] = text if key in ("item", "collect") else _feel(text)
        if loop.text_of("loopCardinality"):
            each["times"] = loop.text_of("loopCardinality").removeprefix("=").strip()
        if loop.is_true("isSequential"):
            each["sequential"] = True
        if loop.text_of("completionCondition"):
            each["until"] = _feel(loop.text_of("completionCondition"))
        words["each"] = each

    def _unread(self, element: Element, found: Recalled) -> list[Element]:
        read = {
            zeebe("ioMapping"),
            *_READ.get(found.kind, ()),
        }
        left = [extension for extension in element.extensions() if extension.kind not in read]
        form = element.extension(zeebe("formDefinition"))
        if form is not None and not form.get("formId"):
            left.append(form)
        return left


def checks_of(holder: Element) -> list[Mapping[str, Json]]:
    """Return the conditions over what a start or an answer brings."""
    return [
        {
            "that": entry.text.removeprefix("=").strip(),
            "message": entry.get("message"),
            "path": entry.get("path"),
        }
        for entry in holder.extensions(fm("check"))
        if entry.text
    ]


def _is_plain_loop(loop: Element) -> bool:
    """Return whether a loop says nothing that the outline has no word for, and says it in FEEL."""
    if not set(loop.attributes()) <= _OF_LOOPS or not {one.kind for one in loop.children()} <= _IN_LOOPS:
        return False
    texts = {kind: loop.text_of(kind) for kind in _LOOP_EXPRESSIONS}
    return all(
        not text or text.startswith("=") or (kind == "loopCardinality" and text.isdecimal())
        for kind, text in texts.items()
    )


def _feel(text: str) -> str:
    text = text.strip()
    return text.removeprefix("=").strip() if text.startswith("=") else literal(text)


_LOOP_EXPRESSIONS = ("loopCardinality", "completionCondition", "loopCondition")
_OF_LOOPS = {"id", "isSequential", "testBefore", "loopMaximum"}
_IN_LOOPS = {"documentation", "extensionElements", *_LOOP_EXPRESSIONS}
_LOOP_WORDS = {
    "inputElement": "item",
    "inputCollection": "in",
    "outputCollection": "collect",
    "outputElement": "from",
}
_OF_WAITS = {"id", "name", "messageRef", "default"}
_JOB = (zeebe("taskDefinition"), zeebe("taskHeaders"), fm("retry"))
_READ: dict[str, tuple[str, ...]] = {
    "ask": (
        zeebe("userTask"),
        zeebe("assignmentDefinition"),
        zeebe("taskSchedule"),
        zeebe("priorityDefinition"),
        zeebe("formDefinition"),
        fm("exclude"),
        fm("deadline"),
        fm("check"),
    ),
    "call": _JOB,
    "agent": (*_JOB, fm("agent")),
    "send": _JOB,
    "rule": (zeebe("calledDecision"),),
    "set": (zeebe("script"),),
    "run": (zeebe("calledElement"),),
}
_KINDS: dict[str, Callable[[WordReader, Element], Recalled | None]] = {
    "userTask": WordReader._ask,
    "serviceTask": WordReader._service,
    "businessRuleTask": WordReader._rule,
    "scriptTask": WordReader._set,
    "callActivity": WordReader._run,
    "sendTask": WordReader._send,
    "intermediateCatchEvent": WordReader._wait,
    "receiveTask": WordReader._receive,
    "intermediateThrowEvent": WordReader._throw,
    "subProcess": WordReader._group,
    "transaction": WordReader._group,
}
