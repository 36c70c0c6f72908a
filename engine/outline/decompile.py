"""Shows any BPMN document as an outline: the way back from `compile_outline`."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.identifiers import id_from_name
from flowmaster.engine.bpmn.vocabulary import INTERNAL, ROLE_KINDS, fm, zeebe
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.outline.ids import assign_ids, assign_lanes, wish_of
from flowmaster.engine.outline.json_text import json_value
from flowmaster.engine.outline.labels import start_label
from flowmaster.engine.outline.leftovers import definitions_of, ids_in
from flowmaster.engine.outline.nodes import (
    Case,
    DataItem,
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
    in_scope,
)
from flowmaster.engine.outline.plain import Plain, plain_outline
from flowmaster.engine.outline.raw import raw_event, raw_xml
from flowmaster.engine.outline.recalling_events import trigger_or_xml
from flowmaster.engine.outline.recalling_words import WordReader, checks_of
from flowmaster.engine.outline.results import RESULT, declared_result, without_result
from flowmaster.engine.outline.scopes import name_key
from flowmaster.engine.outline.splitting import with_own_ends, with_plain_splits
from flowmaster.engine.outline.structure import Bare, Structurer
from flowmaster.engine.outline.vocabulary import BLOCKS, KINDS, START
from flowmaster.engine.outline.ways import Ways
from flowmaster.engine.timers import MISSED
from flowmaster.engine.values import Json

_NUMBERED = re.compile(r"_\d+\Z")
_DERIVED_END = re.compile(r"(?:end(?:_\d+)?)?\Z")
_READ_AT_START = (zeebe("ioMapping"), zeebe("formDefinition"), fm("missed"))
_READ_AT_PROCESS = frozenset(
    (
        *map(fm, ("role", "tool", "calendar", "data", "check", "scenarios", "always", "never")),
        RESULT,
        zeebe("userTaskForm"),
        zeebe("versionTag"),
    )
)
ROUNDS_MAX = 8
"""How often ids and lanes are compared with the derived ones; each round settles what the last one shifted."""


def decompile(document: BpmnDocument, process: str = "") -> Plain:
    """Return the outline of a process of the document, of its first executable one by default."""
    return plain_outline(outline_of(document, process))


def outline_of(document: BpmnDocument, process: str = "") -> Outline:
    """Return a process as an outline in which only ids and lanes stand that do not follow from the rest."""
    identifier = _process(document, process).id
    document = with_plain_splits(document, identifier)
    bare = Bare()
    while True:
        known, ends = bare.size, len(bare.ends)
        outline = _outline_of(document, document.element(identifier), bare)
        if bare.size == known:
            return outline
        if len(bare.ends) > ends:  # Blocks are found anew once each way has its own end.
            document = with_own_ends(document, bare.ends)
            bare.joins.clear()


def _outline_of(document: BpmnDocument, element: Element, bare: Bare) -> Outline:
    """Return a process as an outline; what stands where an outline cannot have it is noted in `bare`."""
    roles, lane_roles = _roles(document, element)
    words = WordReader(document, element, lambda node: _lane_role(document, node, lane_roles))
    names = _names(document, element)
    structurer = Structurer(document, element, words, names, bare)
    starts = [node for node in structurer.ways.nodes.values() if node.kind == "startEvent"]
    first = [target for start in starts if (target := structurer.ways.next(start.id))]
    steps = structurer.whole(first) if starts else structurer.unstarted()
    main = first[0] if first else ""
    events = structurer.events()
    outline = Outline(
        process=element.id,
        name=element.name,
        about=element.documentation,
        version_tag=_version_tag(element),
        tool=_tool(element),
        roles=roles,
        role_kinds=_role_kinds(element),
        calendars={one.name: json_value(one.text) for one in element.extensions(fm("calendar"))},
        data=_data(element),
        checks=tuple(checks_of(element)),
        starts=tuple(_start(document, words, structurer, start, main, names) for start in starts),
        steps=steps,
        events=events,
        forms={
            name: form
            for name, form in words.forms.items()
            if name not in words.own_forms and form is not None
        },
        scenarios=_scenarios(element),
        always=laws(element, "always"),
        never=laws(element, "never"),
        raw=(*_unread(element), *structurer.raw),
    )
    outline = replace(outline, raw=(*definitions_of(document, outline), *outline.raw))
    outline = _with_when(_without_plain_end(outline, structurer.jumped))
    actual = {node.at: role for node in in_scope(steps) if (role := _role_at(document, node, lane_roles))}
    outline = replace(outline, lanes=bool(document.lanes(element)) or not roles)
    if outline.lanes:
        outline = _with_lanes(outline, actual)
    elif not assign_lanes(replace(outline, lanes=True)):
        outline = replace(outline, lanes=True)
    return without_result(_without_derived_ids(outline, structurer.jumped), declared_result(element))


def _unread(process: Element) -> Iterator[str]:
    """Yield the extensions of a process that an outline has no words for, as XML."""
    for one in process.extensions():
        if one.kind not in _READ_AT_PROCESS:
            yield raw_xml(one)


def _process(document: BpmnDocument, wanted: str) -> Element:
    processes = document.processes
    if wanted:
        found = next((one for one in processes if one.id == wanted), None)
    else:
        executable = [one for one in processes if one.is_true("isExecutable")]
        found = next(iter([*executable, *processes]), None)
    if found is None:
        raise FlowMasterError(
            "process.unknown",
            f"The file holds no process {wanted!r}." if wanted else "The file holds no process.",
            path="process",
            expected=[one.id for one in processes],
            status=404,
        )
    return found


def _in_order(document: BpmnDocument, scope: Element) -> Iterator[Element]:
    """Yield the flow nodes at any depth in the order of their flows."""
    unnamed = [node for node in document.flow_nodes(scope) if not node.id]
    for node in [*Ways(document, scope, ()).in_order(), *unnamed]:
        yield node
        yield from _in_order(document, node)


def _names(document: BpmnDocument, process: Element) -> dict[str, str]:
    """Return the name of every node: its label where no other has it, else its id."""
    taken: set[str] = set()
    names: dict[str, str] = {}
    reserved = {*KINDS, *BLOCKS, "name", "step"}
    for node in _in_order(document, process):
        if node.kind not in ("startEvent", "endEvent", "boundaryEvent"):
            label = "" if node.kind.endswith("Gateway") else node.title
            if not label or name_key(label) in taken or label in reserved:
                label = _free(node.id or "step", taken, reserved)
            names[node.id] = label
            taken.add(name_key(label))
        else:
            names[node.id] = node.id
    return names


def _free(name: str, taken: set[str], reserved: set[str]) -> str:
    number, label = 1, name
    while name_key(label) in taken or label in reserved:
        number += 1
        label = f"{name} {number}"
    return label


# The head


def _roles(document: BpmnDocument, process: Element) -> tuple[dict[str, str], dict[str, str]]:
    """Return the roles by id, and the role of each lane by the lane's id."""
    roles = {
        (role.get("id") or role.name): role.name or role.get("id")
        for role in process.extensions(fm("role"))
        if role.get("id") or role.name
    }
    by_name = {name_key(name): role for role, name in roles.items()}
    lane_roles: dict[str, str] = {}
    for lane in document.lanes(process):
        known = lane.id.removeprefix("lane_")
        role = known if known in roles else by_name.get(name_key(lane.title), "")
        if not role:
            role = id_from_name(lane.title, roles, "lane")
            roles[role] = lane.title
        lane_roles[lane.id] = role
    for node in process.descendants("userTask"):
        given = node.extension(zeebe("assignmentDefinition"))
        groups = given.get("candidateGroups") if given is not None else ""
        for group in groups.split(",") if groups and not groups.startswith("=") else ():
            if group.strip():
                roles.setdefault(group.strip(), group.strip())
        for deadline in node.extensions(fm("deadline")):
            to = deadline.get("to")
            if to and not to.startswith("="):
                roles.setdefault(to, to)
    return roles, lane_roles


