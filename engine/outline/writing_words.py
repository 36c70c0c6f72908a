"""Writes what a step says onto its BPMN element: one function per word, each replacing what stood there before.

Edits set single words with the same functions; `None` takes the word away.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import LOOP_KINDS, fm, zeebe
from flowmaster.engine.outline.json_text import json_text
from flowmaster.engine.outline.values import is_name
from flowmaster.engine.outline.writing_events import add_expression
from flowmaster.engine.values import Json

StepId = Callable[[str], str]
RESULT = "result"
"""The variable that holds several assigned values until the output mappings spread them."""


class WordWriter:
    """Writes words into one document; `step_id` turns a step's name into its id."""

    def __init__(self, document: BpmnDocument, step_id: StepId) -> None:
        self.document = document
        self._step_id = step_id

    def write(self, element: Element, word: str, value: Json) -> None:
        """Write one word in its normal form, or take it away with None."""
        _WRITERS[word](self, element, value)

    # What stands behind the kind

    def main(self, element: Element, kind: str, main: Json, words: Mapping[str, Json]) -> None:
        """Write what stands behind the kind's word."""
        match kind:
            case "ask":
                replace(element, zeebe("userTask"), {})
                self.performer(element, main)
            case "call":
                self.job(element, str(main), words)
            case "agent":
                self.job(element, str(words.get("type") or "agent"), words)
                self.agent(element, str(main), words)
            case "rule":
                self.decision(element, str(main), words)
            case "set":
                self.assignments(element, main)
            case "run":
                self.called(element, str(main), words)
            case _:
                pass

    def performer(self, element: Element, main: Json) -> None:
        """Write who does a task."""
        assert isinstance(main, Mapping)
        roles, people = main.get("roles"), main.get("people")
        replace(
            element,
            zeebe("assignmentDefinition"),
            {
                "assignee": str(main["person"]) if main.get("person") else None,
                "candidateGroups": _joined(roles),
                "candidateUsers": _joined(people),
            },
        )

    def job(self, element: Element, type_: str, words: Mapping[str, Json]) -> None:
        """Write the job type with its tries."""
        retry = words.get("retry")
        times = str(retry["times"]) if isinstance(retry, Mapping) else None
        replace(element, zeebe("taskDefinition"), {"type": type_, "retries": times})

    def through(self, element: Element, words: Mapping[str, Json]) -> None:
        """Write by which outside service a message goes out; without one it goes out by itself."""
        if words.get("via"):
            self.job(element, str(words["via"]), words)
        else:
            replace(element, zeebe("taskDefinition"), None)

    def agent(self, element: Element, instruction: str, words: Mapping[str, Json]) -> None:
        """Write what a model is to do, and with what."""
        tools = words.get("tools")
        replace(
            element,
            fm("agent"),
            {
                "instruction": instruction,
                "tools": _joined(tools),
                "model": str(words["model"]) if words.get("model") else None,
            },
        )

    def decision(self, element: Element, decision: str, words: Mapping[str, Json]) -> None:
        """Write which rule decides and where its answer goes."""
        version = words.get("version")
        replace(
            element,
            zeebe("calledDecision"),
            {
                "decisionId": decision,
                "resultVariable": str(words.get("result") or RESULT),
                "bindingType": "versionTag" if version else None,
                "versionTag": str(version) if version else None,
            },
        )

    def called(self, element: Element, process: str, words: Mapping[str, Json]) -> None:
        """Write which process is run and which variables pass."""
        version, to_child = words.get("version"), words.get("pass_all")
        back = words.get("return_all")
        back = "into" not in words if back is None else back
        replace(
            element,
            zeebe("calledElement"),
            {
                "processId": process,
                "propagateAllParentVariables": None if to_child is None else _flag(to_child),
                "propagateAllChildVariables": _flag(back),
                "bindingType": "versionTag" if version else None,
                "versionTag": str(version) if version else None,
            },
        )

    def assignments(self, element: Element, main: Json) -> None:
        """Write what is computed: one value into its variable, several through a context and output mappings."""
        assert isinstance(main, Mapping)
        if len(main) == 1 and all(is_name(name) for name in main):
            ((name, source),) = main.items()
            self._gather(element)
            replace(element, zeebe("script"), {"expression": f"={source}", "resultVariable": name})
            return
        keys = {name: name.replace(".", "_") for name in main}
        context = ", ".join(f"{keys[name]}: {source}" for name, source in main.items())
        replace(element, zeebe("script"), {"expression": f"={{{context}}}", "resultVariable": RESULT})
        self.outputs(element, {name: f"{RESULT}.{key}" for name, key in keys.items()})

    def _gather(self, element: Element) -> None:
        """Take away the output mappings that spread several values, since there is one value now."""
        holder = element.extension(zeebe("ioMapping"))
        spread = holder.children(zeebe("output")) if holder is not None else []
        if spread and all(one.get("source").startswith(f"={RESULT}.") for one in spread):
            self.outputs(element, None)

    # Words

    def inputs(self, element: Element, value: Json) -> None:
        """Write `with`."""
        self._mappings(element, "input", value)

    def outputs(self, element: Element, value: Json) -> None:
        """Write `into`; the answer of a job has to hold what stands there without a question mark."""
        self._mappings(element, "output", value)

    def _mappings(self, element: Element, kind: str, value: Json) -> None:
        holder = element.extension(zeebe("ioMapping"))
        given = value if isinstance(value, Mapping) else {}
        other = "output" if kind == "input" else "input"
        kept = holder.children(zeebe(other)) if holder is not None else []
        if not given and not kept:
            if holder is not None:
                remove_extension(element, holder)
            return
        holder = holder or element.add_extension(zeebe("ioMapping"))
        for old in holder.children(zeebe(kind)):
            old.remove()
        is_answer = kind == "output" and element.extension(zeebe("taskDefinition")) is not None
        for target, source in given.items():
            required = "true" if is_answer and not target.endswith("?") else None
            attributes = {
                "source": f"={source}",
                "target": target.removesuffix("?"),
                fm("required"): required,
            }
            holder.add(zeebe(kind), attributes)
        if kind == "input":  # Inputs stand before outputs.
            for later in kept:
                later.move_to(holder)

    def about(self, element: Element, value: Json) -> None:
        """Write the documentation."""
        for old in element.children("documentation"):
            old.remove()
        if value:
            element.add("documentation", text=str(value))

    def title(self, element: Element, value: Json) -> None:
        """Write the label."""
        element.set("name", str(value) if value else None)

    def exclusions(self, element: Element, value: Json) -> None:
        """Write who may not do a task."""
        for old in element.extensions(fm("exclude")):
            remove_extension(element, old)
        for entry in _texts(value):
            if entry.startswith("="):
                element.add_extension(fm("exclude"), {"person": entry})
            else:
                element.add_extension(fm("exclude"), {"step": self._step_id(entry)})

    def reminders(self, element: Element, value: Json) -> None:
        """Write when a person is reminded."""
        _drop_deadlines(element, "remind")
        for after in _texts(value):
            element.add_extension(fm("deadline"), {"after": after, "action": "remind"})

    def escalations(self, element: Element, value: Json) -> None:
        """Write when a task goes to another role."""
        _drop_deadlines(element, "escalate")
        for entry in value if isinstance(value, Sequence) and not isinstance(value, str) else ():
            assert isinstance(entry, Sequence)
            element.add_extension(
                fm("deadline"), {"after": str(entry[0]), "action": "escalate", "to": str(entry[1])}
            )

    def due(self, element: Element, value: Json) -> None:
        """Write by when a task should be done."""
        _attribute(element, zeebe("taskSchedule"), "dueDate", _moment(value))

    def follow_up(self, element: Element, value: Json) -> None:
        """Write when a task should be looked at again."""
        _attribute(element, zeebe("taskSchedule"), "followUpDate", _moment(value))

    def priority(self, element: Element, value: Json) -> None:
        """Write how urgent a task is."""
        _attribute(element, zeebe("priorityDefinition"), "priority", None if value is None else str(value))

    def form(self, element: Element, value: Json) -> None:
        """Write which form a person fills in; a form of the step's own is kept in the process."""
        if not isinstance(value, Mapping):
            replace(element, zeebe("formDefinition"), None)
            return
        if isinstance(value.get("id"), str):
            replace(element, zeebe("formDefinition"), {"formId": str(value["id"])})
            return
        identifier = own_form(element)
        process = self.document.process_of(element)
        assert process is not None
        put_form(process, identifier, value["schema"])
        replace(element, zeebe("formDefinition"), {"formId": identifier})

    def checks(self, element: Element, value: Json) -> None:
        """Write what must hold of a person's answer."""
        for old in element.extensions(fm("check")):
            remove_extension(element, old)
        listed = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
        add_checks(element, [one for one in listed if isinstance(one, Mapping)])

    def retry(self, element: Element, value: Json) -> None:
        """Write how often and after what wait a failed job is tried again."""
        definition = element.extension(zeebe("taskDefinition"))
        given = value if isinstance(value, Mapping) else {}
        if definition is not None:
            definition.set("retries", str(given["times"]) if given else None)
        wait = str(given["wait"]) if given.get("wait") else None
        replace(element, fm("retry"), {"wait": wait} if wait else None)

    def missed(self, element: Element, value: Json) -> None:
        """Write what a start does about times that passed while no server ran."""
        replace(element, fm("missed"), {"run": str(value)} if value else None)

    def headers(self, element: Element, value: Json) -> None:
        """Write the fixed texts that go with a job."""
        holder = replace(element, zeebe("taskHeaders"), {} if value else None)
        if holder is not None and isinstance(value, Mapping):
            for key, text in value.items():
                holder.add(zeebe("header"), {"key": key, "value": str(text)})

    def each(self, element: Element, value: Json) -> None:
        """Write the loop over a list."""
        _drop_loop(element)
        if not isinstance(value, Mapping):
            return
        loop = element.add(
            "multiInstanceLoopCharacteristics", {"isSequential": "true" if value.get("sequential") else None}
        )
        loop.add_extension(
            zeebe("loopCharacteristics"),
            {
                "inputCollection": _expression(value.get("in")),
                "inputElement": _plain(value.get("item")),
                "outputCollection": _plain(value.get("collect")),
                "outputElement": _expression(value.get("from")),
            },
        )
        if value.get("times"):
            add_expression(loop, "loopCardinality", f"={value['times']}")
        if value.get("until"):
            add_expression(loop, "completionCondition", f"={value['until']}")

    def repeat(self, element: Element, value: Json) -> None:
        """Write the repetition under a condition."""
        _drop_loop(element)
        if not isinstance(value, Mapping):
            return
        most = value.get("max")
        loop = element.add(
            "standardLoopCharacteristics",
            {
                "testBefore": "true" if value.get("test_first") else None,
                "loopMaximum": None if most is None else str(most),
            },
        )
        if value.get("while"):
            add_expression(loop, "loopCondition", f"={value['while']}")

    def extra(self, element: Element, value: Json) -> None:
        """Add what the outline has no words for: foreign XML as extensions, BPMN's own as children."""
        for xml in _texts(value):
            add_raw(element, xml)

    def nothing(self, element: Element, value: Json) -> None:
        """Leave out a word that its kind writes itself."""


