"""The views of a process: one model, shown as outline, BPMN, picture, words, table, chart, or list of problems."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from flowmaster.engine.bpmn.mermaid import brackets, quoted
from flowmaster.engine.bpmn.svg import Marks, draw_svg
from flowmaster.engine.bpmn.svg_problems import problem_notes
from flowmaster.engine.bpmn.vocabulary import fm
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.links.deriving import process_links
from flowmaster.engine.model import Constant, Element, Process, UserTask, Value
from flowmaster.engine.outline.decompile import decompile
from flowmaster.engine.outline.text import outline_text
from flowmaster.engine.performers import performers_of
from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.engine.views.dataflow import dataflow
from flowmaster.engine.views.lanes import swimlanes
from flowmaster.engine.views.raci import raci
from flowmaster.engine.views.role import (
    own_steps,
    role_lanes,
    role_words,
    roles_of,
    shown_neighbours,
    steps_of_performer,
)
from flowmaster.engine.views.timeline import timeline_rows
from flowmaster.engine.words.writing import words_of
from flowmaster.runtime.lines import branches_of, line_at
from flowmaster.stores.protocol import Reader
from flowmaster.tools.approvals import approvers
from flowmaster.tools.drafts import KIND, ProcessFile, drafts_of, read_file
from flowmaster.tools.handbook import handbook, part_for
from flowmaster.tools.inputs import signature
from flowmaster.tools.link_views import in_words
from flowmaster.tools.pdf_book import Book
from flowmaster.tools.registry import Call
from flowmaster.tools.signatures import library_of

DRAFTS_SHOWN = 10
BRANCHES_SHOWN = 10

SOURCE = fm("source")
"""The extension that says where an imported step was read."""

VIEWS: TypeAlias = Literal[
    "outline", "bpmn", "svg", "png", "words", "table", "mermaid", "problems", "versions", "links", "raci",
    "swimlanes", "data", "timeline", "pdf",
]  # fmt: skip

NARROWED: tuple[VIEWS, ...] = ("table", "words", "raci", "swimlanes", "pdf")
"""The views that can be narrowed to the steps of a role or of a kind of performer."""


class Shown(NamedTuple):
    """A view, and the JSON Schema of what the process needs to start."""

    content: Json
    inputs: dict[str, Any]


def render(call: Call, view: VIEWS, bpmn: str, process: str, performer: str | None = None) -> Shown:
    """Show a process of a BPMN file in one view; some can be narrowed to what a role or a kind of performer does.

    What is to become a PNG is given as SVG, which still has to be drawn.
    """
    if performer is not None and view not in NARROWED:
        raise FlowMasterError(
            "process.view_unfiltered",
            f"The view `{view}` shows the whole process.",
            path="performer",
            expected=f"view: {', '.join(NARROWED)}",
            fix="Give one of these views with `performer`, or leave `performer` out.",
        )
    reader, tenant = call.app.runtime.reader, call.caller.tenant
    if view == "versions":
        return Shown(_versions(reader, tenant, process), {})
    return _shown(call, read_file(bpmn, call.app.registry, reader, tenant), view, process, performer)


def book_of(call: Call, bpmn: str, process: str, performer: str | None, about: str) -> Book:
    """Return the handbook of a process, or of what concerns one performer of it."""
    file = read_file(bpmn, call.app.registry, call.app.runtime.reader, call.caller.tenant)
    model = file.process(line_at(process).process)

    def view(name: str) -> Json:
        return _shown(call, file, name, process, performer).content

    title = model.name or model.id
    return handbook(title, about, view) if performer is None else part_for(performer, title, about, view)


def _shown(call: Call, file: ProcessFile, view: str, process: str, performer: str | None) -> Shown:
    reader, tenant, process = call.app.runtime.reader, call.caller.tenant, line_at(process).process
    if performer is not None:
        return Shown(_NARROWED[view](file, process, performer), {})
    if view == "data":
        decisions = library_of(reader, tenant, file.reads).decision
        flow = dataflow(file.process(process), decisions)
        return Shown([one.body() for one in flow.variables.values()], {})
    content = _RENDERERS[view](file, process)
    return Shown(content, signature(file.process(process)) if view == "outline" else {})


def _outline(file: ProcessFile, process: str) -> Json:
    return outline_text(decompile(file.document, process))


def _words(file: ProcessFile, process: str) -> Json:
    return words_of(decompile(file.document, process))


def _bpmn(file: ProcessFile, process: str) -> Json:
    return file.document.to_xml()


def _svg(file: ProcessFile, process: str) -> Json:
    """Return the picture, what is wrong marked on it."""
    notes = problem_notes(file.problems[process])
    return draw_svg(file.document, Marks(notes=notes) if notes is not None else None)


def _problems(file: ProcessFile, process: str) -> Json:
    return [problem.body() for problem in file.problems[process]]


def _links(file: ProcessFile, process: str) -> Json:
    return [in_words(link) for link in process_links(file.process(process))]


def _table(file: ProcessFile, process: str) -> Json:
    return [_row(file, process, element) for element in _steps(file.process(process))]


def _raci(file: ProcessFile, process: str) -> Json:
    return [row.body() for row in raci(file.process(process))]


def _swimlanes(file: ProcessFile, process: str) -> Json:
    return swimlanes(file.document, file.process(process))


def _timeline(file: ProcessFile, process: str) -> Json:
    return [*timeline_rows(file.process(process))]


def _own_table(file: ProcessFile, process: str, performer: str) -> Json:
    """Return the rows of own steps, with what they come from and go to where that is in other hands."""
    model = file.process(process)
    rows: list[Json] = []
    for step in own_steps(model, performer):
        row = _row(file, process, step.element)
        if step.comes_from:
            row["comes_from"] = shown_neighbours(model, step.comes_from)
        if step.goes_to:
            row["goes_to"] = shown_neighbours(model, step.goes_to)
        rows.append(row)
    return rows


def _own_words(file: ProcessFile, process: str, performer: str) -> Json:
    return role_words(file.document, file.process(process), performer)


def _own_raci(file: ProcessFile, process: str, performer: str) -> Json:
    model = file.process(process)
    mine = {one.id for one in steps_of_performer(model, performer)}
    name = roles_of(model).get(performer.casefold(), "")
    rows = raci(model)
    return [row.body() for row in rows if row.element.id in mine or any(name in people for people in row[1:])]


def _own_lanes(file: ProcessFile, process: str, performer: str) -> Json:
    return role_lanes(file.process(process), performer)


def _row(file: ProcessFile, key: str, element: Element) -> dict[str, Json]:
    process = file.process(key)
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
    source = _source_of(file, element.id)
    if source:
        row["source"] = source
    return row


def _source_of(file: ProcessFile, element: str) -> dict[str, Json]:
    """Return where an imported step was read: document, place, quote, confidence and rule."""
    found = file.document.find(element)
    given = found.extension(SOURCE) if found is not None else None
    return {**given.attributes()} if given is not None else {}


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
        opening, closing = brackets(element.kind)
        lines.append(f'  {numbers[element.id]}{opening}"{quoted(element.label)}"{closing}')
    for element in _steps(model):
        for flow in element.outgoing:
            label = flow.name or (flow.condition.text if flow.condition else "")
            arrow = f'-->|"{quoted(label)}"|' if label else "-->"
            lines.append(f"  {numbers[element.id]} {arrow} {numbers[flow.target]}")
        if element.host:
            lines.append(f"  {numbers[element.host]} -.- {numbers[element.id]}")
    return "\n".join(lines)


def _steps(process: Process) -> list[Element]:
    return [element for element in process.elements.values() if element.kind != "process"]


def _versions(reader: Reader, tenant: str, process: str) -> Json:
    drafts: list[Json] = [
        {"draft": draft.number, "by": draft.by, "at": iso(draft.at), "note": draft.note}
        for draft in drafts_of(reader, tenant, process)[:DRAFTS_SHOWN]
    ]
    if line_at(process).branch:
        return drafts
    branches: list[Json] = [
        {"branch": row.key, "draft": row.draft, "by": row.updated_by, "at": iso(row.updated)}
        for row in branches_of(reader, tenant, process)[:BRANCHES_SHOWN]
    ]
    approved = approvers(reader, tenant, process)
    moved: dict[int, list[Json]] = {}
    for row in reader.releases(tenant, KIND, process, "tag"):
        moved.setdefault(row.version, []).append(row.name)
    versions: list[Json] = [
        {
            "version": version.version,
            "tag": version.tag,
            "by": version.by,
            "at": iso(version.at),
            "note": version.note,
            **({"approved_by": list[Json](approved[version.version])} if version.version in approved else {}),
            **({"tags": moved[version.version]} if version.version in moved else {}),
        }
        for version in reader.versions(tenant, KIND, process)
    ]
    return branches + drafts + versions


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
    "raci": _raci,
    "swimlanes": _swimlanes,
    "timeline": _timeline,
}

_NARROWED: Mapping[str, Callable[[ProcessFile, str, str], Json]] = {
    "table": _own_table,
    "words": _own_words,
    "raci": _own_raci,
    "swimlanes": _own_lanes,
}
