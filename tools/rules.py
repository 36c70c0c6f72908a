"""Operations on rules: save DMN decisions and tables, and evaluate decisions and FEEL."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from flowmaster.engine.dmn.analysis import problems
from flowmaster.engine.dmn.compact import table_to_dmn
from flowmaster.engine.dmn.reader import DmnModel, read_dmn
from flowmaster.engine.errors import FlowMasterError, Hint, did_you_mean
from flowmaster.engine.feel.expression import compile_expression, to_json
from flowmaster.engine.values import Json
from flowmaster.stores.protocol import Reader, Transaction
from flowmaster.stores.rows import DefinitionFilter
from flowmaster.tools.bounds import leading, left_out
from flowmaster.tools.models import Arguments, Result, Value, Variables, WriteArguments, follow_up
from flowmaster.tools.naming import naming
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import store_once

KIND = "decision"
KNOWN_MAX = 1_000
SAID_LENGTH = 200
"""Characters of a value or an expression that a sentence repeats."""


class RuleSave(WriteArguments):
    """A DMN file or a table."""

    dmn: str = Field(default="", description="DMN XML.")
    table: dict[str, Value] | None = Field(
        default=None,
        description="Decision table: {decision, inputs, outputs, hit, rules}.",
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
    decision: str = Field(default="", max_length=200, description="Which decision of the file is meant.")


class RuleSaved(Result):
    """A saved decision."""

    decision: str = Field(description="Its id.")
    version: int = Field(description="Its new version.")
    problems: list[dict[str, Any]] = Field(description="Gaps, overlaps and type errors.")
    decisions: list[str] = Field(default=[], description="All decisions of the file.")


@operation(right="rule.write", core=True)
async def rule_save(call: Call, arguments: RuleSave) -> RuleSaved:
    """Save the next version of a decision, from DMN or a table."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    if bool(arguments.dmn) == (arguments.table is not None):
        raise FlowMasterError(
            "arguments.invalid", "Give either `dmn` or `table`.", path="dmn", fix="Give one of them."
        )
    with naming("dmn" if arguments.dmn else "table"):
        dmn = arguments.dmn or table_to_dmn(arguments.table or {})
        model = read_dmn(dmn)
    main = _main(model, arguments.decision)
    found = [problem.body() for problem in problems(model)]
    names = [decision.id for decision in model.decisions]

    def work(transaction: Transaction) -> int:
        at = runtime.clock.now(transaction)
        versions: dict[str, int] = {}
        for decision in model.decisions:
            versions[decision.id] = transaction.put_version(
                tenant,
                KIND,
                decision.id,
                name=decision.name or decision.id,
                content=dmn,
                by=call.caller.actor,
                at=at,
                note=arguments.reason or "",
            )
        transaction.journal(
            tenant,
            f"decision:{main}",
            at=at,
            by=call.caller.actor,
            operation="rule_save",
            reason=arguments.reason or "",
            data={"version": versions[main]},
        )
        store_once(transaction, call, subject=main)
        return versions[main]

    version = await runtime.write(work, dry_run=arguments.dry_run)
    return RuleSaved(
        decision=main,
        version=version,
        problems=(shown := leading(found)),
        left_out=left_out({"problems": (len(found), len(shown))}),
        decisions=names if len(names) > 1 else [],
        next=[follow_up(Hint("rule_evaluate", {"decision": main, "inputs": {}}, "Try it."))],
    )


def _main(model: DmnModel, wanted: str) -> str:
    names = [decision.id for decision in model.decisions]
    if not names:
        raise FlowMasterError(
            "dmn.no_decision", "The file has no decision.", path="dmn", fix="Add a decision."
        )
    if not wanted:
        return names[-1] if len(names) == 1 else names[0]
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
    version: int | None = Field(default=None, ge=1, description="Default: the newest.")


