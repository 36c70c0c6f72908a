"""Compiles an outline to a BPMN document: executable, with lanes, forms, data and a complete diagram."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from flowmaster.engine.bpmn.computed_times import SCHEMAS, computed_times
from flowmaster.engine.bpmn.document import BpmnDocument, new_document
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.known import known_of
from flowmaster.engine.bpmn.layout import lay_out
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.bpmn.vocabulary import fm, zeebe
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.outline.building import Builder, start_event
from flowmaster.engine.outline.header import read_outline
from flowmaster.engine.outline.ids import assign_ids, assign_lanes, names_of
from flowmaster.engine.outline.json_text import json_text
from flowmaster.engine.outline.leftovers import ROOT_KINDS, ids_in, kind_of
from flowmaster.engine.outline.nodes import DataItem, Outline, Step, everywhere
from flowmaster.engine.outline.problems import OutlineRefused, Problems
from flowmaster.engine.outline.questions import questions_of
from flowmaster.engine.outline.reading import Reading
from flowmaster.engine.outline.results import RESULT, ends_of_groups
from flowmaster.engine.outline.writing_words import add_checks, add_raw, put_form
from flowmaster.engine.values import Json


class Compiled(NamedTuple):
    """What an outline became: the document, the defaults that were taken, and what the outline leaves open."""

    document: BpmnDocument
    outline: Outline
    defaults: tuple[str, ...]
    open_questions: tuple[str, ...]


def compile_outline(value: Json, lines: Mapping[str, int] | None = None, *, picture: bool = True) -> Compiled:
    """Compile a plain object; raise `OutlineRefused` with every problem, and then make nothing.

    `lines` gives the line of each path where the outline was a text; without `picture` there is no diagram data.
    """
    outline, reading = read_outline(value, lines)
    try:
        outline, told = _with_times(outline, reading)
        document = write_outline(outline)
    except FlowMasterError as error:
        problems = Problems(lines)
        problems.add(error.code, "bpmn", error.message, expected=error.expected, fix=error.fix)
        raise OutlineRefused(problems.found) from error
    if picture:
        lay_out(document)
    return Compiled(
        document,
        outline,
        (*reading.defaults, *told, *ends_of_groups(outline)),
        questions_of(outline, reading.questions),
    )


def _with_times(outline: Outline, reading: Reading) -> tuple[Outline, list[str]]:
    """Return an outline that also declares what its steps compute as times, since FEEL would read them as texts.

    An outline that declares no data at all stays without any.
    """
    sets = [node for node in _steps(outline) if node.kind == "set" and isinstance(node.main, Mapping)]
    open_ones = {name for node in sets if isinstance(node.main, Mapping) for name in node.main} - set(
        reading.data
    )
    if not reading.data_given or not open_ones:
        return outline, []
    process = read_processes(write_outline(outline), frozenset())[0].process
    known = known_of(process)
    found = {name: word for name, word in computed_times(process, known).items() if name in open_ones}
    items = tuple(DataItem(name, SCHEMAS[word]) for name, word in found.items())
    told = [
        f"{name!r} is declared as `{word}`, since {process.elements[min(known.writers[name])].label!r} computes one."
        for name, word in found.items()
    ]
    return replace(outline, data=(*outline.data, *items)), told


def _steps(outline: Outline) -> Iterator[Step]:
    for steps in (outline.steps, *(handler.steps for handler in outline.events)):
        yield from (node for node in everywhere(steps) if isinstance(node, Step))


def write_outline(outline: Outline) -> BpmnDocument:
    """Return the document of an outline, without diagram data."""
    document = new_document(outline.process, outline.name)
    process = document.processes[0]
    reserved = ids_in(outline)
    ids = assign_ids(outline, reserved)
    names = names_of(outline.steps, ids)
    for handler in outline.events:
        names.update(names_of(handler.steps, ids))
    builder = Builder(document, ids=ids, lanes=assign_lanes(outline), names=names, reserved=reserved)
    for raw in outline.raw:
        if kind_of(raw) in ROOT_KINDS:
            document.root.add_xml(raw)
    _head(process, outline)
    scope = builder.scope(process)
    starts = [(start_event(builder, process, start), start.goto) for start in outline.starts]
    scope.whole(starts, outline.steps, "end")
    for handler in outline.events:
        scope.event_process(handler)
    for raw in outline.raw:
        if kind_of(raw) not in ROOT_KINDS:
            add_raw(process, raw)
    _note_flows(document, process)
    write_lanes(document, process, outline.roles, builder.lane_of)
    return document


def _head(process: Element, outline: Outline) -> None:
    if outline.about:
        process.add("documentation", text=outline.about)
    if outline.version_tag:
        process.add_extension(zeebe("versionTag"), {"value": outline.version_tag})
    if outline.tool is not None:
        write_tool(process, outline.tool)
    for role, name in outline.roles.items():
        process.add_extension(fm("role"), {"id": role, "name": name, "kind": outline.role_kinds.get(role)})
    for name, given in outline.calendars.items():
        process.add_extension(fm("calendar"), {"name": name}, text=json_text(given))
    for item in outline.data:
        write_data(process, item)
    add_checks(process, outline.checks)
    if outline.result:
        process.add_extension(RESULT, {"variable": outline.result})
    for name, form in outline.forms.items():
        put_form(process, name, form)
    write_laws(process, "always", outline.always)
    write_laws(process, "never", outline.never)
    if outline.scenarios:
        process.add_extension(fm("scenarios"), text=json_text(outline.scenarios))


def write_tool(process: Element, tool: tuple[str, str]) -> None:
    """Let a process be called as a tool of its own."""
    name, about = tool
    process.add_extension(fm("tool"), {"name": name or None}, text=about)


def write_laws(process: Element, word: str, laws: Mapping[str, str]) -> None:
    """Write conditions that hold in every case, or in none."""
    for name, condition in laws.items():
        process.add_extension(fm(word), {"name": name}, text=f"={condition}")


def _note_flows(document: BpmnDocument, process: Element) -> None:
    """Let nodes know of flows that came as XML."""
    for flow in process.children("sequenceFlow"):
        for end, listing in (("sourceRef", "outgoing"), ("targetRef", "incoming")):
            node = document.find(flow.get(end))
            if node is not None and flow.id not in node.texts_of(listing):
                node.add(listing, text=flow.id)


def write_data(process: Element, item: DataItem) -> None:
    """Declare a variable."""
    flags: dict[str, str | None] = {
        "input": "true" if item.input else "false",
        "required": "true" if item.required else None,
    }
    process.add_extension(fm("data"), {"name": item.name, **flags}, text=json_text(item.schema))


def write_lanes(
    document: BpmnDocument, process: Element, roles: Mapping[str, str], lane_of: Mapping[str, str]
) -> None:
    """Put nodes into the lanes of their roles; a process without lanes, which is in no pool, is put into one."""
    if not lane_of:
        return
    lane_set = process.child("laneSet")
    if lane_set is None:
        lane_set = process.add("laneSet", {"id": document.new_id(f"lanes {process.id}")})
        collaboration = document.root.add(
            "collaboration", {"id": document.new_id(f"collaboration {process.id}")}
        )
        collaboration.add(
            "participant",
            {
                "id": document.new_id(f"pool {process.id}"),
                "name": process.name or process.id,
                "processRef": process.id,
            },
        )
    known = {lane.id.removeprefix("lane_"): lane for lane in lane_set.children("lane")}
    for role in [*roles, *lane_of.values()]:
        if role not in known and role in lane_of.values():
            known[role] = lane_set.add(
                "lane", {"id": document.new_id(f"lane {role}", "lane"), "name": roles.get(role, role)}
            )
    for node, role in lane_of.items():
        known[role].add("flowNodeRef", text=node)