def _role_kinds(process: Element) -> dict[str, str]:
    """Return what roles stand for, where they say it in a word that the outline has."""
    return {
        role.get("id") or role.name: role.get("kind")
        for role in process.extensions(fm("role"))
        if (role.get("id") or role.name) and role.get("kind") in ROLE_KINDS and role.get("kind") != INTERNAL
    }


def _lane_role(document: BpmnDocument, node: Element, lane_roles: Mapping[str, str]) -> str:
    lane = document.lane_of(node)
    return lane_roles.get(lane.id, "") if lane is not None else ""


def _role_at(document: BpmnDocument, node: Node, lane_roles: Mapping[str, str]) -> str:
    if not isinstance(node, Step):
        return ""
    element = document.find(node.id)
    return _lane_role(document, element, lane_roles) if element is not None else ""


def _version_tag(process: Element) -> str:
    tag = process.extension(zeebe("versionTag"))
    return tag.get("value") if tag is not None else ""


def _tool(process: Element) -> tuple[str, str] | None:
    tool = process.extension(fm("tool"))
    return None if tool is None else (tool.get("name"), tool.text.strip())


def _data(process: Element) -> tuple[DataItem, ...]:
    items = []
    for entry in process.extensions(fm("data")):
        schema = json_value(entry.text) if entry.text else {}
        if entry.name and isinstance(schema, Mapping):
            required = entry.is_true("required")
            items.append(DataItem(entry.name, schema, entry.is_true("input", required), required))
    return tuple(items)