def add_raw(element: Element, xml: str) -> None:
    """Add XML to an element: BPMN's own as a child, anything else as an extension."""
    added = element.add_xml(xml)
    if not added.is_bpmn:
        added.move_to(element.child("extensionElements") or element.add("extensionElements"))


def own_form(element: Element) -> str:
    """Return the id of the form that belongs to one step alone."""
    return f"{element.id}_form"


def put_form(process: Element, identifier: str, form: Json) -> None:
    """Keep a form in the process, in place of the one of the same id."""
    for found in process.extensions(zeebe("userTaskForm")):
        if found.get("id") == identifier:
            found.set_text(json_text(form))
            return
    process.add_extension(zeebe("userTaskForm"), {"id": identifier}, text=json_text(form))


def replace(element: Element, name: str, attributes: Mapping[str, str | None] | None) -> Element | None:
    """Set the given attributes of an extension element, made where it is missing; None removes it."""
    found = element.extension(name)
    if attributes is None:
        if found is not None:
            remove_extension(element, found)
        return None
    if found is None:
        return element.add_extension(name, attributes)
    for child in found.children():
        child.remove()
    for attribute, text in attributes.items():
        found.set(attribute, text)
    return found


def remove_extension(element: Element, extension: Element) -> None:
    """Remove an extension element, and what held it once nothing else is inside."""
    extension.remove()
    for holder in element.children("extensionElements"):
        if not holder.children():
            holder.remove()


