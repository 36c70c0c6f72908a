"""Plays scenarios through a process in a sandbox and compares what happened with what must happen."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import anyio

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.model import Call as CallDetails
from flowmaster.engine.model import Constant, Flow, Process, Rule
from flowmaster.engine.outline import scenarios as written
from flowmaster.engine.outline.scenarios import Scenario
from flowmaster.engine.timers import instant
from flowmaster.engine.values import Json
from flowmaster.runtime.models import Models
from flowmaster.runtime.sandbox import TENANT, Sandbox
from flowmaster.stores.protocol import Reader, Transaction
from flowmaster.stores.rows import DefinitionFilter, Version
from flowmaster.tools.json_text import write_json
from flowmaster.tools.registry import Call
from flowmaster.tools.scenario_play import Played, play
from flowmaster.tools.scenario_verdict import outcome_of

DEFINITIONS_MAX = 500
"""How many decisions or processes are taken into a sandbox whose process names them by expressions."""

UNCOVERED_SHOWN = 20
"""How many uncovered branches an answer lists."""

OUTCOMES_BYTES = 6_000
"""How long the outcomes of one answer may be; of those behind, only the names are told while there is room."""

PATH_SHOWN = 60
"""Steps of a path that an answer lists."""


class Tested(NamedTuple):
    """How scenarios went: failed ones first; which branches they covered."""

    passed: int
    failed: int
    outcomes: list[dict[str, Json]]
    coverage: dict[str, Json]


def scenarios_of(process: Process) -> tuple[Scenario, ...]:
    """Return the scenarios that a process carries."""
    return written.scenarios_of(list(process.scenarios)) if process.scenarios else ()


async def run_scenarios(
    call: Call, bpmn: str, process: str, given: Sequence[Mapping[str, Json]] | None
) -> Tested:
    """Play scenarios, those given or those that the process carries, each in a sandbox of its own."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    reads = {read.process.id: read.process for read in read_processes(parse_bpmn(bpmn), RUNNABLE)}
    model = reads[process]
    scenarios = (
        scenarios_of(model) if given is None else written.scenarios_of(list(given), saved=model.scenarios)
    )
    at = runtime.now()
    kit = Kit(bpmn, list(reads), collect(runtime.reader, tenant, reads))

    def play_all() -> list[Played]:
        return [_play_one(kit, process, scenario, at) for scenario in scenarios]

    played = await anyio.to_thread.run_sync(play_all)
    outcomes = [outcome_of(model, scenario, run) for scenario, run in zip(scenarios, played, strict=True)]
    outcomes.sort(key=lambda outcome: outcome["passed"] is True)
    failed = sum(1 for outcome in outcomes if not outcome["passed"])
    taken = {flow for run in played for flow in run.taken}
    return Tested(len(outcomes) - failed, failed, outcomes, coverage_of(model, taken))


def in_short(outcomes: Sequence[Mapping[str, Json]]) -> list[dict[str, Json]]:
    """Return the outcomes of an answer: the first whole, those behind by name, and no more than fit."""
    shown: list[dict[str, Json]] = []
    room = OUTCOMES_BYTES
    for outcome in outcomes:
        whole = {name: _cut(value) for name, value in outcome.items()}
        size = len(write_json(whole))
        told = whole if size < room else {"name": outcome["name"], "passed": outcome["passed"]}
        room -= size if size < room else len(write_json(told))
        if room < 0:
            break
        shown.append(told)
    return shown


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
    return f"{tested.passed} scenarios passed; {covered} of {branches} branches covered."


class Kit(NamedTuple):
    """What a sandbox is furnished with: the file under test, and what it calls."""

    bpmn: str
    processes: list[str]
    definitions: list[Version]


def _play_one(kit: Kit, process: str, scenario: Scenario, at: int) -> Played:
    begins = instant(scenario.at) if scenario.at else at
    sandbox = Sandbox(Models(), begins)
    sandbox.write(lambda transaction: furnish(transaction, kit, begins))
    return play(sandbox, process, scenario)


def furnish(transaction: Transaction, kit: Kit, at: int) -> None:
    """Publish in a sandbox what a test needs."""
    for key in kit.processes:
        transaction.put_version(TENANT, "process", key, name=key, content=kit.bpmn, by="test", at=at)
    for each in kit.definitions:
        transaction.put_version(
            TENANT,
            each.kind,
            each.key,
            name=each.name,
            content=each.content,
            by="test",
            at=at,
            tag=each.tag,
            valid_from=each.valid_from,
        )


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


def coverage_of(process: Process, taken: set[str]) -> dict[str, Json]:
    """Return how many branches were taken, and those that none of the cases took."""
    branches = branches_of(process)
    missed = [flow for flow in branches if flow.id not in taken]
    return {
        "branches": len(branches),
        "covered": len(branches) - len(missed),
        "uncovered": [_branch(process, flow) for flow in missed[:UNCOVERED_SHOWN]],
    }


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
        "from": process.elements[flow.source].label,
        "to": process.elements[flow.target].label,
    }
    if flow.condition is not None:
        told["condition"] = flow.condition.text
    return told
