"""Operations on rules: save DMN decisions and tables, and evaluate decisions and FEEL."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from anyio import to_thread
from pydantic import Field

from flowmaster.engine.dmn.analysis import problems
from flowmaster.engine.dmn.reader import DmnModel
from flowmaster.engine.dmn.run import DecisionFault, DecisionResult
from flowmaster.engine.errors import FlowMasterError, Hint, did_you_mean
from flowmaster.engine.feel.expression import compile_expression, to_json
from flowmaster.engine.feel.said import SAID_LENGTH, named, said
from flowmaster.engine.library import Decision
from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.stores.protocol import Transaction
from flowmaster.tools.bounds import leading, left_out
from flowmaster.tools.link_breaks import broken_users
from flowmaster.tools.linking import link_decision
from flowmaster.tools.models import Arguments, Result, Value, Variables, WriteArguments, follow_up
from flowmaster.tools.naming import instant_of, naming
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import store_once
from flowmaster.tools.rule_sources import source_of
from flowmaster.tools.rule_tests import check_cases, put_cases
from flowmaster.tools.rule_versions import KIND, number_of, unknown_version


class RuleSave(WriteArguments):
    """A DMN file or a table."""

    dmn: str = Field(default="", description="DMN XML.")
    table: Variables | str | None = Field(
        default=None,
        description="{decision, inputs, outputs, hit, rules}, CSV, or {document}.",
        examples=[
            {
                "decision": "level",
                "inputs": [{"name": "amount", "type": "number"}],
                "outputs": [{"name": "level", "type": "string"}],
                "hit": "UNIQUE",
                "rules": [["<= 10000", '"one"'], ["> 10000", '"two"']],
            }
        ],
    )
    decision: str = Field(default="", max_length=200, description="Which of the file.")
    tests: list[Variables] | None = Field(
        default=None,
        description="Cases {name, inputs, expect}; must pass.",
        examples=[[{"name": "small", "inputs": {"amount": 5}, "expect": "one"}]],
    )
    valid_from: str = Field(default="", max_length=60, description="Default: now.", examples=["2027-01-01"])
    tag: str = Field(default="", max_length=100, description="Its tag.", examples=["tariff-2027"])


class RuleSaved(Result):
    """A saved decision."""

    decision: str = Field(description="Its id.")
    version: int = Field(description="Its new version.")
    valid_from: str = Field(description="From when on it is in force.")
    replaced: str = Field(default="", description="When another version that is there already takes over.")
    problems: list[dict[str, Any]] = Field(description="Gaps, overlaps and type errors.")
    tests: int = Field(default=0, description="How many test cases passed.")
    rule_coverage: dict[str, Any] = Field(
        default={}, description="Of each table the cases reach: its rules, and those that no case covers."
    )
    decisions: list[str] = Field(default=[], description="All decisions of the file.")


@operation(right="rule.write", core=True)
async def rule_save(call: Call, arguments: RuleSave) -> RuleSaved:
    """Save the next version of a decision, from DMN or a table."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    since = instant_of(arguments.valid_from, "valid_from")
    dmn, model = source_of(runtime.reader, tenant, arguments.dmn, arguments.table, arguments.decision)
    main = _main(model, arguments.decision)
    found = [problem.body() for problem in await to_thread.run_sync(problems, model)]
    names = [decision.id for decision in model.decisions]
    broken = [one.body() for one in broken_users(runtime.reader, tenant, dmn, names)]
    tests = check_cases(runtime.reader, tenant, model, main, arguments.tests, since or runtime.now())

    def work(transaction: Transaction) -> tuple[int, int, int | None]:
        at = runtime.clock.now(transaction)
        valid_from = at if since is None else since
        versions = {
            name: _put(transaction, call, arguments, name, dmn, model, at, valid_from) for name in names
        }
        if arguments.tests is not None:
            put_cases(transaction, call, main, arguments.tests, at)
        transaction.journal(
            tenant,
            f"decision:{main}",
            at=at,
            by=call.caller.person,
            agent=call.caller.agent,
            operation="rule_save",
            reason=arguments.reason or "",
            data={"version": versions[main], "valid_from": iso(valid_from), "tests": len(tests.played)},
        )
        store_once(transaction, call, subject=main)
        later = [
            each.valid_from
            for each in transaction.versions(tenant, KIND, main)
            if each.valid_from > valid_from
        ]
        return versions[main], valid_from, min(later, default=None)

    version, valid_from, replaced = await runtime.write(work, dry_run=arguments.dry_run)
    return RuleSaved(
        decision=main,
        version=version,
        valid_from=iso(valid_from),
        replaced="" if replaced is None else iso(replaced),
        problems=(shown := leading([*broken, *found])),
        tests=len(tests.played),
        rule_coverage=tests.coverage if tests.played else {},
        left_out=left_out({"problems": (len(broken) + len(found), len(shown))}),
        decisions=names if len(names) > 1 else [],
        next=[follow_up(_after(main, version, found))],
    )