def _scenarios(process: Element) -> tuple[Mapping[str, Json], ...]:
    listed: list[Mapping[str, Json]] = []
    for holder in process.extensions(fm("scenarios")):
        found = json_value(holder.text) if holder.text else []
        listed += [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []
    return tuple(listed)


def laws(process: Element, word: str) -> dict[str, str]:
    """Return the conditions that hold in every case, or in none, by their names."""
    return {
        holder.name: holder.text.strip().removeprefix("=")
        for holder in process.extensions(fm(word))
        if holder.name
    }


def _start(
    document: BpmnDocument,
    reader: WordReader,
    structurer: Structurer,
    element: Element,
    main: str,
    names: Mapping[str, str],
) -> Start:
    target = structurer.ways.next(element.id)
    words: dict[str, Json] = {}
    outputs = reader.outputs(element)
    if outputs:
        words["into"] = dict(outputs)
    reader.form(element, words)
    missed = element.extension(fm("missed"))
    if missed is not None and missed.get("run") in MISSED:
        words["missed"] = missed.get("run")
    words |= reader.around(element, *_READ_AT_START)
    goto = names.get(target, "") if target != main else ""
    if goto:
        structurer.jumped.add(target)
    trigger = trigger_or_xml(document, element)
    if trigger.kind and trigger.kind not in START:  # Time that passes before anything began has no word.
        trigger = Trigger("bpmn", raw_event(element))
    start = Start(element.id, trigger, "", goto, element.id, words)
    title = element.title if element.name else ""
    return start if title == start_label(start) else replace(start, name=title)


# What follows from the rest


def _without_plain_end(outline: Outline, jumped: set[str]) -> Outline:
    """Leave out the last end where it says nothing and would be made anyway, unless something else leads to it."""
    last = outline.steps[-1] if outline.steps else None
    if not isinstance(last, End) or last.name or last.trigger != Trigger() or last.words:
        return outline
    alone = len(outline.steps) == 1 and outline.raw
    made_anyway = _DERIVED_END.match(last.id) and last.id not in jumped and not alone
    return replace(outline, steps=outline.steps[:-1]) if made_anyway else outline


def _with_when(outline: Outline) -> Outline:
    """Turn decisions that only guard one step into its `when`, where their id says that they were made so."""
    guarded: dict[str, str] = {}

    def guard(node: Node) -> Node:
        if not isinstance(node, Decision) or len(node.cases) != 2 or node.kind != "choose":
            return node
        first, other = node.cases
        step = first.steps[0] if len(first.steps) == 1 else None
        if not isinstance(step, Step) or other.steps or other.condition or step.when:
            return node
        if node.id != f"when_{step.id}" or node.name:
            return node
        guarded[node.at] = step.name
        return replace(step, words={**step.words, "when": first.condition})

    def lead(node: Node) -> Node:
        return replace(node, to=guarded.get(node.to, node.to)) if isinstance(node, Jump) else node

    outline = _mapped(outline, guard, _same)
    outline = _mapped(outline, lead, _same)
    starts = tuple(replace(start, goto=guarded.get(start.goto, start.goto)) for start in outline.starts)
    return replace(outline, starts=starts)


def _same(handler: Handler) -> Handler:
    return handler


def _with_lanes(outline: Outline, actual: Mapping[str, str]) -> Outline:
    """Let steps say their lane that would not stand there by themselves; each says it once, which may move others."""
    left = dict(actual)
    while wrong := _misplaced(outline, left):

        def place(node: Node, wrong: Mapping[str, str] = wrong) -> Node:
            if isinstance(node, Step) and node.at in wrong:
                return replace(node, words={**node.words, "lane": wrong[node.at]})
            return node

        outline = _mapped(outline, place, _same)
        for at in wrong:
            del left[at]
    return outline


def _misplaced(outline: Outline, actual: Mapping[str, str]) -> dict[str, str]:
    derived = assign_lanes(outline)
    return {at: role for at, role in actual.items() if derived.get(at, role) != role}


def _without_derived_ids(outline: Outline, jumped: set[str]) -> Outline:
    """Leave out every id that the outline's names give anyway; decisions that are jumped to keep theirs.

    Ends of one name are told apart by a number only, which need not be the same in another file.
    """
    actual = _ids(outline)
    steps = {node.at for node in _all_nodes(outline) if isinstance(node, Step)}
    wishes = {
        node.at: id_from_name(wish_of(node))
        for node in _all_nodes(outline)
        if isinstance(node, Decision | Parallel | End)
    }
    ends = {node.at: wishes[node.at] for node in _all_nodes(outline) if isinstance(node, End)}
    kept = {at for at in actual if at in jumped and at not in steps}
    reserved = ids_in(outline)
    for _ in range(ROUNDS_MAX):
        found = _only_ids(outline, kept, actual)
        derived = assign_ids(found, reserved)
        wrong = {at for at, identifier in actual.items() if derived.get(at) != identifier} - kept
        wrong -= {at for at in wrong if ends.get(at) in (actual[at], _NUMBERED.sub("", actual[at]))}
        if not wrong:
            return found
        kept |= wrong & steps or _first_of_each(wrong, derived, wishes)
    kept |= wrong
    return _only_ids(outline, kept, actual)


def _first_of_each(wrong: set[str], derived: Mapping[str, str], wishes: Mapping[str, str]) -> set[str]:
    """Return the first of those that are numbered through, since the others follow from it."""
    found: dict[str, str] = {}
    for at, identifier in derived.items():
        if at in wrong:
            found.setdefault(wishes.get(at) or _NUMBERED.sub("", identifier), at)
    return set(found.values())


def _all_nodes(outline: Outline) -> list[Node]:
    found = list(everywhere(outline.steps))
    for handler in outline.events:
        found += everywhere(handler.steps)
    return found


def _ids(outline: Outline) -> dict[str, str]:
    found = {start.at: start.id for start in outline.starts if start.id}

    def note(node: Node) -> Node:
        if isinstance(node, Step | Decision | Parallel | End) and node.id:
            found[node.at] = node.id
        return node

    def note_handler(handler: Handler) -> Handler:
        if handler.id:
            found[handler.at] = handler.id
        return handler

    _mapped(outline, note, note_handler)
    return found


def _only_ids(outline: Outline, kept: set[str], actual: Mapping[str, str]) -> Outline:
    def strip(node: Node) -> Node:
        if not isinstance(node, Step | Decision | Parallel | End):
            return node
        stripped = replace(node, id=actual.get(node.at, "") if node.at in kept else "")
        if isinstance(stripped, Decision | Parallel) and stripped.join == f"{actual.get(node.at, '')}_join":
            return replace(stripped, join="")
        return stripped

    def strip_handler(handler: Handler) -> Handler:
        return replace(handler, id=actual.get(handler.at, "") if handler.at in kept else "")

    starts = tuple(
        replace(one, id=actual.get(one.at, "") if one.at in kept else "") for one in outline.starts
    )
    return replace(_mapped(outline, strip, strip_handler), starts=starts)


def _mapped(
    outline: Outline, change: Callable[[Node], Node], handle: Callable[[Handler], Handler]
) -> Outline:
    """Return an outline with every node and handler changed, the inner ones first."""

    def handler(one: Handler) -> Handler:
        return handle(replace(one, steps=listed(one.steps)))

    def single(node: Node) -> Node:
        match node:
            case Step():
                undo = single(node.undo) if node.undo is not None else None
                return change(
                    replace(
                        node,
                        steps=listed(node.steps),
                        handlers=tuple(handler(one) for one in node.handlers),
                        events=tuple(handler(one) for one in node.events),
                        undo=undo if isinstance(undo, Step) else None,
                    )
                )
            case Decision():
                cases = tuple(Case(one.condition, listed(one.steps), one.title) for one in node.cases)
                return change(replace(node, cases=cases))
            case Parallel():
                return change(replace(node, branches=tuple(listed(branch) for branch in node.branches)))
            case _:
                return change(node)

    def listed(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        return tuple(single(node) for node in nodes)

    events = tuple(handler(one) for one in outline.events)
    return replace(outline, steps=listed(outline.steps), events=events)
