"""The table of resources: the forms of addresses, and the read-only operation that gives what is there.

It is all there is to read; a door shows it and needs to know nothing more. Where two forms fit an address, the first
one is meant.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from flowmaster.engine.values import Json

FOREVER_MS: Final = 3_600_000
"""How long what never changes may be kept, until a newer server might show it otherwise."""

GUIDE_MS: Final = 300_000

YAML: Final = "application/yaml"
JSON: Final = "application/json"
XML: Final = "application/xml"
SVG: Final = "image/svg+xml"
PNG: Final = "image/png"
PDF: Final = "application/pdf"
TEXT: Final = "text/plain"
MERMAID: Final = "text/vnd.mermaid"


@dataclass(frozen=True)
class Resource:
    """What can be read at addresses of one form.

    Args:
        form: the address, its values in braces.
        name: a short name of the form.
        title: what people call it.
        about: what is read there.
        media_type: of what is read.
        operation: the read-only operation that gives it.
        asked: the arguments of the operation; values of the address stand in braces.
        field: the field of the answer that is read; without one it is the whole answer.
        scope: what has changed when this changed, as the journal names it; without one it never changes.
        fresh_ms: how long what was read may be kept.
        public: whether everybody reads the same.
    """

    form: str
    name: str
    title: str
    about: str
    media_type: str
    operation: str
    asked: Mapping[str, Json]
    field: str = ""
    scope: str = ""
    fresh_ms: int = 0
    public: bool = False

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """The names of the values in the form."""
        return tuple(_VARIABLE.findall(self.form))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What an address of this form looks like."""
        parts = _VARIABLE.split(self.form)
        fixed = [re.escape(part) for part in parts[::2]]
        values = [f"(?P<{name}>{_VERSION if name == 'version' else _VALUE})" for name in parts[1::2]]
        return re.compile("".join(part for pair in zip(fixed, [*values, ""], strict=True) for part in pair))


_VARIABLE = re.compile(r"\{(\w+)\}")
_VALUE = r"[^/]+"
_VERSION = r"[1-9][0-9]{0,8}"

_PROCESS: Final = "process_read"
_RULE: Final = "rule_read"
_DRAFT: Final = "process:{process}"
_DECISION: Final = "decision:{decision}"


def _process(
    view: str, name: str, title: str, about: str, media_type: str, field: str = "content", path: str = ""
) -> tuple[Resource, Resource]:
    """Return a view of the newest draft of a process, and the same of a version."""
    asked: dict[str, Json] = {"process": "{process}", "view": view}
    return (
        Resource(
            f"process://{{process}}{path}",
            name,
            title,
            f"{about}, of the newest draft.",
            media_type,
            _PROCESS,
            asked,
            field,
            _DRAFT,
        ),
        Resource(
            f"process://{{process}}/{{version}}{path}",
            f"{name}-of-version",
            f"{title} of a version",
            f"{about}, of a published version.",
            media_type,
            _PROCESS,
            {**asked, "version": "{version}"},
            field,
            fresh_ms=FOREVER_MS,
        ),
    )


def _instance(
    path: str, name: str, title: str, about: str, media_type: str, detail: list[Json], field: str = ""
) -> Resource:
    asked: dict[str, Json] = {"instance": "{instance}", "detail": detail}
    if "history" in detail:
        asked["limit"] = 1_000
    form = f"instance://{{instance}}{path}"
    return Resource(form, name, title, about, media_type, "instance_read", asked, field, scope="{instance}")


def _guide(address: str, title: str, about: str, query: str) -> Resource:
    name = address.partition("://")[2]
    asked: dict[str, Json] = {"query": query}
    return Resource(
        address,
        name,
        title,
        about,
        YAML,
        "operation_find",
        asked,
        field="guide",
        fresh_ms=GUIDE_MS,
        public=True,
    )


