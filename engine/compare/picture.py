"""The differences between two versions on the drawing: what is new, changed, moved, renamed and gone, each by its own sign."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.mermaid import brackets, quoted
from flowmaster.engine.bpmn.svg import Marks, draw_svg
from flowmaster.engine.bpmn.svg_notes import Kind, Note, Notes
from flowmaster.engine.bpmn.svg_pen import PAPER, Style
from flowmaster.engine.compare.both import Both, FlowPairs, both, flow_pairs
from flowmaster.engine.compare.changes import Change, Compared
from flowmaster.engine.compare.places import draw_both
from flowmaster.engine.compare.words import summary, worded
from flowmaster.engine.model import Element, Flow, Process

SAME: Final = "No change in behaviour."

KINDS: Final = {
    "added": Kind("+", "new", Style("#1e7d3c", "#e3f4e7", "3.5")),
    "changed": Kind("~", "changed", Style("#8a6100", "#ffefb0", "3", dash="12 4")),
    "moved": Kind("»", "moved", Style("#1a5fd0", PAPER, "3", dash="3 3")),
    "renamed": Kind("Aa", "renamed", Style("#1a5fd0", PAPER, "3", dash="9 3 2 3")),
    "removed": Kind("×", "gone", Style("#c5221f", PAPER, "2", "#9b1b18", dash="6 5")),
}
"""How each kind of change is drawn, the one that outshines the others first."""


class Drawn(NamedTuple):
    """Two versions of a process on one drawing."""

    both: Both
    pairs: FlowPairs
    notes: Notes


def drawn(was: BpmnDocument, now: BpmnDocument, old: Process, new: Process, compared: Compared) -> Drawn:
    """Return two versions in one document, and what there is to say of each element."""
    pairs = flow_pairs(old, new, compared.pairs)
    merged = both(was, now, old, new, compared.pairs, pairs.gone)
    notes = dict(_of_elements(compared, old, new, merged))
    notes |= _of_flows(pairs, merged, old, new)
    shown = {note.sign for note in notes.values()}
    title = f"{summary(compared)}" if compared.changes else f"{SAME} {_LAYOUT}"
    if compared.changes and not any(one.behaves for one in compared.changes):
        title = f"{SAME} {title}"
    return Drawn(
        merged,
        pairs,
        Notes(
            title=title,
            of=notes,
            kinds=[kind for kind in KINDS.values() if any(kind.sign in sign.split() for sign in shown)],
            lines=[worded(one, old, new) for one in compared.changes if not (one.element or one.before)],
        ),
    )


_LAYOUT: Final = "At most the drawing differs."


def differences_svg(was: BpmnDocument, old: Process, now: BpmnDocument, seen: Drawn) -> str:
    """Return both versions as one picture."""
    draw_both(was, old, now, seen.both)
    return draw_svg(seen.both.document, Marks(notes=seen.notes))


def _of_elements(compared: Compared, old: Process, new: Process, merged: Both) -> Iterator[tuple[str, Note]]:
    found: dict[str, list[Change]] = {}
    for one in compared.changes:
        key = one.element or merged.names.get(one.before, "")
        if key and one.what != "way" and not one.what.startswith(("condition to ", "default to ")):
            found.setdefault(key, []).append(one)
    for key, changes in found.items():
        kinds = {one.kind for one in changes}
        shown = [kind for name, kind in KINDS.items() if name in kinds]
        text = " ".join(worded(one, old, new) for one in changes)
        yield key, Note(" ".join(kind.sign for kind in shown), text, shown[0].style)


def _of_flows(pairs: FlowPairs, merged: Both, old: Process, new: Process) -> dict[str, Note]:
    found: dict[str, Note] = {}
    for flow in pairs.added:
        found[flow.id] = _note("added", f"A way leads {_ends(flow, new)} now.", is_quiet=True)
    for flow in pairs.gone:
        text = f"No way leads {_ends(flow, old)} any more."
        found[merged.flows[flow.id]] = _note("removed", text, is_quiet=True)
    for before, flow in pairs.kept:
        was, now = _condition(before, old), _condition(flow, new)
        if was != now:
            found[flow.id] = _note("changed", f"The way {_ends(flow, new)} is taken {now} (before: {was}).")
        elif before.name != flow.name:
            text = f"The way {_ends(flow, new)} is called {flow.name!r} (before: {before.name!r})."
            found[flow.id] = _note("renamed", text)
    return found


def _note(kind: str, text: str, *, is_quiet: bool = False) -> Note:
    """Return a note; a quiet one has no sign, since its line already says what it is."""
    return Note("" if is_quiet else KINDS[kind].sign, text, KINDS[kind].style)


def _ends(flow: Flow, process: Process) -> str:
    return f"from {_called(process, flow.source)} to {_called(process, flow.target)}"


def _called(process: Process, key: str) -> str:
    return repr(process.elements[key].label)


def _condition(flow: Flow, process: Process) -> str:
    source: Element = process.elements[flow.source]
    if source.default is not None and source.default.id == flow.id:
        return "else"
    return "always" if flow.condition is None else f"if {flow.condition.text}"


def differences_mermaid(seen: Drawn, old: Process, new: Process) -> str:
    """Return both versions as a Mermaid flow chart, what is gone in it too."""
    names = seen.both.names
    nodes = [(key, one, one.host) for key, one in new.elements.items() if key != new.id]
    gone = [(key, old.elements[key]) for key in seen.both.ghosts]
    nodes += [(names[key], one, names.get(one.host, "")) for key, one in gone]
    numbers = {key: f"n{number}" for number, (key, _, _) in enumerate(nodes)}
    lines = ["flowchart LR"]
    classes: dict[str, list[str]] = {}
    for key, element, _ in nodes:
        note = seen.notes.of.get(key)
        opening, closing = brackets(element.kind)
        sign = f"{note.sign} " if note is not None else ""
        lines.append(f'  {numbers[key]}{opening}"{quoted(sign + element.label)}"{closing}')
        if note is not None:
            classes.setdefault(_kind_of(note), []).append(numbers[key])
    styled: dict[str, list[str]] = {}
    for number, (key, line) in enumerate(_lines(seen, numbers, new)):
        note = seen.notes.of.get(key)
        lines.append(f"  {line}")
        if note is not None:
            styled.setdefault(_kind_of(note), []).append(str(number))
    lines += [f"  {numbers[host]} -.- {numbers[key]}" for key, _, host in nodes if host in numbers]
    for name, kind in KINDS.items():
        style, dash = kind.style, f",stroke-dasharray:{kind.style.dash}" if kind.style.dash else ""
        look = f"stroke:{style.line},stroke-width:{style.weight}px{dash}"
        if name in classes:
            lines.append(f"  classDef {name} fill:{style.fill},color:{style.text},{look}")
            lines.append(f"  class {','.join(classes[name])} {name}")
        if name in styled:
            lines.append(f"  linkStyle {','.join(styled[name])} {look}")
    lines += [f"  %% {quoted(line)}" for line in (seen.notes.title, *seen.notes.lines)]
    return "\n".join(lines)


def _kind_of(note: Note) -> str:
    return next(name for name, kind in KINDS.items() if kind.style == note.style)


def _lines(seen: Drawn, numbers: Mapping[str, str], new: Process) -> Iterator[tuple[str, str]]:
    for element in new.elements.values():
        for flow in element.outgoing:
            yield flow.id, f"{numbers[flow.source]} {_arrow(flow)} {numbers[flow.target]}"
    names = seen.both.names
    for flow in seen.pairs.gone:
        yield (
            seen.both.flows[flow.id],
            f"{numbers[names[flow.source]]} {_arrow(flow)} {numbers[names[flow.target]]}",
        )


def _arrow(flow: Flow) -> str:
    label = flow.name or (flow.condition.text if flow.condition else "")
    return f'-->|"{quoted(label)}"|' if label else "-->"
