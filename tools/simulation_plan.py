"""From the arguments of a simulation to its plan: what is named must be there, what is left out is taken from what is known."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

from flowmaster.engine.bpmn.scenario_names import names_of
from flowmaster.engine.calendars import read_calendar
from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.feel.said import said
from flowmaster.engine.jobs import jobs_of
from flowmaster.engine.model import Call, Constant, Job, Process, UserTask
from flowmaster.engine.values import Json
from flowmaster.runtime.simulation import chance
from flowmaster.runtime.simulation.chance import Draw
from flowmaster.runtime.simulation.hours import Hours
from flowmaster.runtime.simulation.plan import Notice, Outcome, Plan, Staff
from flowmaster.stores.protocol import Reader
from flowmaster.tools.naming import naming
from flowmaster.tools.simulation_arguments import Around, Arrivals, MessageGiven, OutcomeGiven, StaffGiven
from flowmaster.tools.simulation_cases import Cases, StepForms
from flowmaster.tools.simulation_draws import milliseconds, number_of, span_of
from flowmaster.tools.simulation_history import measured_times, recorded_gap

HOUR_MS: Final = 3_600_000
YEARS_MAX: Final = 100
_YEAR_MS: Final = 31_557_600_000

T = TypeVar("T")


class Planned(NamedTuple):
    """A plan, and where it has its parts from."""

    plan: Plan
    durations: Mapping[str, str]
    """By the id of the step: `given`, or `measured of 12`."""
    assumed: list[str]


class Planner:
    """Makes the plan of a simulation of one model; `place` stands before the names of arguments in refusals.

    What instances began with is taken only for who `may_read` it: a refusal may quote it.
    """

    def __init__(
        self,
        reader: Reader,
        tenant: str,
        process: Process,
        called: Sequence[Process],
        *,
        beside: Sequence[Process] = (),
        begins: int,
        place: str = "",
        may_read: bool = True,
    ) -> None:
        self._may_read = may_read
        self._reader = reader
        self._tenant = tenant
        self._process = process
        self._models = [process, *called]
        self._named = [*self._models, *beside]
        """Whose steps and roles may be named: those of a variant beside it, too."""
        self._begins = begins
        self._place = place
        self._open_ended = any(
            isinstance(element.details, Call) and not isinstance(element.details.process, Constant)
            for model in self._models
            for element in model.elements.values()
        )

    def plan(self, given: Around, cases: int, seed: int) -> Planned:
        """Return the plan, or refuse what makes no sense."""
        self._check_names(given)
        case_list = Cases(
            self._reader,
            self._tenant,
            self._process,
            begins=self._begins,
            place=self._place,
            may_read=self._may_read,
        )
        inputs, said_of_inputs = case_list.inputs(given)
        between, said_of_arrivals = self._arrivals(given.arrivals)
        durations, sources = self._durations(given)
        hours = self._hours(given.arrivals.calendar if given.arrivals else None, "arrivals.calendar")
        aliases = self._role_names()
        plan = Plan(
            cases=cases,
            begins=self._begins,
            between=between,
            seed=seed,
            hours=hours,
            inputs=inputs,
            answers={step: self._outcomes(step, each) for step, each in given.answers.items()},
            pooled=case_list.pooled(),
            errors={step: self._errors(step, each) for step, each in given.errors.items()},
            durations=durations,
            staff={aliases.get(role, role): self._staff(role, each) for role, each in given.staff.items()},
            aliases={name: role for name, role in aliases.items() if name != role},
            costs={
                step: number_of(cost, self._at(f"costs.{step}"), least=0)
                for step, cost in given.costs.items()
            },
            notices={name: self._notice(name, each) for name, each in given.messages.items()},
            usual=case_list.notices(),
            forms=StepForms(),
        )
        mean = sum(between(chance.Chance(seed).of(number, "arrival")) for number in range(100)) / 100
        if mean * cases > YEARS_MAX * _YEAR_MS:
            raise self._refusal(
                "simulation.arrivals_wrong",
                f"So many cases would come in more than {YEARS_MAX} years.",
                "arrivals",
                "less time between two cases",
                "Let them come more often, or simulate fewer.",
            )
        return Planned(plan, sources, [said_of_arrivals, said_of_inputs])

    def _at(self, path: str) -> str:
        return f"{self._place}{path}"

    def _refusal(self, code: str, message: str, path: str, expected: Json, fix: str) -> FlowMasterError:
        return FlowMasterError(code, message, path=self._at(path), expected=expected, fix=fix, status=422)

    # Names.

    def _check_names(self, given: Around) -> None:
        steps = {
            name for model in self._named for element in model.elements for name in _names(model, element)
        }
        types = {
            name for model in self._named for element in model.elements for name in _types(model, element)
        }
        work = steps | types
        for argument, named in (
            ("answers", given.answers),
            ("errors", given.errors),
            ("durations", given.durations),
            ("costs", given.costs),
        ):
            for name in named:
                if name not in work and not self._open_ended:
                    raise self._refusal(
                        "simulation.step_unknown",
                        f"No step is called {name!r}.{did_you_mean(name, sorted(work))}",
                        f"{argument}.{name}",
                        sorted(_acting(self._named)),
                        "Use the name or the id of a step, or the type of a job.",
                    )
        self._check_work(given)
        self._check_roles(given)

    def _check_work(self, given: Around) -> None:
        people = {
            name
            for model in self._named
            for element in model.elements.values()
            if isinstance(element.details, UserTask)
            for name in _names(model, element.id)
        }
        failing = [(f"errors.{step}", step) for step in given.errors]
        failing += [
            (f"answers.{step}[{number}]", step)
            for step, outcomes in given.answers.items()
            for number, one in enumerate(outcomes)
            if one.error or one.fail
        ]
        for path, step in failing:
            if step in people:
                raise self._refusal(
                    "simulation.error_of_person",
                    f"{step!r} is done by people: it ends with an answer, not with an error.",
                    path,
                    sorted(_acting(self._named) - people),
                    "Give `variables` there, or name a step that a service does.",
                )

    def _check_roles(self, given: Around) -> None:
        known = self._role_names()
        for role in given.staff:
            if role not in known and not self._computes_roles():
                raise self._refusal(
                    "simulation.role_unknown",
                    f"No step is for the role {role!r}.{did_you_mean(role, sorted(known))}",
                    f"staff.{role}",
                    sorted(dict.fromkeys(known.values())),
                    "Use the id or the name of a role of the process.",
                )

    def _role_names(self) -> dict[str, str]:
        """Return the names of roles, each with the one that tasks are given to."""
        known: dict[str, str] = {}
        for model in self._named:
            used = set(_roles_of(model))
            for role, name in model.roles.items():
                main = name if name in used and role not in used else role
                known.setdefault(role, main)
                known.setdefault(name, main)
            for role in used:
                known.setdefault(role, role)
        return known

    def _computes_roles(self) -> bool:
        details = [element.details for model in self._models for element in model.elements.values()]
        tasks = [one for one in details if isinstance(one, UserTask)]
        said_by = [one.roles for one in tasks] + [late.to for one in tasks for late in one.deadlines]
        return self._open_ended or any(
            each is not None and not isinstance(each, Constant) for each in said_by
        )

    # What is given.

    def _arrivals(self, given: Arrivals | None) -> tuple[Draw, str]:
        if given is None or (given.per_hour is None and given.every is None):
            by_chance = given is None or given.distribution == "exponential"
            shape = chance.exponential if by_chance else chance.fixed
            found = recorded_gap(self._reader, self._tenant, self._process.id)
            if found is None:
                return shape(HOUR_MS), "arrivals: one case an hour, since none are given"
            return shape(found[0]), f"arrivals: as often as the newest {found[1]} instances came"
        if given.per_hour is not None and given.every is not None:
            raise self._refusal(
                "simulation.arrivals_wrong",
                "Cases come so often an hour or every so long, not both.",
                "arrivals.every",
                "`per_hour` or `every`",
                "Leave one of them out.",
            )
        shape = chance.exponential if given.distribution == "exponential" else chance.fixed
        if given.per_hour is not None:
            rate = number_of(given.per_hour, self._at("arrivals.per_hour"), least=0.0001, most=1_000_000)
            return shape(HOUR_MS / rate), "arrivals: as given"
        path = self._at("arrivals.every")
        if not isinstance(given.every, str):
            assert given.every is not None
            return span_of(given.every, path), "arrivals: as given"
        return shape(milliseconds(given.every, path)), "arrivals: as given"

    def _hours(self, given: Json, path: str) -> Hours | None:
        if given is None:
            return None
        known = self._process.calendars
        if isinstance(given, str):
            if given not in known:
                raise self._refusal(
                    "simulation.calendar_unknown",
                    f"The process has no calendar {given!r}.{did_you_mean(given, list(known))}",
                    path,
                    [*known, {"zone": "Europe/Berlin", "hours": {"mon-fri": "09:00-17:00"}}],
                    "Name a calendar of the process, or write it out.",
                )
            return Hours(known[given], self._begins)
        with naming(self._at(path)):
            try:
                return Hours(read_calendar("given", given), self._begins)
            except FlowMasterError as error:
                error.path = self._at(path)
                raise

    def _durations(self, given: Around) -> tuple[dict[str, Draw], dict[str, str]]:
        """Return how long steps take: as given, else as measured; and for each step where that is from."""
        draws = {step: span_of(each, self._at(f"durations.{step}")) for step, each in given.durations.items()}
        sources: dict[str, str] = {}
        for model in self._models:
            times = measured_times(self._reader, self._tenant, model.id)
            for element in model.elements:
                whole = f"{model.id}/{element}"
                key = element if model is self._process else whole
                if any(
                    name in given.durations for name in (*_names(model, element), *_types(model, element))
                ):
                    sources[key] = "given"
                elif times.get(element):
                    draws[whole] = chance.measured(times[element])
                    sources[key] = f"measured of {len(times[element])}"
        return draws, sources

    def _staff(self, role: str, given: int | StaffGiven) -> Staff:
        if isinstance(given, int):
            return Staff(given)
        path = f"staff.{role}"
        cost = number_of(given.cost_per_hour, self._at(f"{path}.cost_per_hour"), least=0)
        return Staff(given.number, cost, self._hours(given.calendar, f"{path}.calendar"))

    def _outcomes(self, step: str, given: Sequence[OutcomeGiven]) -> list[Outcome]:
        path = f"answers.{step}"
        found: list[Outcome] = []
        for number, one in enumerate(given):
            if one.error and one.fail:
                raise self._refusal(
                    "simulation.answer_wrong",
                    "Work ends in a modelled error or in a failure, not in both.",
                    f"{path}[{number}].fail",
                    "`error` or `fail`",
                    "Leave one of them out.",
                )
            weight = number_of(one.weight, self._at(f"{path}[{number}].weight"), least=0)
            found.append(Outcome(one.variables, weight, one.error, one.fail))
            self._check_answer(step, one, f"{path}[{number}].variables")
        if not sum(one.weight for one in found):
            raise self._refusal(
                "simulation.answer_wrong",
                f"Nothing of what {step!r} answers ever happens.",
                path,
                [{"weight": 1, "variables": {}}],
                "Give at least one outcome a weight of more than 0.",
            )
        return found

    def _check_answer(self, step: str, given: OutcomeGiven, path: str) -> None:
        forms = StepForms()
        for element in self._process.elements.values():
            if isinstance(element.details, UserTask) and step in _names(self._process, element.id):
                why = forms.refuses(self._process, element, given.variables)
                if why:
                    raise self._refusal(
                        "simulation.answer_wrong",
                        why,
                        path,
                        forms.wanted(self._process, element),
                        "Answer as the form of the task asks.",
                    )

    def _errors(self, step: str, given: Mapping[str, Json]) -> dict[str, float]:
        found: dict[str, float] = {}
        for code, probability in given.items():
            path = self._at(f"errors.{step}.{code}")
            found[code] = number_of(_number(probability), path, least=0, most=1)
        if sum(found.values()) > 1:
            raise self._refusal(
                "simulation.number_wrong",
                f"The probabilities of {step!r} are {said(sum(given.values()))} together.",  # type: ignore[arg-type]  # numbers
                f"errors.{step}",
                "at most 1 together",
                "Give smaller probabilities.",
            )
        return found

    def _notice(self, name: str, given: MessageGiven) -> Notice:
        path = f"messages.{name}"
        after = None if given.after is None else span_of(given.after, self._at(f"{path}.after"))
        likely = number_of(given.probability, self._at(f"{path}.probability"), least=0, most=1)
        return Notice((Outcome(given.variables),), after, likely)


def _names(model: Process, element: str) -> list[str]:
    """Return what a step may be called; behind its process it is told apart from those of others."""
    return [f"{model.id}/{element}", *names_of(model, element)]


def _types(model: Process, element: str) -> list[str]:
    """Return the types of the jobs of a step."""
    jobs = jobs_of(model.elements[element])
    return [str(job.type.content) for job in jobs if isinstance(job.type, Constant)]


def merged(base: Around, other: Around) -> Around:
    """Return what a variant says over what is said before it: by step and role, all else as a whole."""
    said_here = other.model_fields_set
    changed: dict[str, object] = {}
    for name in Around.model_fields:
        old, new = getattr(base, name), getattr(other, name)
        if name not in said_here:
            changed[name] = old
        else:
            changed[name] = _over(old, new)
    if "version" in said_here or "draft" in said_here:
        changed["version"], changed["draft"] = other.version, other.draft
    return Around.model_construct(**changed)  # type: ignore[arg-type]  # each was checked where it was given


def _over(old: object, new: object) -> object:
    """Return what is said later over what was said before: more or other people keep their hours and costs."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {
            **old,
            **{name: _over(old[name], each) if name in old else each for name, each in new.items()},
        }
    if isinstance(old, StaffGiven) and isinstance(new, int):
        return old.model_copy(update={"number": new})
    if isinstance(old, StaffGiven) and isinstance(new, StaffGiven):
        return old.model_copy(update={name: getattr(new, name) for name in new.model_fields_set})
    return new


def _number(value: Json) -> int:
    return value  # type: ignore[return-value]  # the model has taken it as a number


def _roles_of(model: Process) -> Iterator[str]:
    """Yield the roles that tasks are given or escalated to, as far as the model names them."""
    for element in model.elements.values():
        details = element.details
        if not isinstance(details, UserTask):
            continue
        for value in (details.roles, *(late.to for late in details.deadlines)):
            if isinstance(value, Constant):
                content = value.content
                listed = content if isinstance(content, list | tuple) else str(content).split(",")
                yield from (str(one).strip() for one in listed)
        if details.roles is None and details.users is None and element.lane:
            yield element.lane


def _acting(models: Sequence[Process]) -> set[str]:
    """Return the ids of the steps that people and services do."""
    return {
        element.id
        for model in models
        for element in model.elements.values()
        if isinstance(element.details, UserTask | Job)
    }