def add_checks(holder: Element, checks: Iterable[Mapping[str, Json]]) -> None:
    """Write conditions over what a start or an answer brings."""
    for check in checks:
        said = {"message": str(check["message"]), "path": str(check["path"]) or None}
        holder.add_extension(fm("check"), said, text=f"={check['that']}")


def _attribute(element: Element, name: str, attribute: str, value: str | None) -> None:
    found = element.extension(name)
    if found is None:
        if value is not None:
            element.add_extension(name, {attribute: value})
        return
    found.set(attribute, value)
    if not found.attributes():
        remove_extension(element, found)


def _drop_deadlines(element: Element, action: str) -> None:
    for old in element.extensions(fm("deadline")):
        if old.get("action") == action:
            remove_extension(element, old)


def _drop_loop(element: Element) -> None:
    for old in element.children(*LOOP_KINDS):
        old.remove()


def _moment(value: Json) -> str | None:
    if value is None:
        return None
    text = str(value)  # FEEL knows no calendars, and other engines no bare durations.
    return f'=now() + duration("{text}")' if text.startswith("P") and "@" not in text else text


def _joined(value: Json) -> str | None:
    return ", ".join(_texts(value)) or None


def _texts(value: Json) -> list[str]:
    return [str(entry) for entry in value] if isinstance(value, Sequence) else []


