"""How a scenario begins: by hand, or by what a start event of the process waits for."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from flowmaster.engine.bpmn.scenario_names import names_of_start
from flowmaster.engine.elements.scopes import may_start
from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.feel.said import said
from flowmaster.engine.model import Conditional, Details, Element, Process, Triggers
from flowmaster.engine.outline.scenarios import Scenario
from flowmaster.engine.values import Json
from flowmaster.runtime.desk import Start
from flowmaster.tools.inputs import check_inputs


class _Way(NamedTuple):
    """A trigger that begins the process: the event, and the number and details of the trigger."""

    element: Element
    number: int
    details: Details


def beginning_of(process: Process, scenario: Scenario, at: int) -> Start:
    """Return how a scenario begins; what is given is what a person enters, a message brings, or facts tell.

    A process that can be begun by hand is, unless the scenario names another start; else the first start event that can
    begins it. A condition must hold over what is given. As in a running server, what begins by an event is not checked
    against the declared inputs.
    """
    by_hand = Start(process.id, 1, scenario.given, scenario.business_key)
    ways = list(_ways(process))
    if scenario.start:
        ways = [way for way in ways if scenario.start in names_of_start(process, way.element, way.details)]
        if not ways:
            raise _unknown(process, scenario.start)
    plain = process.root.starts
    if any(way.element.id in plain for way in ways) if scenario.start else plain:
        check_inputs(process, scenario.given, at=at)
        return by_hand
    unmet = [(way, _unmet(way, scenario.given, at)) for way in ways]
    begun = next((way for way, why in unmet if not why), None)
    if begun is not None:
        return by_hand._replace(element=begun.element.id, trigger=begun.number)
    if not unmet:
        return by_hand
    raise FlowMasterError(
        "scenario.condition_not_met",
        f"Nothing begins: {' '.join(why for _, why in unmet)}",
        path="given",
        fix="Give facts over which the condition of the start holds, or expect `refused: [start]`.",
        status=422,
    )


def _unknown(process: Process, start: str) -> FlowMasterError:
    known = [name for way in _ways(process) for name in names_of_start(process, way.element, way.details)]
    return FlowMasterError(
        "scenario.start_unknown",
        f"{process.id!r} has no start {start!r}.{did_you_mean(start, known)}",
        path="start",
        expected=list(dict.fromkeys(known)),
        fix="Name a start event, or the message or signal that begins the process.",
        status=422,
    )


def _ways(process: Process) -> Iterator[_Way]:
    for element in process.elements.values():
        if may_start(process, element):
            details = element.details
            each = [one.details for one in details.all] if isinstance(details, Triggers) else [details]
            yield from (_Way(element, number, one) for number, one in enumerate(each))


def _unmet(way: _Way, facts: Mapping[str, Json], at: int) -> str:
    """Return why the condition of a start does not hold over facts, empty where it does or there is none."""
    if not isinstance(way.details, Conditional):
        return ""
    condition = way.details.condition
    found = condition.value(facts, at)
    return (
        ""
        if found is True
        else f"`{condition.text.removeprefix('=')}` of {way.element.label!r} is {said(found)}."
    )
