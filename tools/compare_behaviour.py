"""What two versions of a process do otherwise: both are furnished with their rules, and cases are played on them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.model import Constant, Process, Rule
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import Version
from flowmaster.tools.behaviour_play import Comparison, Furnished
from flowmaster.tools.behaviour_recorded import Records, recorded
from flowmaster.tools.behaviour_rules import Ruled
from flowmaster.tools.behaviour_view import BehaviourView
from flowmaster.tools.cases_rules import RuleModel
from flowmaster.tools.registry import Call
from flowmaster.tools.rule_versions import version_of
from flowmaster.tools.scenario_stage import Kit
from flowmaster.tools.scenarios import collect
from flowmaster.tools.steps import Steps, in_steps


class Sided(NamedTuple):
    """One state of a process: its model, its file, its number if it is published, and the versions of decisions that it asks."""

    process: Process
    bpmn: str
    version: int | None
    rules: Mapping[str, int | str | None]


async def behaviour_view(call: Call, old: Sided, new: Sided) -> BehaviourView:
    """Play cases on two states of a process and return what differs."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    at = runtime.now()
    asked = [_asked(old.process), _asked(new.process)]
    _check_rules(old, asked)
    chosen = [_chosen(runtime.reader, tenant, side, at, word) for side, word in ((old, "from"), (new, "to"))]
    sides = (
        _furnished(runtime.reader, tenant, old, chosen[0]),
        _furnished(runtime.reader, tenant, new, chosen[1]),
    )
    records, notes = Records([], Counter()), list[str]()
    if old.version is not None and call.caller.may("instance.read"):
        records = recorded(runtime.reader, tenant, old.process, old.version)
    elif old.version is not None:
        notes.append("Real instances were left out: you may not read them.")
    ruled = [
        Ruled(key, (RuleModel(was.content), RuleModel(now.content)), (was.version, now.version))
        for key, was in chosen[0].items()
        if was.content != (now := chosen[1][key]).content
    ]

    def work(steps: Steps) -> BehaviourView:
        comparison = Comparison(sides, ruled, records, at, steps)
        comparison.notes += notes
        return comparison.run()

    return await in_steps(call, work)


def _asked(process: Process) -> set[str]:
    """Return the decisions that a process asks in the version that is in force; empty texts are named by expressions."""
    rules = [each.details for each in process.elements.values() if isinstance(each.details, Rule)]
    return {
        str(rule.decision.content) if isinstance(rule.decision, Constant) else ""
        for rule in rules
        if not rule.version
    }


def _check_rules(side: Sided, asked: Sequence[set[str]]) -> None:
    """Refuse versions of decisions that neither side asks in the version that is in force."""
    known = asked[0] | asked[1]
    for key in side.rules if "" not in known else ():
        if key not in known:
            raise FlowMasterError(
                "arguments.invalid",
                f"Neither side asks the decision {key[:80]!r} in the version that is in force."
                f"{did_you_mean(key[:80], sorted(known))}",
                path=f"rules.{key[:80]}",
                expected=sorted(known),
                fix="Name decisions that the process asks without naming a version of them.",
            )


def _chosen(reader: Reader, tenant: str, side: Sided, at: int, word: str) -> dict[str, Version]:
    """Return the versions of decisions that a side asks, as far as they are named; `word` is how the caller names the side."""
    found: dict[str, Version] = {}
    for key, wanted in side.rules.items():
        try:
            found[key] = version_of(reader, tenant, key, wanted, at)
        except FlowMasterError as error:
            error.path = f"rules.{key[:80]}.{word}"
            raise
    return found


def _furnished(reader: Reader, tenant: str, side: Sided, chosen: Mapping[str, Version]) -> Furnished:
    reads = {read.process.id: read.process for read in read_processes(parse_bpmn(side.bpmn), RUNNABLE)}
    definitions = collect(reader, tenant, reads)
    for version in chosen.values():
        definitions = _in_force(definitions, version)
    return Furnished(reads[side.process.id], Kit(side.bpmn, reads, definitions))


def _in_force(definitions: Sequence[Version], chosen: Version) -> list[Version]:
    """Return the definitions with a version of a decision in force at all times: as a copy that is the newest one."""
    own = [each for each in definitions if (each.kind, each.key) == ("decision", chosen.key)]
    if not own:
        return list(definitions)
    others = [each for each in definitions if (each.kind, each.key) != ("decision", chosen.key)]
    return [*others, *(each._replace(valid_from=0) for each in own), chosen._replace(valid_from=0, tag="")]