def _after(decision: str, version: int, found: Sequence[Mapping[str, Json]]) -> Hint:
    arguments: dict[str, Json] = {"decision": decision, "version": version}
    if found:
        return Hint("rule_read", {**arguments, "view": "problems"}, "See all problems with their examples.")
    return Hint("rule_test", arguments, "Play its tests, or a first one.")


def _put(
    transaction: Transaction,
    call: Call,
    arguments: RuleSave,
    name: str,
    dmn: str,
    model: DmnModel,
    at: int,
    valid_from: int,
) -> int:
    titles = {decision.id: decision.name for decision in model.decisions}
    version = transaction.put_version(
        call.caller.tenant,
        KIND,
        name,
        name=titles[name] or name,
        content=dmn,
        by=call.caller.person,
        at=at,
        tag=arguments.tag,
        note=arguments.reason or "",
        valid_from=valid_from,
    )
    link_decision(transaction, call.caller.tenant, model, name, version)
    return version


def _main(model: DmnModel, wanted: str) -> str:
    names = [decision.id for decision in model.decisions]
    if not names:
        raise FlowMasterError(
            "dmn.no_decision", "The file has no decision.", path="dmn", fix="Add a decision."
        )
    if not wanted:
        return names[0]
    if wanted not in names:
        raise FlowMasterError(
            "rule.not_in_file",
            f"The file has no decision {wanted!r}.{did_you_mean(wanted, names)}",
            path="decision",
            expected=list(names),
            fix="Name one of the decisions of the file, or none.",
        )
    return wanted


class RuleEvaluate(Arguments):
    """Which rule, over what."""

    decision: str = Field(default="", description="Decision id.", examples=["approval_level"])
    expression: str = Field(default="", max_length=50_000, description="FEEL, instead of a decision.")
    inputs: Variables = Field(default={}, description="The values it sees.")
    version: int | str | None = Field(default=None, description="Number or tag.")
    at: str = Field(default="", max_length=60, description="Default: now.", examples=["2026-12-31"])


RESULT_BYTES: Final = 6_000
"""How much is shown of a list that an evaluation gives."""


class RuleEvaluated(Result):
    """What a rule gave, and why."""

    result: Value = Field(description="Its value.")
    version: int = Field(default=0, description="The version of the decision that was asked.")
    inputs: dict[str, Any] = Field(default={}, description="What the decision asked for, and was given.")
    matched: list[dict[str, Any]] = Field(default=[], description="The rules that matched.")
    why: str = Field(description="In words.")
    warnings: list[str] = Field(default=[], description="What went wrong inside without stopping it.")


@operation(right="rule.read", core=True, read_only=True)
async def rule_evaluate(call: Call, arguments: RuleEvaluate) -> RuleEvaluated:
    """Evaluate a decision or a FEEL expression, with the rules that matched."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    if bool(arguments.decision) == bool(arguments.expression):
        raise FlowMasterError(
            "arguments.invalid",
            "Give either `decision` or `expression`.",
            path="decision",
            fix="Give one of them.",
        )
    told = instant_of(arguments.at, "at")
    at = runtime.now() if told is None else told
    if arguments.expression:
        return _expression(arguments, at)
    version = number_of(runtime.reader, tenant, arguments.decision, arguments.version, at)
    decision = runtime.models.decision(runtime.reader, tenant, arguments.decision, version)
    if decision is None:
        raise unknown_version(runtime.reader, tenant, arguments.decision, version)
    answer = decision.evaluate(arguments.inputs, at)
    assert isinstance(answer, DecisionResult)
    missing = [name for name in decision.inputs if name not in arguments.inputs]
    _refuse_fault(arguments, version, answer, missing)
    value, beyond = _bounded(to_json(answer.value))
    matched = [rule_body(rule._asdict()) for rule in answer.matched]
    used = {name: arguments.inputs[name] for name in decision.inputs if name in arguments.inputs}
    return RuleEvaluated(
        result=value,
        version=version,
        inputs=used,
        matched=(shown := leading(matched)),
        why=_why(arguments.decision, version, matched, used, value),
        warnings=[
            *_missing(decision, arguments.inputs, missing),
            *(str(each.text) for each in answer.warnings),
        ],
        left_out={**left_out({"matched": (len(matched), len(shown))}), **beyond},
    )


def _bounded(value: Json) -> tuple[Json, dict[str, int]]:
    """Return a value as an answer shows it, of a very long list the beginning, and what is left out of it."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return value, {}
    shown = leading(value, RESULT_BYTES)
    return [*shown], left_out({"result": (len(value), len(shown))})


