"""Real instances as cases: what they were started with, what people answered, what workers gave, what came in when."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from flowmaster.engine import events as ev
from flowmaster.engine.evolve import blank, evolve
from flowmaster.engine.model import Element, Process, UserTask
from flowmaster.engine.proof import schemas
from flowmaster.engine.proof.views import path_of
from flowmaster.engine.state import EventWait, JobWait, State, TaskWait, Wait
from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import HistoryEntry, InstanceFilter
from flowmaster.tools.cases_origins import form_of
from flowmaster.tools.cases_search import Case, lasting
from flowmaster.tools.cases_trace import node_of

RECORDED_MAX: Final = 30
"""How many of the newest instances are played again."""

EVENTS_MAX: Final = 500
"""Events of one instance up to which it is played again."""


class Recorded(NamedTuple):
    """A real instance as a case, and the steps that it came to, each as often."""

    instance: str
    case: Case
    came: tuple[str, ...]

    def goes_again(self, history: Sequence[HistoryEntry]) -> bool:
        """Tell whether a played case comes to all steps that the instance came to, each as often."""
        came = Counter(entry.event.element for entry in history if isinstance(entry.event, ev.ElementEntered))
        return not Counter(self.came) - came


class Records(NamedTuple):
    """The newest real instances as cases, and how many were left out, by the reason."""

    cases: list[Recorded]
    left_out: Counter[str]


def recorded(reader: Reader, tenant: str, process: Process, version: int) -> Records:
    """Return the newest real instances of a version as cases."""
    found, left = list[Recorded](), Counter[str]()
    page = reader.find_instances(
        tenant, InstanceFilter(process=process.id, version=version, limit=RECORDED_MAX)
    )
    for row in page.items:
        history = reader.history(tenant, row.instance, limit=EVENTS_MAX + 1)
        if any(entry.erased for entry in history):
            left["values of them are erased"] += 1
        elif len(history) > EVENTS_MAX:
            left["they are too long"] += 1
        elif any(isinstance(entry.event, ev.InstanceMigrated | ev.InstanceForked) for entry in history):
            left["they began by another version or as a copy"] += 1
        else:
            found.append(_Reading(process).read(row.instance, history))
    return Records(found, left)


@dataclass
class _Reading:
    """Folds one history into a case."""

    process: Process
    answers: dict[str, list[Json]] = field(default_factory=dict)
    services: dict[str, list[Json]] = field(default_factory=dict)
    messages: list[Json] = field(default_factory=list)
    came: list[str] = field(default_factory=list)
    state: State = field(default_factory=lambda: blank("", "", 0))
    thrown: set[int] = field(default_factory=set)

    def read(self, instance: str, history: Sequence[HistoryEntry]) -> Recorded:
        """Return the case of one instance."""
        began = history[0]
        assert isinstance(began.event, ev.InstanceStarted)
        performers: dict[int, str] = {}
        for place, entry in enumerate(history):
            match entry.event:
                case ev.TaskPerformed(wait=wait, performer=performer):
                    performers[wait] = performer
                case ev.WaitClosed(wait=number, how=how):
                    wait_of = self.state.waits.get(number)
                    if wait_of is not None:
                        self._closed(wait_of, how, history[place:], began.at, performers.get(number, ""))
                case ev.JobFailed(wait=wait_of, message=message):
                    self._served(wait_of, {"fail": message}, entry.at)
                case ev.ErrorThrown(element=element, code=code):
                    self._threw(element, code, entry.at)
                case ev.ElementEntered(element=element):
                    self.came.append(element)
                case _:
                    pass
            evolve(self.state, entry.event)
        self._still_open()
        case: dict[str, Json] = {"at": iso(began.at), "given": dict(began.event.variables)}
        parts = {"business_key": began.event.business_key, "start": self._start()}
        case |= {word: text for word, text in parts.items() if text}
        lists = {"answers": self.answers, "services": self.services, "messages": self.messages}
        case |= {word: part for word, part in lists.items() if part}  # type: ignore[misc]  # JSON all through
        return Recorded(instance, case, tuple(self.came))

    def _still_open(self) -> None:
        """Note what nobody has done yet: the answer before would count again."""
        for wait in self.state.waits.values():
            if isinstance(wait, TaskWait):
                self.answers.setdefault(wait.element, []).append(None)
            elif isinstance(wait, JobWait) and not wait.purpose:
                self.services.setdefault(wait.element, []).append(None)

    def _start(self) -> str:
        """Return the start event at which it began, if that is none by hand."""
        starts = [key for key in self.came[:3] if self.process.elements[key].kind == "startEvent"]
        return starts[0] if starts and self.process.elements[starts[0]].details is not None else ""

    def _closed(self, wait: Wait, how: str, rest: Sequence[HistoryEntry], began: int, performer: str) -> None:
        element = self.process.elements[wait.element]
        at = rest[0].at
        match wait:
            case TaskWait() if how == "completed":
                values = {**_plain(self.process, element), **self._values(element, wait.node, rest)}
                answer: dict[str, Json] = {**values, **_late(at - wait.since)}
                self.answers.setdefault(element.id, []).append(
                    {**answer, "by": performer} if performer else answer
                )
            case TaskWait():
                self.answers.setdefault(element.id, []).append(None)
            case JobWait(purpose="") if how == "completed":
                self._served(wait, self._values(element, wait.node, rest), at)
            case JobWait(purpose="") if wait.id not in self.thrown:
                self._served(wait, None, at)
            case EventWait(kind="message") if how == "received":
                values = self._values(element, wait.node, rest)
                sent: dict[str, Json] = {"name": wait.name, "variables": values, "after": lasting(at - began)}
                self.messages.append({**sent, "key": wait.key} if wait.key else sent)
            case _:
                pass

    def _threw(self, element: str, code: str, at: int) -> None:
        """Note that a worker threw an error, if the work of that step is under way."""
        for wait in self.state.waits.values():
            if isinstance(wait, JobWait) and wait.element == element and not wait.purpose:
                self.thrown.add(wait.id)
                self._served(wait, {"error": code}, at)
                return

    def _served(self, wait: Wait, answer: dict[str, Json] | None, at: int) -> None:
        if isinstance(wait, JobWait) and not wait.purpose:
            told: Json = None if answer is None else {**answer, **_late(at - wait.since)}
            self.services.setdefault(wait.element, []).append(told)

    def _values(self, element: Element, node: int, rest: Sequence[HistoryEntry]) -> dict[str, Json]:
        """Return what an answer brought: the values set behind it, back through the mapping of the outputs."""
        written: dict[str, Json] = {}
        for entry in rest[1:]:
            if isinstance(entry.event, ev.VariablesSet):
                written |= entry.event.values
            elif isinstance(entry.event, ev.ElementCompleted | ev.FlowTaken | ev.InstanceEnded):
                break
        return dict(_unmapped(element, written)) if element.outputs else written


def _unmapped(element: Element, written: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """Give the values that an answer must have had, as far as its outputs are plain names."""
    for mapping in element.outputs:
        node = node_of(mapping.source)
        found = path_of(node) if node is not None else None
        value: Json = dict(written)
        for name in mapping.target:
            value = value.get(name) if isinstance(value, Mapping) else None
        if found is not None and value is not None:
            for name in reversed(found[1]):
                value = {name: value}
            yield found[0], value


def _plain(process: Process, element: Element) -> dict[str, Json]:
    """Return plain values of what a form must have; what was entered and not kept is not known any more."""
    if not isinstance(element.details, UserTask):
        return {}
    found = schemas.example(form_of(process, element.id))
    return dict(found) if isinstance(found, Mapping) else {}


def _late(milliseconds: int) -> dict[str, Json]:
    return {"after": lasting(milliseconds)} if milliseconds > 0 else {}
