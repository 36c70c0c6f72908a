"""The RACI matrix of a process: who does each step, who answers for it, who is asked, and who is told.

Every letter follows from something that the model says, which stands beside it; docs/process-views.md lists the rules.
Nobody is made up: where the model says of no one that they answer for a step, the row says so.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from flowmaster.engine.model import (
    Constant,
    Element,
    Error,
    Escalation,
    Job,
    Message,
    Process,
    Timer,
    UserTask,
)
from flowmaster.engine.values import Json
from flowmaster.engine.views.dataflow import Dataflow, dataflow
from flowmaster.engine.views.handoffs import after
from flowmaster.engine.views.people import AGENT, SYSTEM, doers, named, roles_in, steps_of

OWNERS: Final = ("process owner", "process_owner")
"""The roles that answer for a whole process."""

_RECIPIENTS: Final = ("to", "cc", "bcc", "recipient", "recipients")

Letters = Mapping[str, str]
"""People by name, each with the reason."""


class RaciRow(NamedTuple):
    """One step of the matrix."""

    element: Element
    responsible: Letters
    accountable: Letters
    consulted: Letters
    informed: Letters

    def body(self) -> dict[str, Json]:
        """Return the row as an answer shows it, with what is open."""
        row: dict[str, Json] = {"element": self.element.id, "name": self.element.label}
        for letter, people in zip("RACI", self[1:], strict=True):
            if people:
                row[letter] = dict(people)
        open_ends = [
            text
            for people, text in (
                (self.responsible, "The model names nobody who does it."),
                (self.accountable, "The model names nobody who answers for it."),
            )
            if not people
        ]
        if open_ends:
            row["open"] = " ".join(open_ends)
        return row


def raci(process: Process, flow: Dataflow | None = None) -> list[RaciRow]:
    """Return the matrix of a process, a row for each step."""
    matrix = _Matrix(process, flow or dataflow(process))
    return [matrix.row(element) for element in steps_of(process)]


class _Matrix:
    """Finds the letters of each step."""

    def __init__(self, process: Process, flow: Dataflow) -> None:
        self._process = process
        self._flow = flow
        self._doers = {one.id: doers(process, one) for one in steps_of(process)}
        self._next = {key: [target for target, _ in after(process, key)] for key in self._doers}

    def row(self, element: Element) -> RaciRow:
        """Return the letters of one step."""
        does = {one.name: one.why for one in self._doers[element.id]}
        answering = [(name, why) for name, why in self._answering(element) if name not in does]
        accountable = dict(answering[:1])
        consulted = self._first(self._asked(element), {**does, **accountable})
        told = [*answering[1:], *self._told(element)]
        informed = self._first(told, {**does, **accountable, **consulted})
        return RaciRow(element, does, accountable, consulted, informed)

    def _first(self, found: Iterable[tuple[str, str]], but: Letters) -> Letters:
        """Return people with the first reason of each, without those who have a letter already."""
        letters: dict[str, str] = {}
        for name, why in found:
            if name not in but:
                letters.setdefault(name, why)
        return letters

    def _answering(self, element: Element) -> Iterator[tuple[str, str]]:
        """Yield who may answer for a step, the surest first."""
        for later in self._four_eyes(element):
            for one in self._doers[later.id]:
                yield one.name, f"decides at {later.label!r}, which who did this may not"
        if isinstance(element.details, UserTask):
            for deadline in element.details.deadlines:
                if deadline.action == "escalate":
                    for name in roles_in(self._process, deadline.to):
                        yield name, f"gets it when it is late (after {deadline.after.text})"
        for key, name in self._process.roles.items():
            if key.casefold() in OWNERS or name.casefold() in OWNERS:
                yield name or key, "owns the process"
        if element.lane:
            yield element.lane, "its lane"

    def _four_eyes(self, element: Element) -> Iterator[Element]:
        """Yield the later steps that somebody else must do, and whose answers decide which way it goes."""
        for other in steps_of(self._process):
            task = other.details
            if not isinstance(task, UserTask) or all(one.step != element.id for one in task.exclusions):
                continue
            if self._flow.decides(other.id) and self._reaches(element.id, other.id):
                yield other

    def _reaches(self, source: str, target: str) -> bool:
        seen: set[str] = set()
        waiting = [source]
        while waiting:
            for one in self._next[waiting.pop()]:
                if one == target:
                    return True
                if one not in seen:
                    seen.add(one)
                    waiting.append(one)
        return False

    def _asked(self, element: Element) -> Iterator[tuple[str, str]]:
        """Yield who gave what a step reads, and the agents that prepared it."""
        for name in self._flow.read_at(element.id):
            for writer in self._flow.written_at(name):
                if writer in self._doers and writer != element.id and self._reaches(writer, element.id):
                    for one in self._doers[writer]:
                        if one.kind != SYSTEM:
                            yield one.name, f"gave `{name}` at {self._label(writer)}"
        for before, targets in self._next.items():
            if element.id in targets:
                for one in self._doers[before]:
                    if one.kind == AGENT:
                        yield one.name, f"prepared it at {self._label(before)}"

    def _told(self, element: Element) -> Iterator[tuple[str, str]]:
        """Yield whom reminders, messages and notifications of a step go to, and who takes over when it goes wrong."""
        details = element.details
        if isinstance(details, UserTask):
            for deadline in details.deadlines:
                if deadline.action != "escalate":
                    for name in roles_in(self._process, deadline.to):
                        yield name, f"is reminded of it (after {deadline.after.text})"
        yield from self._receivers(element)
        for event in element.boundaries:
            if isinstance(event.details, Timer | Error | Escalation):
                for target, _ in after(self._process, event.id):
                    for one in self._doers[target]:
                        if one.kind != SYSTEM:
                            yield one.name, f"goes on with {self._label(target)} at {event.label!r}"

    def _receivers(self, element: Element) -> Iterator[tuple[str, str]]:
        if isinstance(element.details, Message) and element.kind == "sendTask":
            yield f"receiver of {element.details.name.text}", "the message that it sends"
        for mapping in element.inputs:
            if mapping.target[-1].casefold() in _RECIPIENTS and isinstance(element.details, Job | Message):
                text = mapping.source.text.removeprefix("=").strip()
                yield from ((name, "what it sends goes there") for name in _receiver(mapping.source, text))
        if isinstance(element.details, Job):
            for header, value in element.details.headers.items():
                if header.casefold() in _RECIPIENTS:
                    yield value, "what it sends goes there"

    def _label(self, key: str) -> str:
        return repr(self._process.elements[key].label)


def _receiver(source: object, text: str) -> list[str]:
    return named(source) if isinstance(source, Constant) else [f"={text}"]