RESOURCES: Final[tuple[Resource, ...]] = (
    _guide(
        "guide://outline-language",
        "Outline language",
        "The whole language of process outlines on one page, by example.",
        "outline language",
    ),
    _guide(
        "guide://rule-table",
        "Rule table",
        "The whole language of decision tables on one page, by example.",
        "rule table",
    ),
    *_process(
        "outline", "process", "Process", "The process as an outline: steps, roles, data, scenarios", YAML
    ),
    *_process("bpmn", "process-bpmn", "Process as BPMN", "The BPMN 2.0 XML", XML, path="/bpmn"),
    *_process("svg", "process-svg", "Process as SVG", "The diagram as SVG", SVG, path="/diagram.svg"),
    *_process("png", "process-png", "Process as PNG", "The diagram as PNG", PNG, path="/diagram.png"),
    *_process(
        "pdf",
        "process-handbook",
        "Handbook of a process",
        "The process as PDF, to print and to hand on: drawing, words, steps, who does what, data and times",
        PDF,
        path="/handbook.pdf",
    ),
    *_process(
        "swimlanes",
        "process-swimlanes",
        "Process in lanes by role as SVG",
        "The diagram in lanes by who does the steps, as SVG",
        SVG,
        path="/swimlanes.svg",
    ),
    *_process(
        "words",
        "process-words",
        "Process in words",
        "The process in numbered sentences, which `process_create` takes back",
        TEXT,
        path="/words",
    ),
    *_process(
        "mermaid",
        "process-flow-chart",
        "Flow chart of a process",
        "The process as a Mermaid flow chart",
        MERMAID,
        path="/flowchart.mmd",
    ),
    *_process(
        "table",
        "process-table",
        "Steps of a process",
        "The steps as a table: kind, who does it, what comes next",
        JSON,
        field="",
        path="/table",
    ),
    *_process(
        "links",
        "process-links",
        "Links of a process",
        "What the process calls, sends, receives, decides by and shares, in words",
        JSON,
        field="",
        path="/links",
    ),
    *_process(
        "raci",
        "process-raci",
        "RACI matrix of a process",
        "Who does each step, answers for it, is asked and is told, with reasons",
        JSON,
        field="",
        path="/raci",
    ),
    *_process(
        "data",
        "process-data",
        "Data of a process",
        "Which step sets and reads which variable",
        JSON,
        field="",
        path="/data",
    ),
    *_process(
        "timeline",
        "process-timeline",
        "Times of a process",
        "How soon and how late each end and step comes",
        JSON,
        field="",
        path="/timeline",
    ),
    *_process(
        "problems",
        "process-problems",
        "Problems of a process",
        "What is wrong, with ready edits where there are any",
        JSON,
        field="",
        path="/problems",
    ),
    _instance("", "instance", "Instance", "Where an instance stands and what it waits for.", JSON, []),
    _instance(
        "/diagram.svg",
        "instance-svg",
        "Instance as SVG",
        "The diagram with the path taken and where the instance stands, as SVG.",
        SVG,
        ["diagram"],
        field="diagram",
    ),
    _instance(
        "/diagram.png",
        "instance-png",
        "Instance as PNG",
        "The diagram with the path taken and where the instance stands, as PNG.",
        PNG,
        ["picture"],
        field="picture",
    ),
    Resource(
        "instance://{instance}/diagram.pdf",
        "instance-pdf",
        "Instance as PDF",
        "The diagram with the path taken and where the instance stands, as PDF.",
        PDF,
        "instance_draw",
        {"instance": "{instance}", "view": "pdf"},
        "picture",
        scope="{instance}",
    ),
    _instance(
        "/history",
        "instance-history",
        "History of an instance",
        "What happened, oldest first, and why it went that way; the first 1,000 entries.",
        JSON,
        ["history", "why"],
    ),
    Resource(
        "instance://{instance}/timeline",
        "instance-timeline",
        "Course of an instance",
        "What is done, open with since and due, and possible next.",
        JSON,
        "instance_timeline",
        {"instance": "{instance}", "limit": 100},
        scope="{instance}",
    ),
    Resource(
        "task://{instance}/{step}",
        "task",
        "Task",
        "An open task with its form, prefilled values and briefing. The address is task:// and the id of the task.",
        JSON,
        "task_read",
        {"task": "{instance}/{step}", "detail": ["briefing", "comments"]},
        scope="{instance}",
    ),
    Resource(
        "document://{document}",
        "document",
        "Document",
        "A kept document: its fields with confidence and place, or its text.",
        JSON,
        "document_read",
        {"document": "{document}"},
        scope="document:{document}",
    ),
    Resource(
        "rule://{decision}",
        "rule",
        "Rule",
        "A decision as a compact table, of the version in force.",
        JSON,
        _RULE,
        {"decision": "{decision}", "view": "table"},
        scope=_DECISION,
    ),
    Resource(
        "rule://{decision}/{version}",
        "rule-of-version",
        "Rule of a version",
        "A decision as a compact table, of one version.",
        JSON,
        _RULE,
        {"decision": "{decision}", "view": "table", "version": "{version}"},
        fresh_ms=FOREVER_MS,
    ),
    Resource(
        "rule://{decision}/dmn",
        "rule-dmn",
        "Rule as DMN",
        "The DMN XML with its diagram, of the version in force.",
        XML,
        _RULE,
        {"decision": "{decision}", "view": "dmn"},
        "content",
        _DECISION,
    ),
    Resource(
        "rule://{decision}/diagram.svg",
        "rule-svg",
        "Requirements of a rule as SVG",
        "The decision and what it is made of, as SVG.",
        SVG,
        _RULE,
        {"decision": "{decision}", "view": "drd"},
        "content",
        _DECISION,
    ),
)
"""All resources, in the order in which they are shown."""
