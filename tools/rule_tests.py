"""The test cases of a decision: kept beside its versions, played before each one is saved, and on request."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import Field

from flowmaster.engine.dmn.cases import Case, Played, coverage_of, play, read_cases
from flowmaster.engine.dmn.reader import DmnModel, read_dmn
from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.values import Json
from flowmaster.stores.codec import dump, load
from flowmaster.stores.protocol import Reader, Transaction
from flowmaster.tools.bounds import leading, left_out
from flowmaster.tools.json_text import write_json
from flowmaster.tools.models import Result, Variables, WriteArguments, follow_up
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import store_once
from flowmaster.tools.rule_versions import TESTS, version_of

FAILED_SHOWN = 10
FAILED_BYTES = 4_000
"""How many failing cases a refusal shows, and how long they may be."""

NEXT_BYTES = 1_500
"""How long the arguments of a repairing call may be."""


class Tests(NamedTuple):
    """How the cases of a model's decisions went."""

    played: list[Played]
    coverage: dict[str, Json]


def kept_cases(reader: Reader, tenant: str, decision: str) -> list[dict[str, Json]]:
    """Return the cases that belong to a decision, as they were given."""
    found = reader.version(tenant, TESTS, decision)
    return [] if found is None else list(load(found.content))


def put_cases(
    transaction: Transaction, call: Call, decision: str, cases: Sequence[Mapping[str, Json]], at: int
) -> None:
    """Let cases belong to a decision from now on."""
    transaction.put_version(
        call.caller.tenant,
        TESTS,
        decision,
        name=decision,
        content=dump(list(cases)).decode(),
        by=call.caller.person,
        at=at,
    )


def check_cases(
    reader: Reader,
    tenant: str,
    model: DmnModel,
    main: str,
    given: Sequence[Mapping[str, Json]] | None,
    at: int,
) -> Tests:
    """Play the cases of all decisions of a model, for the main one those given; refuse the model if one fails."""
    compiled = model.compile()
    played: list[Played] = []
    coverage: dict[str, Json] = {}
    for name in [decision.id for decision in model.decisions]:
        entries = given if given is not None and name == main else kept_cases(reader, tenant, name)
        outcomes = play(compiled, name, read_cases(entries), at)
        _refuse_failed(reader, tenant, name, outcomes)
        played += outcomes
        if name == main:
            coverage = coverage_of(model, name, outcomes)
    return Tests(played, coverage)


def _refuse_failed(reader: Reader, tenant: str, decision: str, outcomes: Sequence[Played]) -> None:
    failed = [outcome for outcome in outcomes if not outcome.passed]
    if not failed:
        return
    shown: list[Json] = list(leading([outcome.body() for outcome in failed[:FAILED_SHOWN]], FAILED_BYTES))
    names = ", ".join(repr(outcome.case.name) for outcome in failed[:FAILED_SHOWN])
    raise FlowMasterError(
        "rule.tests_fail",
        f"{len(failed)} of {len(outcomes)} tests of {decision!r} fail: {names}. Nothing was saved.",
        path="tests",
        expected=shown,
        fix="Correct the rules, or give `tests` that say what is meant now.",
        next=_repairs(reader, tenant, decision, outcomes),
        status=422,
    )


def _repairs(reader: Reader, tenant: str, decision: str, outcomes: Sequence[Played]) -> list[Hint]:
    hints: list[Hint] = []
    if reader.version_number(tenant, "decision", decision) is None:
        return hints
    hints.append(Hint("rule_read", {"decision": decision, "view": "tests"}, "See the tests it has now."))
    meant: list[Json] = [_as_it_is(outcome) for outcome in outcomes]
    if len(write_json(meant)) <= NEXT_BYTES:
        arguments: dict[str, Json] = {"decision": decision, "tests": meant, "save": True}
        hints.append(Hint("rule_test", arguments, "Keep what it gives now as what is meant."))
    return hints