def _expression(arguments: RuleEvaluate, at: int) -> RuleEvaluated:
    with naming("expression"):
        expression = compile_expression(arguments.expression.removeprefix("="))
    found = expression.evaluate(arguments.inputs, at=at)
    value, beyond = _bounded(to_json(found.value))
    return RuleEvaluated(
        result=value,
        left_out=beyond,
        why=f"`{arguments.expression[:SAID_LENGTH]}` gave {said(value)}.",
        warnings=[str(warning.text) for warning in found.warnings],
    )


def _refuse_fault(
    arguments: RuleEvaluate, version: int, answer: DecisionResult, missing: Sequence[str]
) -> None:
    """Refuse an answer that is null since an input or a table is at fault, and any to an input of the wrong type."""
    kinds = {fault.kind: fault for fault in reversed(answer.faults)}
    fault = kinds.get("input_wrong_type")
    if fault is None and answer.value is None and answer.faults:
        fault = answer.faults[0]
    if fault is None:
        return
    asked = named(fault.inputs)
    where = f"{fault.decision or arguments.decision} (version {version})"
    unknown = f" Not given: {', '.join(missing)}." if missing else ""
    wrong = fault.kind == "input_wrong_type"
    raise FlowMasterError(
        _FAULTS[fault.kind].code,
        f"{where}: {fault.text}{f', for {asked}' if asked and not wrong else ''}.{unknown}",
        path=_path(fault, missing),
        expected=list(fault.rules) or None,
        fix=_FAULTS[fault.kind].fix,
        next=[
            Hint(
                "rule_read",
                {"decision": arguments.decision, "version": version, "view": "table"},
                "See its rules.",
            )
        ],
        status=422,
    )


class _Told(NamedTuple):
    """What a fault of a decision is called when it is refused, and the next move."""

    code: str
    fix: str


_FAULTS: Final = {
    "no_match": _Told("rule.no_match", "Correct the inputs, add a rule, or give the output a `default`."),
    "several_match": _Told(
        "rule.several_match", "Narrow one of these rules, or choose hit policy F (the first counts)."
    ),
    "answers_differ": _Told("rule.answers_differ", "Let these rules answer the same, or narrow one of them."),
    "input_not_allowed": _Told(
        "rule.input_not_allowed", "Give one of the allowed values, or add this one to them."
    ),
    "input_wrong_type": _Told("rule.input_wrong_type", "Give a value of that type."),
}


def _path(fault: DecisionFault, missing: Sequence[str]) -> str:
    if fault.kind == "input_wrong_type":
        return f"inputs.{next(iter(fault.inputs), '')}"
    return f"inputs.{missing[0]}" if missing else "inputs"


def _missing(decision: Decision, inputs: Mapping[str, Json], missing: Sequence[str]) -> list[str]:
    if not missing:
        return []
    told = f"These inputs were not given and count as null: {', '.join(missing)}."
    strange = [name for name in inputs if name not in decision.inputs]
    near = [f"{name!r} is none of them.{did_you_mean(name, list(missing))}" for name in strange[:3]]
    return [" ".join([told, *near])]


def rule_body(rule: Mapping[str, object]) -> dict[str, Json]:
    """Return a matched rule as data."""
    body: dict[str, Json] = {}
    for name, value in rule.items():
        if isinstance(value, Mapping):
            body[name] = {str(key): to_json(inner) for key, inner in value.items()}
        elif value:
            body[name] = to_json(value)
    return body


def _why(
    decision: str, version: int, matched: list[dict[str, Json]], used: Mapping[str, Json], value: Json
) -> str:
    given = named(used)
    start = f"{decision} (version {version}) gave {said(value)}"
    if not matched:
        return f"{start}{f' for {given}' if given else ''}; no rule of a table matched."
    rules = ", ".join(f"rule {rule.get('rule')} of {rule.get('decision')}" for rule in matched[:10])
    more = f" and {len(matched) - 10} more" if len(matched) > 10 else ""
    return f"{start} by {rules}{more}{f', since {given}' if given else ''}."


OPERATIONS = (rule_save, rule_evaluate)
"""What this module offers."""
