"""The cases of a simulation: as they are given, as the scenarios of the process tell, or as they were recorded."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flowmaster.engine.bpmn.scenario_names import names_of
from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.model import Element, Process, UserTask
from flowmaster.engine.outline.scenarios import Answer, Expected, Scenario, ServiceAnswer
from flowmaster.engine.values import Json
from flowmaster.runtime.simulation.chance import Chance
from flowmaster.runtime.simulation.luck import with_value
from flowmaster.runtime.simulation.plan import Case, Notice, Outcome
from flowmaster.stores.protocol import Reader
from flowmaster.tools.forms import check_answer, form_of, required_of, schema_of
from flowmaster.tools.inputs import missing_inputs, signature
from flowmaster.tools.scenario_starts import beginning_of
from flowmaster.tools.scenarios import scenarios_of
from flowmaster.tools.simulation_arguments import INPUTS_MAX, Around, CaseGiven
from flowmaster.tools.simulation_draws import number_of, vary_of
from flowmaster.tools.simulation_history import recorded_starts


class StepForms:
    """What the forms of tasks and the inputs of processes take."""

    def refuses(self, process: Process, element: Element, answer: Mapping[str, Json]) -> str:
        """Return why a task does not take an answer, empty if it does."""
        try:
            check_answer(form_of(process, element), answer, element.label)
        except FlowMasterError as error:
            return error.message
        return ""

    def asks(self, process: Process, element: Element) -> str:
        """Return what a task must be told, empty if it takes an empty answer."""
        return ", ".join(f"`{name}`" for name in required_of(form_of(process, element)))

    def wanted(self, process: Process, element: Element) -> Json:
        """Return the JSON Schema of what a task takes."""
        return schema_of(form_of(process, element))

    def start_refused(self, process: Process, case: Case, at: int) -> str:
        """Return why a process does not begin with what a case brings, empty if it does."""
        try:
            beginning_of(process, _start_of(case.variables), at)
        except FlowMasterError as error:
            return error.message
        return ""


class _Kept(NamedTuple):
    """Scenarios that are cases: those that expect no refusal, and begin."""

    scenarios: Sequence[Scenario]
    total: int


class Cases:
    """Finds the kinds of cases of a process."""

    def __init__(
        self, reader: Reader, tenant: str, process: Process, *, begins: int, place: str, may_read: bool
    ) -> None:
        self._may_read = may_read
        self._reader = reader
        self._tenant = tenant
        self._process = process
        self._begins = begins
        self._place = place
        told = scenarios_of(process)
        self._kept = _Kept([one for one in told if not one.expect.refused and self._begin(one)], len(told))

    def inputs(self, given: Around) -> tuple[list[Case], str]:
        """Return the cases with their weights, and in words where they are from."""
        asked = given.inputs
        if isinstance(asked, list):
            return self._given(asked), "inputs: as given"
        if asked != "recorded" and self._kept.scenarios:
            cases = [self._case(one) for one in self._kept.scenarios]
            told = (
                f"{len(cases)} of {self._kept.total} scenarios"
                if len(cases) < self._kept.total
                else "all scenarios"
            )
            dated = sorted(one.at for one in self._kept.scenarios if one.at)
            note = f"; dates in them are as written for {dated[0][:10]}: give `begins`" if dated else ""
            return [
                case for case in cases if case is not None
            ], f"inputs and answers: {told}, each as often{note}"
        if asked == "scenarios":
            raise self._none("The process has no scenario that could be a case.")
        if asked == "recorded" and not self._may_read:
            raise self._none("What instances began with is read by who holds the right `instance.read`.")
        recorded = [
            self._case(_start_of(each))
            for each in (
                recorded_starts(self._reader, self._tenant, self._process.id) if self._may_read else ()
            )
        ]
        cases_found = [case._replace(notices=None) for case in recorded if case is not None]
        if cases_found:
            return cases_found, f"inputs: those of the newest {len(cases_found)} instances"
        if asked == "recorded" or missing_inputs(self._process, {}):
            raise self._none("There is no recorded instance, and nothing says what cases begin with.")
        bare = self._case(_start_of({}))
        if bare is None:
            raise self._none("Nothing says what cases begin with.")
        return [bare._replace(notices=None)], "inputs: none"

    def pooled(self) -> dict[str, list[Outcome]]:
        """Return what the scenarios answer at each step, all of them together."""
        ids = {
            name: element for element in self._process.elements for name in names_of(self._process, element)
        }
        found: dict[str, list[Outcome]] = {}
        for scenario in self._kept.scenarios:
            for name, visits in (*scenario.answers.items(), *scenario.services.items()):
                key = ids.get(name, name)
                outcomes = [_outcome(one) for one in visits if one is not None]
                found.setdefault(key, []).extend(one for one in outcomes if self._takes(key, one))
        return {name: outcomes for name, outcomes in found.items() if outcomes}

    def notices(self) -> dict[str, Notice]:
        """Return what messages bring in the scenarios, all of them together."""
        found: dict[str, list[Outcome]] = {}
        for scenario in self._kept.scenarios:
            for sent in scenario.messages:
                found.setdefault(sent.name, []).append(Outcome(sent.variables))
        return {name: Notice(outcomes) for name, outcomes in found.items()}

    def _takes(self, element: str, outcome: Outcome) -> bool:
        found = self._process.elements.get(element)
        if found is None or not isinstance(found.details, UserTask):
            return True
        return not StepForms().refuses(self._process, found, outcome.variables)

    def _begin(self, scenario: Scenario) -> bool:
        return self._case(scenario) is not None

    def _case(self, scenario: Scenario) -> Case | None:
        """Return a scenario as a case, None if it does not begin."""
        try:
            start = beginning_of(self._process, scenario, self._begins)
        except FlowMasterError:
            return None
        return _case_of(scenario)._replace(start=start.element, trigger=start.trigger)

    def _given(self, given: Sequence[CaseGiven]) -> list[Case]:
        if not 0 < len(given) <= INPUTS_MAX:
            raise self._wrong(
                f"There are {len(given):,} kinds of cases.",
                "inputs",
                f"1 to {INPUTS_MAX}",
                "Give fewer kinds.",
            )
        cases = [self._kind(number, one) for number, one in enumerate(given)]
        if not sum(case.weight for case in cases):
            raise self._wrong(
                "No kind of case ever comes.",
                "inputs",
                "a weight of more than 0",
                "Give one of them a weight.",
            )
        return cases

    def _kind(self, number: int, given: CaseGiven) -> Case:
        path = f"inputs[{number}]"
        weight = number_of(given.weight, f"{self._place}{path}.weight", least=0)
        base = self._scenario(given.scenario, path) if given.scenario else _start_of({})
        variables = {**base.given, **given.variables}
        vary = tuple(
            (tuple(name.split(".")), vary_of(each, f"{self._place}{path}.vary.{name}"))
            for name, each in given.vary.items()
        )
        drawn: Mapping[str, Json] = variables
        for place, (steps, draw) in enumerate(vary):
            drawn = with_value(drawn, steps, draw(Chance(0).of(number, "tried", place)))
        try:
            start = beginning_of(self._process, _start_of(drawn), self._begins)
        except FlowMasterError as error:
            where = f"{path}.variables" if given.variables or not given.scenario else f"{path}.scenario"
            wrong = self._wrong(
                error.message, where, signature(self._process), "Give inputs that it begins with."
            )
            raise wrong from error
        case = _case_of(base) if given.scenario else Case()
        return case._replace(
            variables=variables, weight=weight, start=start.element, trigger=start.trigger, vary=vary
        )

    def _scenario(self, name: str, path: str) -> Scenario:
        known = {one.name: one for one in scenarios_of(self._process)}
        if name not in known:
            raise self._wrong(
                f"The process has no scenario {name!r}.{did_you_mean(name, list(known))}",
                f"{path}.scenario",
                list(known),
                "Name a scenario of the process, or give `variables`.",
            )
        return known[name]

    def _none(self, message: str) -> FlowMasterError:
        return self._wrong(
            message, "inputs", signature(self._process), "Give `inputs`: the variables that cases begin with."
        )

    def _wrong(self, message: str, path: str, expected: Json, fix: str) -> FlowMasterError:
        return FlowMasterError(
            "simulation.inputs_wrong",
            message,
            path=f"{self._place}{path}",
            expected=expected,
            fix=fix,
            status=422,
        )


def _start_of(variables: Mapping[str, Json]) -> Scenario:
    return Scenario(name="", given=variables, expect=Expected())


def _case_of(scenario: Scenario) -> Case:
    """Return what happens in a scenario; who acts there, and when, is up to the simulation."""
    answers: dict[str, Sequence[Outcome | None]] = {
        name: [None if one is None else _outcome(one) for one in visits]
        for name, visits in (*scenario.answers.items(), *scenario.services.items())
    }
    notices: dict[str, list[Outcome]] = {}
    for sent in scenario.messages:
        notices.setdefault(sent.name, []).append(Outcome(sent.variables))
    return Case(scenario.given, 1, scenario.business_key, "", 0, answers, notices)


def _outcome(answer: Answer | ServiceAnswer) -> Outcome:
    if isinstance(answer, Answer):
        return Outcome(answer.variables)
    return Outcome(answer.variables, 1, answer.error, answer.fail)
