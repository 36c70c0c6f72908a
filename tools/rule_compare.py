"""What a change of a rule would have changed: the newest real evaluations, decided again by a candidate."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from anyio import to_thread
from pydantic import Field

from flowmaster.engine.dmn.cases import same
from flowmaster.engine.dmn.compact import dmn_to_table
from flowmaster.engine.dmn.model import DecisionTable
from flowmaster.engine.dmn.reader import DmnModel, read_dmn
from flowmaster.engine.dmn.table_diff import rule_counterparts, table_changes
from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.feel.expression import to_json
from flowmaster.engine.library import Decision
from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.runtime.models import compile_decisions
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import Evaluation
from flowmaster.tools.bounds import leading, left_out
from flowmaster.tools.models import Arguments, Result, Variables, follow_up
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.rule_sources import source_of
from flowmaster.tools.rule_versions import version_of

LAST_MAX = 5_000
CHANGED_BYTES = 4_000
STRUCTURE_BYTES = 2_000
RULES_SHOWN = 50


class RuleCompare(Arguments):
    """Which decision, and what it is compared with."""

    decision: str = Field(max_length=200, description="Decision id.", examples=["approval_level"])
    from_version: int | str | None = Field(
        default=None,
        alias="from",
        description="Number or tag that real cases are decided by again; default: what was decided then.",
    )
    to: int | str | None = Field(
        default=None, description="The candidate: a version by number or tag; default: the newest."
    )
    table: Variables | str | None = Field(
        default=None, description="The candidate, unsaved: a table, CSV, or {document}, as in `rule_save`."
    )
    dmn: str = Field(default="", description="The candidate, unsaved: DMN XML.")
    last: int = Field(
        default=200, ge=1, le=LAST_MAX, description="How many of the newest real cases to decide again."
    )


class RuleCompared(Result):
    """What would have been decided otherwise."""

    decision: str = Field(description="Its id.")
    compared: str = Field(description="What was compared with what.")
    cases: int = Field(description="How many real cases were decided again.")
    same: int = Field(description="How many would have ended as they did.")
    changed: int = Field(description="How many would have ended otherwise.")
    unknown: int = Field(
        default=0, description="How many could not be decided, since an input was not recorded."
    )
    lacking: list[str] = Field(default=[], description="Inputs that were not recorded.")
    outcomes: list[dict[str, Any]] = Field(
        description="The changed cases, newest first: instance, inputs, old and new result, and the rules of each."
    )
    unused: list[int] = Field(
        default=[], description="Rules of the candidate that none of these cases reaches."
    )
    no_longer: list[int] = Field(
        default=[],
        description="Rules that decided some of them before and whose counterparts now decide none.",
    )
    structure: list[dict[str, Any]] = Field(
        description="Columns and rules that were added, removed or changed."
    )


class _Ask(NamedTuple):
    """A decision ready to be asked, and where it comes from."""

    label: str
    number: int
    model: DmnModel
    decision: Decision


class _Again(NamedTuple):
    """A real case decided again: results, and the numbers of the rules that decided it."""

    case: Evaluation
    old: Json
    new: Json
    old_rules: list[int]
    new_rules: list[int]


@operation(right="rule.read", read_only=True)
async def rule_compare(call: Call, arguments: RuleCompare) -> RuleCompared:
    """Preview the impact of a change: decide the newest real cases again by a candidate and list what changes."""
    runtime, tenant, name = call.app.runtime, call.caller.tenant, arguments.decision
    reader, now = runtime.reader, runtime.now()
    base = _version(reader, tenant, name, arguments.from_version, now)
    candidate = _candidate(reader, tenant, arguments, now)
    asked = base if arguments.from_version is not None else None
    found = reader.evaluations(tenant, name, limit=arguments.last)
    lacking = {each for case in found for each in _lacking(candidate, asked, case)}
    known = [case for case in found if not _lacking(candidate, asked, case)]
    again = await to_thread.run_sync(lambda: [_again(case, asked, candidate, name) for case in known])
    changed = [each for each in again if not same(each.old, each.new)]
    structure, counterparts = _structure(base, candidate, name)
    shown, told = (
        leading([_body(each) for each in changed], CHANGED_BYTES),
        leading(structure, STRUCTURE_BYTES),
    )
    return RuleCompared(
        decision=name,
        compared=f"{asked.label if asked else 'what was decided'} with {candidate.label}",
        cases=len(again),
        same=len(again) - len(changed),
        changed=len(changed),
        unknown=len(found) - len(known),
        lacking=sorted(lacking),
        outcomes=shown,
        unused=_unused(candidate, again, name),
        no_longer=_no_longer(again, counterparts, base, asked),
        structure=told,
        left_out=left_out({"outcomes": (len(changed), len(shown)), "structure": (len(structure), len(told))}),
        next=_next(arguments),
    )


def _version(reader: Reader, tenant: str, name: str, version: int | str | None, at: int) -> _Ask:
    found = version_of(reader, tenant, name, version, at)
    return _ready(f"version {found.version}", found.version, found.content, read_dmn(found.content), name)


def _candidate(reader: Reader, tenant: str, arguments: RuleCompare, at: int) -> _Ask:
    given = bool(arguments.dmn) or arguments.table is not None
    if given and arguments.to is not None:
        raise FlowMasterError(
            "arguments.invalid",
            "Give one candidate: `to`, `table` or `dmn`.",
            path="to",
            fix="Leave the others out.",
        )
    if given:
        text, model = source_of(reader, tenant, arguments.dmn, arguments.table, arguments.decision)
        return _ready("the candidate", 0, text, model, arguments.decision)
    newest = arguments.to
    if newest is None:
        row = reader.find_definition(tenant, "decision", arguments.decision)
        newest = row.version if row is not None else None
    return _version(reader, tenant, arguments.decision, newest, at)


def _ready(label: str, number: int, text: str, model: DmnModel, name: str) -> _Ask:
    decisions = compile_decisions(text)
    if name not in decisions:
        raise FlowMasterError(
            "rule.not_in_file",
            f"The candidate has no decision {name!r}.",
            path="decision",
            expected=list(decisions),
            fix="Give the candidate the id of the decision that it is compared with.",
        )
    return _Ask(label, number, model, decisions[name])


def _lacking(candidate: _Ask, asked: _Ask | None, case: Evaluation) -> list[str]:
    wanted = [*candidate.decision.inputs, *(asked.decision.inputs if asked else ())]
    return [name for name in wanted if name not in case.event.inputs]


def _again(case: Evaluation, asked: _Ask | None, candidate: _Ask, name: str) -> _Again:
    new, new_rules = _ask(candidate, case, name)
    if asked is not None:
        old, old_rules = _ask(asked, case, name)
    else:
        old, old_rules = case.event.output, _recorded(case.event.matched, name)
    return _Again(case, old, new, old_rules, new_rules)


def _ask(asked: _Ask, case: Evaluation, name: str) -> tuple[Json, list[int]]:
    answer = asked.decision.evaluate(case.event.inputs, case.at)
    matched = [rule._asdict() for rule in answer.matched]
    numbers = [rule["rule"] for rule in matched if rule["decision"] == name]
    return to_json(answer.value), [number for number in numbers if isinstance(number, int)]


def _recorded(matched: Sequence[Json], name: str) -> list[int]:
    numbers = [
        rule.get("rule") for rule in matched if isinstance(rule, Mapping) and rule.get("decision") == name
    ]
    return [number for number in numbers if isinstance(number, int)]


def _body(again: _Again) -> dict[str, Json]:
    case = again.case
    return {
        "instance": case.instance,
        "at": iso(case.at),
        "version": case.event.version,
        "inputs": dict(case.event.inputs),
        "old": again.old,
        "old_rules": list(again.old_rules),
        "new": again.new,
        "new_rules": list(again.new_rules),
    }


def _structure(base: _Ask, candidate: _Ask, name: str) -> tuple[list[dict[str, Json]], dict[int, int | None]]:
    """Return what differs between two decisions, and of tables the counterpart of each old rule."""
    try:
        old, new = dmn_to_table(base.model, name), dmn_to_table(candidate.model, name)
    except FlowMasterError:
        one, other = (_logic(ask.model, name) for ask in (base, candidate))
        return ([] if one == other else [{"what": "logic", "change": "changed"}]), {}
    return table_changes(old, new), rule_counterparts(old, new)


def _logic(model: DmnModel, name: str) -> object:
    return next(each.logic for each in model.definitions.decisions if each.id == name)


def _unused(candidate: _Ask, again: Sequence[_Again], name: str) -> list[int]:
    """Return the rules of a candidate's table that no case reaches."""
    logic = _logic(candidate.model, name)
    if not again or not isinstance(logic, DecisionTable):
        return []
    hit = {rule for each in again for rule in each.new_rules}
    return [rule for rule in range(1, len(logic.rules) + 1) if rule not in hit][:RULES_SHOWN]


def _no_longer(
    again: Sequence[_Again], counterparts: Mapping[int, int | None], base: _Ask, asked: _Ask | None
) -> list[int]:
    """Return the rules of the base that decided cases, and whose counterparts now decide none."""
    used = {
        rule
        for each in again
        for rule in each.old_rules
        if asked is not None or each.case.event.version == base.number
    }
    hit = {rule for each in again for rule in each.new_rules}
    return sorted(rule for rule in used if rule in counterparts and counterparts[rule] not in hit)[
        :RULES_SHOWN
    ]


def _next(arguments: RuleCompare) -> list[Any]:
    if isinstance(arguments.table, str) or arguments.table is None:
        return []
    return [follow_up(Hint("rule_save", {"table": dict(arguments.table)}, "Save the candidate."))]


OPERATIONS = (rule_compare,)
"""What this module offers."""