def _expression(value: Json) -> str | None:
    return f"={value}" if value else None


def _plain(value: Json) -> str | None:
    return str(value) if value else None


def _flag(value: Json) -> str:
    return "true" if value else "false"


_WRITERS: dict[str, Callable[[WordWriter, Element, Json], None]] = {
    "with": WordWriter.inputs,
    "into": WordWriter.outputs,
    "outputs": WordWriter.outputs,
    "set": WordWriter.outputs,
    "about": WordWriter.about,
    "title": WordWriter.title,
    "not": WordWriter.exclusions,
    "remind": WordWriter.reminders,
    "escalate": WordWriter.escalations,
    "due": WordWriter.due,
    "follow_up": WordWriter.follow_up,
    "priority": WordWriter.priority,
    "form": WordWriter.form,
    "checks": WordWriter.checks,
    "retry": WordWriter.retry,
    "headers": WordWriter.headers,
    "each": WordWriter.each,
    "repeat": WordWriter.repeat,
    "missed": WordWriter.missed,
    "extra": WordWriter.extra,
    **dict.fromkeys(
        (
            "id",
            "when",
            "result",
            "lane",
            "tools",
            "model",
            "type",
            "version",
            "key",
            "via",
            "pass_all",
            "return_all",
            "transaction",
        ),
        WordWriter.nothing,
    ),
}
WORDS_IN_ORDER = tuple(_WRITERS)
"""The order in which words are written, so that the same outline always gives the same file."""
