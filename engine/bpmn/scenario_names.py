"""What scenarios may call the steps of a process, and which of their names no step has."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from flowmaster.engine.bpmn.findings import Findings
from flowmaster.engine.jobs import jobs_of
from flowmaster.engine.model import Call, Constant, Details, Element, Message, Process, Signal, Triggers
from flowmaster.engine.values import Json

_ACTING = ("answers", "services")


def names_of(process: Process, element: str) -> list[str]:
    """Return what a scenario may call an element: its id, its name, and the words that its id was made of."""
    found = process.elements.get(element)
    words = element.replace("_", " ")
    return list(dict.fromkeys([element, found.label, words] if found else [element]))


def names_of_start(process: Process, element: Element, trigger: Details) -> list[str]:
    """Return what a scenario may call a start: as any element, or by the message or signal that begins there."""
    by = trigger.name if isinstance(trigger, Message | Signal) else None
    return names_of(process, element.id) + ([str(by.content)] if isinstance(by, Constant) else [])


def _starts(process: Process) -> Iterator[str]:
    for element in process.elements.values():
        before = (process.elements[flow.source] for flow in element.incoming)
        begins = element.kind == "startEvent" or element.instantiate or any(one.instantiate for one in before)
        if element.scope == process.id and begins:
            details = element.details
            for one in [each.details for each in details.all] if isinstance(details, Triggers) else [details]:
                yield from names_of_start(process, element, one)


def check_scenario_names(process: Process, findings: Findings) -> None:
    """Report names of what nobody does, and of what is never entered, that no step has; other ones fail by themselves."""
    for wrong in wrong_names(process, process.scenarios):
        near = findings.near(wrong.name, sorted(wrong.allowed))
        findings.add("scenario.step_unknown", process.id, f"{wrong.told}{near}", line=process.root.line)


class WrongName(NamedTuple):
    """A name in a scenario that nothing has: which scenario, where it stands there, and what could stand there."""

    told: str
    number: int
    where: str
    name: str
    allowed: frozenset[str]


def wrong_names(process: Process, scenarios: Sequence[Json]) -> Iterator[WrongName]:
    """Yield the names in scenarios that no step has; what acts may be a step of a process that is called."""
    if not scenarios:
        return
    known = frozenset(name for element in process.elements for name in names_of(process, element))
    jobs = [job for element in process.elements.values() for job in jobs_of(element)]
    work = known | {str(job.type.content) for job in jobs if isinstance(job.type, Constant)}
    starts = frozenset(_starts(process))
    acting = () if any(isinstance(one.details, Call) for one in process.elements.values()) else _ACTING
    for number, scenario in enumerate(scenarios):
        if not isinstance(scenario, Mapping):
            continue
        said = [(word, scenario.get(word), work) for word in acting]
        said.append(("start", scenario.get("start"), starts))
        expected = scenario.get("expect")
        if isinstance(expected, Mapping):
            said.append(("expect.skips", expected.get("skips"), known))
        for where, value, allowed in said:
            for name in _names(value):
                if name not in allowed:
                    told = f"Scenario {scenario.get('name')!r}, `{where}`: no step is called {name!r}."
                    yield WrongName(told, number, where, name, allowed)


def _names(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from value
    elif isinstance(value, Sequence):
        yield from (name for name in value if isinstance(name, str))
