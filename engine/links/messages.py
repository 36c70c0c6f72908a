"""What a sender hands over with a message or signal, against what those ask for who begin by it or wait for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flowmaster.engine.bpmn.checks_data import values_read
from flowmaster.engine.bpmn.checks_types import types_of
from flowmaster.engine.bpmn.expression_types import ANY, Type, Typing, stored, type_of_schema
from flowmaster.engine.bpmn.findings import named
from flowmaster.engine.bpmn.known import Known, known_of
from flowmaster.engine.bpmn.problem import WARNING, Problem
from flowmaster.engine.bpmn.signatures import Library
from flowmaster.engine.elements.scopes import may_start
from flowmaster.engine.feel.expression import Expression
from flowmaster.engine.feel.said import quoted
from flowmaster.engine.links.deriving import process_links
from flowmaster.engine.links.model import Node
from flowmaster.engine.model import Element, Process


@dataclass(frozen=True, slots=True)
class Sending:
    """A place that sends: the element, and the types of the variables that go with it; `open` if there may be more."""

    process: Process
    element: Element
    given: Mapping[str, Type]
    open: bool


@dataclass(frozen=True, slots=True)
class Asking:
    """A place that receives: the element, and the types of the variables that must come with it."""

    process: Process
    element: Element
    wanted: Mapping[str, Type]


def sendings(process: Process, library: Library) -> Iterator[tuple[Node, Sending]]:
    """Give each place of a process that sends a message or signal of a fixed name."""
    places = [one for one in process_links(process) if one.kind == "sends" and one.target.is_known]
    if not places:
        return
    known, types = _types(process, library)
    for link in places:
        element = process.elements.get(link.element)
        if element is None:
            continue
        if element.inputs:
            yield link.target, Sending(process, element, _mapped(element, types), False)
        else:
            names = {
                **dict.fromkeys(known.writers, ANY),
                **types,
                **{item.name: type_of_schema(item.schema) for item in process.data},
            }
            yield (
                link.target,
                Sending(process, element, names, bool(known.anything - {element.id}) or not process.data),
            )


def askings(process: Process, library: Library) -> Iterator[tuple[Node, Asking]]:
    """Give each place of a process that receives a message or signal of a fixed name, and needs something with it."""
    places = [
        one for one in process_links(process) if one.kind in ("starts", "receives") and one.source.is_known
    ]
    if not places:
        return
    known, _ = _types(process, library)
    for link in places:
        element = process.elements.get(link.element)
        if element is None:
            continue
        wanted = _needed(process, element) if may_start(process, element) else _taken(process, known, element)
        if wanted:
            yield link.source, Asking(process, element, wanted)


def unmet(heard: Node, sending: Sending, asking: Asking) -> Iterator[Problem]:
    """Give what the receiver needs and the sender does not hand over, or hands over as something else."""
    what = f"the {heard.kind} {quoted(heard.key)}"
    source = f"{named(sending.element)} of {sending.process.id!r}"
    target = f"{named(asking.element)} of {asking.process.id!r}"
    for name, wanted in asking.wanted.items():
        if name not in sending.given:
            if not sending.open:
                yield Problem(
                    "message.lacks_data",
                    sending.element.id,
                    WARNING,
                    f"{source[:1].upper()}{source[1:]} sends {what} without {name!r}, which {target} needs.",
                    f"Hand {name!r} over with it, or let {asking.process.id!r} do without.",
                )
            continue
        found, asked = stored(sending.given[name]), stored(wanted)
        if (
            found.kinds
            and asked.kinds
            and not set(found.kinds) & set(asked.kinds)
            and found.kinds != ("null",)
        ):
            yield Problem(
                "message.type_wrong",
                sending.element.id,
                WARNING,
                f"{source[:1].upper()}{source[1:]} sends a {found.words} as {name!r} with {what}; {target} takes a {asked.words}.",
                f"Send {name!r} as a {asked.words}, or change its type in {asking.process.id!r}.",
            )


def _types(process: Process, library: Library) -> tuple[Known, Mapping[str, Type]]:
    known = known_of(process, frozenset().union(*(value.names for _, _, value in values_read(process))))
    return known, types_of(process, known, library)


def _mapped(element: Element, types: Mapping[str, Type]) -> dict[str, Type]:
    found: dict[str, Type] = {}
    for mapping in element.inputs:
        source, is_whole = mapping.source, len(mapping.target) == 1
        found[mapping.target[0]] = (
            Typing(types).of(source.node) if is_whole and isinstance(source, Expression) else ANY
        )
    return found


def _needed(process: Process, element: Element) -> dict[str, Type]:
    """Return what an instance needs to begin, unless the start event computes it."""
    if element.outputs:
        return _read(element)
    return {item.name: type_of_schema(item.schema) for item in process.data if item.input and item.required}


def _taken(process: Process, known: Known, element: Element) -> dict[str, Type]:
    """Return what the mappings of a place take from what comes; what the process has itself need not come."""
    own = {item.name for item in process.data} | set(known.writers)
    return {name: wanted for name, wanted in _read(element).items() if name not in own}


def _read(element: Element) -> dict[str, Type]:
    return {
        name: ANY
        for mapping in element.outputs
        if isinstance(mapping.source, Expression)
        for name in sorted(mapping.source.names)
    }