class RuleEvaluated(Result):
    """What a rule gave, and why."""

    result: Value = Field(description="Its value.")
    matched: list[dict[str, Any]] = Field(default=[], description="The rules that matched.")
    why: str = Field(description="In words.")
    warnings: list[str] = Field(default=[], description="What went wrong inside without stopping it.")


@operation(right="rule.read", core=True, read_only=True)
async def rule_evaluate(call: Call, arguments: RuleEvaluate) -> RuleEvaluated:
    """Evaluate a decision or a FEEL expression, with the rules that matched."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    at = runtime.now()
    if bool(arguments.decision) == bool(arguments.expression):
        raise FlowMasterError(
            "arguments.invalid",
            "Give either `decision` or `expression`.",
            path="decision",
            fix="Give one of them.",
        )
    if arguments.expression:
        with naming("expression"):
            expression = compile_expression(arguments.expression.removeprefix("="))
        found = expression.evaluate(arguments.inputs, at=at)
        value = to_json(found.value)
        return RuleEvaluated(
            result=value,
            why=f"`{arguments.expression[:SAID_LENGTH]}` gave {_said(value)}.",
            warnings=[str(warning.text) for warning in found.warnings],
        )
    reader = runtime.reader
    version = arguments.version or _newest(reader, tenant, arguments.decision)
    decision = runtime.models.decision(reader, tenant, arguments.decision, version)
    if decision is None:
        raise _unknown_version(reader, tenant, arguments.decision, version)
    missing = [name for name in decision.inputs if name not in arguments.inputs]
    answer = decision.evaluate(arguments.inputs, at)
    matched = [rule_body(rule._asdict()) for rule in answer.matched]
    value = to_json(answer.value)
    warnings = [str(getattr(warning, "text", warning)) for warning in answer.warnings]
    if missing:
        warnings.insert(0, f"These inputs were not given and count as null: {', '.join(missing)}.")
    return RuleEvaluated(
        result=value,
        matched=matched,
        why=_why(arguments.decision, version, matched, value),
        warnings=warnings,
    )


def rule_body(rule: Mapping[str, object]) -> dict[str, Json]:
    """Return a matched rule as data."""
    body: dict[str, Json] = {}
    for name, value in rule.items():
        if isinstance(value, Mapping):
            body[name] = {str(key): to_json(inner) for key, inner in value.items()}
        elif value:
            body[name] = to_json(value)
    return body


def _why(decision: str, version: int, matched: list[dict[str, Json]], value: Json) -> str:
    if not matched:
        return f"{decision} (version {version}) gave {_said(value)}; no rule of a table matched."
    rules = ", ".join(f"rule {rule.get('rule')} of {rule.get('decision')}" for rule in matched)
    return f"{decision} (version {version}) gave {_said(value)} by {rules}."


def _said(value: Json) -> str:
    said = repr(value)
    return said if len(said) <= SAID_LENGTH else said[:SAID_LENGTH] + "..."


def _newest(reader: Reader, tenant: str, decision: str) -> int:
    row = reader.find_definition(tenant, KIND, decision)
    if row is not None and row.version:
        return row.version
    page = reader.find_definitions(tenant, DefinitionFilter(kind=KIND, limit=KNOWN_MAX))
    known = [found.key for found in page.items]
    raise FlowMasterError(
        "rule.unknown",
        f"There is no decision {decision[:120]!r}.{did_you_mean(decision[:120], known)}",
        path="decision",
        expected=list(known[:20]),
        fix="Save it with `rule_save`, or name one that exists.",
        status=404,
    )


def _unknown_version(reader: Reader, tenant: str, decision: str, version: int) -> FlowMasterError:
    known: list[Json] = [found.version for found in reader.versions(tenant, KIND, decision)]
    return FlowMasterError(
        "rule.version_unknown",
        f"The decision {decision!r} has no version {version}.",
        path="version",
        expected=known,
        fix="Use one of the listed versions.",
        status=404,
    )


OPERATIONS = (rule_save, rule_evaluate)
"""What this module offers."""
