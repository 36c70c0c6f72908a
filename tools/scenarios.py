"""Plays scenarios through a process in a sandbox and compares what happened with what must happen."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.bpmn.scenario_names import wrong_names
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.model import Call as CallDetails
from flowmaster.engine.model import Constant, Flow, Process, Rule
from flowmaster.engine.outline import scenarios as written
from flowmaster.engine.outline.scenarios import Scenario
from flowmaster.engine.values import Json
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import DefinitionFilter, Version
from flowmaster.tools.cases_rules import RuleBook
from flowmaster.tools.cases_search import Search
from flowmaster.tools.cases_shown import Suggestion, first_tries, suggestions
from flowmaster.tools.json_text import write_json
from flowmaster.tools.laws import Court
from flowmaster.tools.registry import Call
from flowmaster.tools.rule_rows import rows_of
from flowmaster.tools.scenario_fixes import FIXED_MAX, Fixer
from flowmaster.tools.scenario_play import Played
from flowmaster.tools.scenario_stage import Kit, Stage
from flowmaster.tools.scenario_verdict import outcome_of
from flowmaster.tools.steps import Steps, in_steps
from flowmaster.tools.unnamed import place_of

DEFINITIONS_MAX = 500
"""How many decisions or processes are taken into a sandbox whose process names them by expressions."""

UNCOVERED_SHOWN = 20
"""How many uncovered branches an answer lists."""

OUTCOMES_BYTES = 6_000
"""How long the outcomes of one answer may be; of those behind, only the names are told while there is room."""

PASSED_BYTES = 1_200
"""How much of it goes to scenarios that passed: nothing is to be done about them."""

VALUE_SHOWN = 80
"""Characters of a value in a difference that is told in short."""

PATH_SHOWN = 60
"""Steps of a path that an answer lists."""


class Tested(NamedTuple):
    """How scenarios went: failed ones first; what they covered; and cases that would cover more."""

    passed: int
    failed: int
    outcomes: list[dict[str, Json]]
    coverage: dict[str, Json]
    suggested: list[Suggestion]
    laws: list[dict[str, Json]]
    listed: Sequence[Mapping[str, Json]]
    """The scenarios as they are written."""
    chosen: bool
    """Whether they were given, and are not those that the process carries."""

    @property
    def broken(self) -> list[dict[str, Json]]:
        """Return the laws that some case breaks."""
        return [law for law in self.laws if not law["holds"]]


def scenarios_of(process: Process) -> tuple[Scenario, ...]:
    """Return the scenarios that a process carries."""
    return written.scenarios_of(list(process.scenarios)) if process.scenarios else ()


async def run_scenarios(
    call: Call,
    bpmn: str,
    process: str,
    given: Sequence[Mapping[str, Json]] | None,
    *,
    generate: bool = False,
    tries: int = 0,
    laws: bool = True,
) -> Tested:
    """Play scenarios, those given or those that the process carries, each in a sandbox of its own.

    Without `laws` those of the process are not judged. `generate` also looks for cases worth a scenario; `tries` is for how many branches that no scenario covers one
    is made ready. What scenarios that are given leave uncovered is only counted: they are not all there are.
    """
    runtime, tenant = call.app.runtime, call.caller.tenant
    reads = {read.process.id: read.process for read in read_processes(parse_bpmn(bpmn), RUNNABLE)}
    carried = list(reads[process].scenarios)
    listed = [one for one in (carried if given is None else given) if isinstance(one, Mapping)]
    scenarios = written.scenarios_of(listed, saved=carried)
    if given is not None:
        _check_names(reads[process], listed)
    kit = Kit(bpmn, reads, collect(runtime.reader, tenant, reads))
    at = runtime.now()

    def work(steps: Steps) -> Tested:
        stage = Stage(kit, process, at, steps.check)
        trial = Trial(stage, listed, scenarios, chosen=given is not None, tell=steps.tell)
        return trial.run(generate=generate, tries=tries, laws=laws)

    return await in_steps(call, work)


def _check_names(process: Process, scenarios: Sequence[Mapping[str, Json]]) -> None:
    for wrong in wrong_names(process, scenarios):
        raise FlowMasterError(
            "scenario.step_unknown",
            f"{wrong.told}{did_you_mean(wrong.name, sorted(wrong.allowed))}",
            path=f"scenarios[{wrong.number}].{wrong.where}",
            expected=sorted(wrong.allowed),
            fix="Use the name or the id of a step, in `services` also the type of a job.",
            status=422,
        )


def _untold(done: int, total: int, message: str) -> None:
    """Tell nobody."""


class Trial:
    """Plays scenarios through one process, and says how they went."""

    def __init__(
        self,
        stage: Stage,
        listed: Sequence[Mapping[str, Json]],
        scenarios: Sequence[Scenario],
        *,
        chosen: bool,
        tell: Callable[[int, int, str], None] = _untold,
    ) -> None:
        self._stage = stage
        self._tell = tell
        self._listed = listed
        self._scenarios = scenarios
        self._chosen = chosen
        self._rules = RuleBook(stage.kit.definitions)

    def run(self, *, generate: bool, tries: int, laws: bool = True) -> Tested:
        """Play all, and look for more where that is asked."""
        tries = 0 if self._chosen else tries
        model = self._stage.model
        played = [self._played(place) for place in range(len(self._scenarios))]
        outcomes = [
            outcome_of(model, scenario, run) for scenario, run in zip(self._scenarios, played, strict=True)
        ]
        self._fix(played, outcomes)
        outcomes.sort(key=lambda outcome: outcome["passed"] is True)
        failed = sum(1 for outcome in outcomes if not outcome["passed"])
        branches = branches_of(model)
        taken = {flow for run in played for flow in run.taken}
        missing = [flow for flow in branches if flow.id not in taken]
        judging = laws and bool(model.laws)
        search = self._search(played) if generate or (missing and tries) or judging else None
        judged = self._judged(search, played) if search and judging else []
        suggested = suggestions(search, branches, self._listed) if search and generate else []
        ready = first_tries(search, missing, self._listed, tries) if search and not generate and tries else {}
        coverage = coverage_of(model, taken, ready)
        rows = rows_of(model, self._rules, [run.history for run in played])
        if rows:
            coverage["rules"] = rows
        coverage = counted(coverage) if self._chosen else coverage
        return Tested(
            len(outcomes) - failed, failed, outcomes, coverage, suggested, judged, self._listed, self._chosen
        )

    def _played(self, place: int) -> Played:
        self._tell(place, len(self._scenarios), "scenarios played")
        return self._stage.play(self._scenarios[place])

    def _fix(self, played: Sequence[Played], outcomes: Sequence[dict[str, Json]]) -> None:
        """Add ready edits to the first scenarios that fail."""
        passed = {str(outcome["name"]) for outcome in outcomes if outcome["passed"]}
        fixer = Fixer(self._stage, self._rules, self._scenarios, passed)
        failing = [place for place, outcome in enumerate(outcomes) if not outcome["passed"]]
        for place in failing[:FIXED_MAX]:
            outcomes[place].update(fixer.edits(self._scenarios[place], self._listed[place], played[place]))

    def _judged(self, search: Search, played: Sequence[Played]) -> list[dict[str, Json]]:
        """Judge the laws over the scenarios, and over a search of its own."""
        names = [scenario.name for scenario, run in zip(self._scenarios, played, strict=True) if run.ended]
        own = list(zip(names, search.tried, strict=True))
        apart = self._search(played)
        return Court(apart).judge(own, self._listed)

    def _search(self, played: Sequence[Played]) -> Search:
        search = Search(self._stage, rules=self._rules)
        cases = written.resolved_scenarios(self._listed, self._stage.model.scenarios)
        for raw, run in zip(cases, played, strict=True):
            if run.ended:
                search.add(case_of(self._stage.model, raw), run)
        return search


def case_of(process: Process, raw: Mapping[str, Json]) -> dict[str, Json]:
    """Return a scenario as a case: its steps by id, and one entry for each visit."""
    ids = {element.label: key for key, element in process.elements.items()}
    found: dict[str, Json] = {}
    for word, part in raw.items():
        if word in ("answers", "services") and isinstance(part, Mapping):
            found[word] = {
                key if key in process.elements else ids.get(key, key): [visits]
                if isinstance(visits, Mapping) or visits is None
                else visits
                for key, visits in part.items()
            }
        elif word not in ("name", "expect", "like"):
            found[word] = part
    return found


def in_short(outcomes: Sequence[Mapping[str, Json]], room: int = OUTCOMES_BYTES) -> list[dict[str, Json]]:
    """Return the outcomes of an answer: failed ones first, whole while there is room, else with what differs first."""
    forms = [_forms(outcome) for outcome in outcomes]
    reserved = sum(
        len(write_json(each[-1])) for each, told in zip(forms, outcomes, strict=True) if not told["passed"]
    )
    shown: list[dict[str, Json]] = []
    passing = False
    for outcome, each in zip(outcomes, forms, strict=True):
        if outcome["passed"] and not passing:
            passing, room = True, min(room, PASSED_BYTES)
        reserved -= 0 if passing else len(write_json(each[-1]))
        told = next((form for form in each if len(write_json(form)) < room - reserved), each[-1])
        room -= len(write_json(told))
        if room < 0 and (passing or shown):
            break
        shown.append(told)
    return shown


def _forms(outcome: Mapping[str, Json]) -> list[dict[str, Json]]:
    """Return how an outcome may be told, the longest form first; a failed one always says what differs first."""
    whole = {name: _cut(value) for name, value in outcome.items()}
    least = {"name": outcome["name"], "passed": outcome["passed"]}
    if outcome["passed"]:
        return [whole, least]
    differences = outcome.get("differences")
    if not isinstance(differences, Sequence):
        refused = outcome.get("refused")
        message = refused.get("message") if isinstance(refused, Mapping) else refused
        return [whole, least | {"refused": {"message": _clipped(message)}}]
    clipped: list[Json] = [
        {word: _clipped(value) for word, value in each.items()}
        for each in differences
        if isinstance(each, Mapping)
    ]
    return [whole, least | {"differences": clipped}, least | {"differences": clipped[:1]}]


def _clipped(value: Json) -> Json:
    """Return a value, or the beginning of its text if it is long."""
    text = value if isinstance(value, str) else write_json(value).decode()
    return value if len(text) <= VALUE_SHOWN else f"{text[:VALUE_SHOWN]}..."


def told_in_short(shown: Sequence[Mapping[str, Json]]) -> int:
    """Return how many failed scenarios of an answer are not told whole."""
    return sum(1 for outcome in shown if not outcome["passed"] and "path" not in outcome)


def _cut(value: Json) -> Json:
    """Return a value without the end of a long path."""
    if not isinstance(value, list) or len(value) <= PATH_SHOWN:
        return value
    return [*value[:PATH_SHOWN], f"... and {len(value) - PATH_SHOWN} more"]


def summary_of(tested: Tested) -> str:
    """Return in a sentence how scenarios went and what none of them covers."""
    if not tested.outcomes:
        return "No scenario tests this process."
    covered, branches = tested.coverage["covered"], tested.coverage["branches"]
    count = len(tested.outcomes)
    passed = f"{tested.passed} of {count} scenarios passed" if count > 1 else "1 scenario"
    if count == 1:
        passed += " failed" if tested.failed else " passed"
    return f"{passed}; {covered} of {branches} branches covered."


def collect(reader: Reader, tenant: str, reads: Mapping[str, Process]) -> list[Version]:
    """Return what the given processes call, directly or not: decisions in all versions, processes in the newest."""
    found: dict[tuple[str, str], list[Version]] = {}
    waiting = list(reads.values())
    while waiting:
        for kind, key in sorted(_called(reader, tenant, waiting.pop())):
            if (kind, key) in found or (kind == "process" and key in reads):
                continue
            version = reader.version(tenant, kind, key)
            if version is None:
                continue
            found[kind, key] = reader.versions(tenant, kind, key)[::-1] if kind == "decision" else [version]
            if kind == "process":
                inner = read_processes(parse_bpmn(version.content), RUNNABLE)
                waiting += [read.process for read in inner if read.process.id == key]
    return [version for versions in found.values() for version in versions]


def _called(reader: Reader, tenant: str, process: Process) -> set[tuple[str, str]]:
    names: set[tuple[str, str]] = set()
    for element in process.elements.values():
        match element.details:
            case Rule(decision=value):
                kind = "decision"
            case CallDetails(process=value):
                kind = "process"
            case _:
                continue
        if isinstance(value, Constant):
            names.add((kind, str(value.content)))
        else:
            page = reader.find_definitions(tenant, DefinitionFilter(kind=kind, limit=DEFINITIONS_MAX))
            names |= {(kind, row.key) for row in page.items}
    return names


def coverage_of(
    process: Process, taken: set[str], ready: Mapping[str, Mapping[str, Json]]
) -> dict[str, Json]:
    """Return how many branches were taken, and those that none of the cases took, some with a case that would."""
    branches = branches_of(process)
    missed = [flow for flow in branches if flow.id not in taken]
    missed.sort(key=lambda flow: flow.id not in ready)
    told: list[Json] = []
    for flow in missed[:UNCOVERED_SHOWN]:
        branch = _branch(process, flow)
        told.append(branch | {"try": dict(ready[flow.id])} if flow.id in ready else branch)
    return {"branches": len(branches), "covered": len(branches) - len(missed), "uncovered": told}


def counted(coverage: Mapping[str, Json]) -> dict[str, Json]:
    """Return how much is covered, without what is not."""
    found = {name: part for name, part in coverage.items() if name != "uncovered"}
    rules = coverage.get("rules")
    if isinstance(rules, Mapping):
        found["rules"] = {
            name: {word: rows[word] for word in ("rows", "covered") if word in rows}
            for name, rows in rules.items()
            if isinstance(rows, Mapping)
        }
    return found


def branches_of(process: Process) -> list[Flow]:
    """Return the flows where a process may go one way or another."""
    found: list[Flow] = []
    for element in process.elements.values():
        forks = len(element.outgoing) > 1 and element.kind != "parallelGateway"
        if forks or element.kind == "boundaryEvent":
            found += element.outgoing
    return found


def _branch(process: Process, flow: Flow) -> dict[str, Json]:
    told: dict[str, Json] = {
        "flow": flow.id,
        "from": place_of(process, flow.source) or process.elements[flow.source].label,
        "to": place_of(process, flow.target) or process.elements[flow.target].label,
    }
    if flow.condition is not None:
        told["condition"] = flow.condition.text
    return told
