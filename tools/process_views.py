"""The views of a process: one model, shown as outline, BPMN, picture, words, table, chart, or list of problems."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.links.deriving import process_links
from flowmaster.engine.model import Constant, Element, Process, UserTask, Value
from flowmaster.engine.outline.decompile import decompile
from flowmaster.engine.outline.text import outline_text
from flowmaster.engine.performers import performers_of
from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.engine.words.writing import words_of
from flowmaster.runtime.lines import branches_of, line_at
from flowmaster.stores.protocol import Reader
from flowmaster.tools.drafts import KIND, ProcessFile, drafts_of, read_file
from flowmaster.tools.inputs import signature
from flowmaster.tools.link_views import in_words
from flowmaster.tools.pictures import picture
from flowmaster.tools.registry import Call

DRAFTS_SHOWN = 10
BRANCHES_SHOWN = 10

VIEWS: TypeAlias = Literal[
    "outline", "bpmn", "svg", "png", "words", "table", "mermaid", "problems", "versions", "links"
]

PERFORMERS: TypeAlias = Literal[
    "internal", "affiliated", "third_party", "machine", "agent", "decision", "sub_process"
]
"""What steps are done by (`engine/performers.py`)."""


class Shown(NamedTuple):
    """A view, and the JSON Schema of what the process needs to start."""

    content: Json
    inputs: dict[str, Any]


def render(call: Call, view: VIEWS, bpmn: str, process: str, performer: PERFORMERS | None = None) -> Shown:
    """Show a process of a BPMN file in one view; the table can be narrowed to what a kind of performer does.

    What is to become a PNG is given as SVG, which still has to be drawn.
    """
    if performer is not None and view != "table":
        raise FlowMasterError(
            "process.view_unfiltered",
            f"The view `{view}` shows the whole process.",
            path="performer",
            expected="view: table",
            fix="Give `view: table` with `performer`, or leave `performer` out.",
        )
    reader, tenant = call.app.runtime.reader, call.caller.tenant
    if view == "versions":
        return Shown(_versions(reader, tenant, process), {})
    process = line_at(process).process
    file = read_file(bpmn, call.app.registry, reader, tenant)
    if performer is not None:
        return Shown(_done_by(file, process, performer), {})
    content = _RENDERERS[view](file, process)
    return Shown(content, signature(file.process(process)) if view == "outline" else {})


def _outline(file: ProcessFile, process: str) -> Json:
    return outline_text(decompile(file.document, process))


def _words(file: ProcessFile, process: str) -> Json:
    return words_of(decompile(file.document, process))


def _bpmn(file: ProcessFile, process: str) -> Json:
    return file.document.to_xml()


def _svg(file: ProcessFile, process: str) -> Json:
    return picture(file.document)


def _problems(file: ProcessFile, process: str) -> Json:
    return [problem.body() for problem in file.problems[process]]


def _links(file: ProcessFile, process: str) -> Json:
    return [in_words(link) for link in process_links(file.process(process))]


def _table(file: ProcessFile, process: str) -> Json:
    return [_row(file.process(process), element) for element in _steps(file.process(process))]


def _done_by(file: ProcessFile, process: str, performer: PERFORMERS) -> Json:
    model = file.process(process)
    return [_row(model, element) for element in _steps(model) if performer in performers_of(model, element)]


def _row(process: Process, element: Element) -> dict[str, Json]:
    row: dict[str, Json] = {"element": element.id, "name": element.label, "kind": element.kind}
    if element.lane:
        row["lane"] = element.lane
    if element.host:
        row["on"] = element.host
    if isinstance(element.details, UserTask) and element.details.roles is not None:
        row["done_by"] = _named(element.details.roles)
    performers = performers_of(process, element)
    if performers:
        row["performer"] = performers[0] if len(performers) == 1 else list(performers)
    row["then"] = [
        _step_after(process, flow.target, flow.condition.text if flow.condition else "")
        for flow in element.outgoing
    ]
    return row


def _named(roles: Value) -> Json:
    """Return the roles that a model names, or the expression that will name them."""
    return roles.content if isinstance(roles, Constant) else f"={roles.text}"


def _step_after(process: Process, target: str, condition: str) -> str:
    return process.elements[target].label + (f" if {condition}" if condition else "")


def _mermaid(file: ProcessFile, process: str) -> Json:
    model = file.process(process)
    numbers = {element.id: f"n{number}" for number, element in enumerate(_steps(model))}
    lines = ["flowchart LR"]
    for element in _steps(model):
        opening, closing = _brackets(element)
        lines.append(f'  {numbers[element.id]}{opening}"{_quoted(element.label)}"{closing}')
    for element in _steps(model):
        for flow in element.outgoing:
            label = flow.name or (flow.condition.text if flow.condition else "")
            arrow = f'-->|"{_quoted(label)}"|' if label else "-->"
            lines.append(f"  {numbers[element.id]} {arrow} {numbers[flow.target]}")
        if element.host:
            lines.append(f"  {numbers[element.host]} -.- {numbers[element.id]}")
    return "\n".join(lines)


def _brackets(element: Element) -> tuple[str, str]:
    if element.kind.endswith("Gateway"):
        return "{", "}"
    if element.kind.endswith("Event"):
        return "((", "))"
    return "[", "]"


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace("\n", " ")


def _steps(process: Process) -> list[Element]:
    return [element for element in process.elements.values() if element.kind != "process"]


def _versions(reader: Reader, tenant: str, process: str) -> Json:
    line = line_at(process)
    drafts: list[Json] = [
        {"draft": draft.number, "by": draft.by, "at": iso(draft.at), "note": draft.note}
        for draft in drafts_of(reader, tenant, process)[:DRAFTS_SHOWN]
    ]
    if line.branch:
        return drafts
    branches: list[Json] = [
        {"branch": row.key, "draft": row.draft, "by": row.updated_by, "at": iso(row.updated)}
        for row in branches_of(reader, tenant, process)[:BRANCHES_SHOWN]
    ]
    return (
        branches
        + drafts
        + [
            {
                "version": version.version,
                "tag": version.tag,
                "by": version.by,
                "at": iso(version.at),
                "note": version.note,
            }
            for version in reader.versions(tenant, KIND, process)
        ]
    )


_RENDERERS: Mapping[str, Callable[[ProcessFile, str], Json]] = {
    "outline": _outline,
    "bpmn": _bpmn,
    "svg": _svg,
    "png": _svg,
    "words": _words,
    "table": _table,
    "mermaid": _mermaid,
    "problems": _problems,
    "links": _links,
}
