"""The view of one who takes part: only the own steps, and from whom they come and to whom they go."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from flowmaster.engine.bpmn.document import BpmnDocument, new_document
from flowmaster.engine.bpmn.element import Element as Node
from flowmaster.engine.bpmn.layout import lay_out
from flowmaster.engine.bpmn.svg import Marks, draw_svg
from flowmaster.engine.bpmn.svg_notes import Note, Notes
from flowmaster.engine.bpmn.svg_pen import Style
from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.feel.said import said
from flowmaster.engine.model import Element, Process
from flowmaster.engine.outline.decompile import outline_of
from flowmaster.engine.outline.ids import assign_ids
from flowmaster.engine.outline.nodes import Step, everywhere
from flowmaster.engine.outline.plain import plain_outline
from flowmaster.engine.performers import PERFORMER_KINDS, performers_of
from flowmaster.engine.values import Json
from flowmaster.engine.views.handoffs import after
from flowmaster.engine.views.lanes import HAND_OFF, hands_of
from flowmaster.engine.views.people import ROLE, doers, steps_of
from flowmaster.engine.words.writing import step_words

_OTHERS: Final = Style("#8a8f98", "#f4f5f7", "1.5", "#5f6368")


class Neighbour(NamedTuple):
    """A step of somebody else right before or behind an own one."""

    element: str
    who: str


class OwnStep(NamedTuple):
    """An own step, with the steps of others that it comes from and goes to."""

    element: Element
    comes_from: tuple[Neighbour, ...]
    goes_to: tuple[Neighbour, ...]


def own_steps(process: Process, performer: str) -> list[OwnStep]:
    """Return the steps of a role, or of one kind of performers, with their hand-offs."""
    mine = {one.id for one in steps_of_performer(process, performer)}
    hands = hands_of(process)
    comes: dict[str, list[Neighbour]] = {}
    goes: dict[str, list[Neighbour]] = {}
    for one in steps_of(process):
        for target, _ in after(process, one.id):
            if target in mine and one.id not in mine:
                comes.setdefault(target, []).append(Neighbour(one.id, hands[one.id]))
            if one.id in mine and target not in mine:
                goes.setdefault(one.id, []).append(Neighbour(target, hands[target]))
    return [
        OwnStep(one, tuple(comes.get(one.id, ())), tuple(goes.get(one.id, ())))
        for one in process.elements.values()
        if one.id in mine
    ]


def steps_of_performer(process: Process, performer: str) -> list[Element]:
    """Return the steps of a role, named by its id or name, or of one kind of performers; refuse an unknown one."""
    if performer in PERFORMER_KINDS:
        return [
            one
            for one in process.elements.values()
            if one.kind != "process" and performer in performers_of(process, one)
        ]
    known = roles_of(process)
    name = known.get(performer.casefold())
    if name is None:
        names = list(dict.fromkeys(known.values()))
        wrong = performer[:80]
        raise FlowMasterError(
            "process.performer_unknown",
            f"No step of {process.id!r} is done by {said(wrong)}.{did_you_mean(wrong, [*names, *PERFORMER_KINDS])}",
            path="performer",
            expected=[*names, *PERFORMER_KINDS],
            fix="Give one of its roles, or a kind of performer.",
            status=404,
        )
    return [one for one in steps_of(process) if any(who.name == name for who in doers(process, one))]


def roles_of(process: Process) -> dict[str, str]:
    """Return the names of all roles that do something or are declared, by their ids and names in small letters."""
    found = {key.casefold(): name or key for key, name in process.roles.items()}
    for one in steps_of(process):
        for who in doers(process, one):
            if who.kind == ROLE:
                found.setdefault(who.name.casefold(), who.name)
    return found | {name.casefold(): name for name in found.values()}


def shown_neighbours(process: Process, neighbours: Collection[Neighbour]) -> Json:
    """Return neighbours as an answer shows them."""
    return [
        {"element": one.element, "name": process.elements[one.element].label, "who": one.who}
        for one in neighbours
    ]


def role_words(document: BpmnDocument, process: Process, performer: str) -> str:
    """Return the steps of a performer in words, each with who hands it over and who goes on."""
    own = {one.element.id: one for one in own_steps(process, performer)}
    outline = outline_of(document, process.id)
    ids = assign_ids(outline)
    lines = [f"What {said(_called(process, performer))} does in the process {said(process.root.label)}.", ""]
    number = 0
    everything = [outline.steps, *(handler.steps for handler in outline.events)]
    for node in (node for steps in everything for node in everywhere(steps)):
        step = own.get(ids.get(node.at, "")) if isinstance(node, Step) else None
        if step is None:
            continue
        assert isinstance(node, Step)
        number += 1
        alone = replace(node, steps=(), events=(), handlers=(), undo=None)
        bare = replace(outline, steps=(alone,), events=(), starts=(), scenarios=(), raw=())
        plain = plain_outline(bare)["steps"]
        assert isinstance(plain, list)
        lines += step_words(plain[0], f"{number}.")
        lines += [f"   - {text}" for text in _around(process, step)]
    if not number:
        lines.append("Nothing.")
    return "\n".join(lines) + "\n"


def _called(process: Process, performer: str) -> str:
    return roles_of(process).get(performer.casefold(), performer)


def _around(process: Process, step: OwnStep) -> Iterator[str]:
    for one in step.comes_from:
        yield f"It comes from {one.who}: {said(process.elements[one.element].label)}."
    for one in step.goes_to:
        yield f"Then it may go to {one.who}: {said(process.elements[one.element].label)}."


def role_lanes(process: Process, performer: str) -> str:
    """Return a picture of the steps of a performer and the steps of others right before and behind them, in lanes."""
    own = own_steps(process, performer)
    hands = hands_of(process)
    mine = {one.element.id for one in own if one.element.id in hands}
    near = {other.element for one in own for other in (*one.comes_from, *one.goes_to)}
    shown = [key for key in hands if key in mine | near]
    document = new_document(process.id, process.name)
    holder = document.element(process.id)
    lanes = holder.add("laneSet", {"id": document.new_id(f"lanes {process.id}")})
    made: dict[str, Node] = {}
    for key in shown:
        element = process.elements[key]
        holder.add(element.kind, {"id": key, "name": element.label})
        lane = made.get(hands[key])
        if lane is None:
            lane = lanes.add(
                "lane", {"id": document.new_id(f"lane {hands[key]}", "lane"), "name": hands[key]}
            )
            made[hands[key]] = lane
        lane.add("flowNodeRef", text=key)
    notes = {key: Note("", "A step of others.", _OTHERS) for key in shown if key not in mine}
    notes |= _joined(document, process, shown, mine, hands)
    lay_out(document)
    crossing = sum(note.style is HAND_OFF.style for note in notes.values())
    title = f"{len(mine)} steps of {_called(process, performer)}, {crossing} hand-offs."
    return draw_svg(document, Marks(notes=Notes(title, notes, [HAND_OFF] if crossing else [])))


def _joined(
    document: BpmnDocument, process: Process, shown: list[str], mine: set[str], hands: Mapping[str, str]
) -> dict[str, Note]:
    """Join the steps as they may follow each other, and return the notes of the hand-offs."""
    notes: dict[str, Note] = {}
    for key in shown:
        for target, _ in after(process, key):
            if target not in shown or not {key, target} & mine or key == target:
                continue
            flow = document.connect(document.element(key), document.element(target))
            if not {key, target} <= mine:
                text = f"Hand-off from {hands[key]} to {hands[target]}."
                notes[flow.id] = Note("", text, HAND_OFF.style)
    return notes