def _as_it_is(outcome: Played) -> dict[str, Json]:
    case = outcome.case
    told: dict[str, Json] = {"name": case.name, "inputs": dict(case.inputs)}
    told["expect"] = case.expect if outcome.passed and case.expects else outcome.got
    if case.decisions:
        told["decisions"] = dict(case.decisions)
    return told


class RuleTest(WriteArguments):
    """Which decision, and what to play."""

    decision: str = Field(max_length=200, description="Decision id.", examples=["approval_level"])
    tests: list[Variables] | None = Field(
        default=None,
        description="Cases {name, inputs, expect, rule?, decisions?}; default: those that belong to it.",
        examples=[[{"name": "small", "inputs": {"amount": 5}, "expect": "one"}]],
    )
    version: int | str | None = Field(default=None, description="Number or tag; default: the one in force.")
    save: bool = Field(default=False, description="Let the given cases belong to the decision.")


class RuleTested(Result):
    """How the cases went."""

    decision: str = Field(description="Its id.")
    version: int = Field(description="The version that was tested.")
    passed: int = Field(description="How many cases passed.")
    failed: int = Field(description="How many failed.")
    tests: list[dict[str, Any]] = Field(
        description="Each case; failed ones first, with what they gave and why."
    )
    coverage: dict[str, Any] = Field(description="Of each table: its rules, and those that no case covers.")
    saved: bool = Field(default=False, description="Whether the cases now belong to the decision.")


@operation(right="rule.write")
async def rule_test(call: Call, arguments: RuleTest) -> RuleTested:
    """Play test cases through a decision and tell which rules none covers; keep the cases if asked to."""
    runtime, tenant, name = call.app.runtime, call.caller.tenant, arguments.decision
    if arguments.save and arguments.tests is None:
        raise FlowMasterError(
            "arguments.invalid",
            "There are no `tests` to save.",
            path="tests",
            fix="Give `tests`, or leave `save` out.",
        )
    at = runtime.now()
    version = version_of(runtime.reader, tenant, name, arguments.version, at)
    given = arguments.tests
    cases: list[Case] = read_cases(kept_cases(runtime.reader, tenant, name) if given is None else given)
    model = read_dmn(version.content)
    played = play(model.compile(), name, cases, at)
    if arguments.save:
        await runtime.write(
            lambda transaction: _keep(transaction, call, arguments), dry_run=arguments.dry_run
        )
    failed = sum(not outcome.passed for outcome in played)
    bodies = [outcome.body() for outcome in sorted(played, key=lambda outcome: outcome.passed)]
    shown = leading(bodies, FAILED_BYTES)
    return RuleTested(
        decision=name,
        version=version.version,
        passed=len(played) - failed,
        failed=failed,
        tests=shown,
        coverage=coverage_of(model, name, played),
        saved=arguments.save,
        left_out=left_out({"tests": (len(bodies), len(shown))}),
        next=[] if failed or played else [follow_up(_first_case(name, model))],
    )


def _keep(transaction: Transaction, call: Call, arguments: RuleTest) -> None:
    at = call.app.runtime.clock.now(transaction)
    tests = arguments.tests or []
    put_cases(transaction, call, arguments.decision, tests, at)
    transaction.journal(
        call.caller.tenant,
        f"decision:{arguments.decision}",
        at=at,
        by=call.caller.person,
        agent=call.caller.agent,
        operation="rule_test",
        reason=arguments.reason or "",
        data={"tests": len(tests)},
    )
    store_once(transaction, call, subject=arguments.decision)


def _first_case(decision: str, model: DmnModel) -> Hint:
    inputs: dict[str, Json] = {name: None for name, _ in model.compile().decision(decision).inputs}
    case: dict[str, Json] = {"name": "nothing known", "inputs": inputs, "expect": None}
    return Hint("rule_test", {"decision": decision, "tests": [case]}, "Play a first case.")


OPERATIONS = (rule_test,)
"""What this module offers."""
