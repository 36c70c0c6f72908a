"""Test cases of a decision: what it must answer to some inputs, played, with the rules that no case reaches."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flowmaster.engine.dmn import model as m
from flowmaster.engine.dmn.compiled import CompiledModel
from flowmaster.engine.dmn.reader import DmnModel
from flowmaster.engine.dmn.run import RuleMatch
from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.feel.convert import to_json
from flowmaster.engine.feel.said import said
from flowmaster.engine.values import Json

CASES_MAX = 1_000
UNCOVERED_SHOWN = 50
_KEYS = ("name", "inputs", "expect", "rule", "decisions")


class Case(NamedTuple):
    """A test case; `rule` are the numbers of the rules that must match, None for any.

    `decisions` are values that stand for decisions that the tested one requires.
    """

    name: str
    inputs: Mapping[str, Json]
    expects: bool
    expect: Json
    rule: tuple[int, ...] | None
    decisions: Mapping[str, Json]


class Played(NamedTuple):
    """How a case went."""

    case: Case
    passed: bool
    got: Json
    matched: list[RuleMatch]
    why: str

    def body(self) -> dict[str, Json]:
        """Return the outcome as doors show it."""
        body: dict[str, Json] = {"name": self.case.name, "passed": self.passed}
        if not self.passed:
            body["inputs"] = dict(self.case.inputs)
            if self.case.expects:
                body["expected"] = self.case.expect
            body |= {"got": self.got, "why": self.why}
        body["matched"] = [f"{match.decision} rule {match.rule}" for match in self.matched]
        return body


def read_cases(given: Sequence[Mapping[str, Json]]) -> list[Case]:
    """Read cases as `{name, inputs, expect [, rule, decisions]}`, or refuse them with the path of what is wrong."""
    if len(given) > CASES_MAX:
        raise _refuse(
            "tests", f"There are {len(given):,} tests; at most {CASES_MAX:,} are played.", "Keep fewer."
        )
    cases = [_case(entry, f"tests[{place}]", place + 1) for place, entry in enumerate(given)]
    names = [case.name for case in cases]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise _refuse(f"tests[{place}].name", f"Two tests are named {name!r}.", "Give each its own name.")
    return cases


def _case(entry: Mapping[str, Json], path: str, number: int) -> Case:
    for key in entry:
        if key not in _KEYS:
            message = f"A test has no entry {key!r}.{did_you_mean(key, _KEYS)}"
            raise _refuse(f"{path}.{key}", message, f"Use {', '.join(_KEYS)}.")
    inputs, decisions = entry.get("inputs", {}), entry.get("decisions", {})
    if not isinstance(inputs, Mapping) or not isinstance(decisions, Mapping):
        key = "decisions" if isinstance(inputs, Mapping) else "inputs"
        raise _refuse(f"{path}.{key}", f"`{key}` is an object of names and values.", 'Give {"amount": 5}.')
    rule = entry.get("rule")
    rules = rule if isinstance(rule, (list, tuple)) else [] if rule is None else [rule]
    if not all(isinstance(each, int) and not isinstance(each, bool) and each > 0 for each in rules):
        raise _refuse(
            f"{path}.rule", "`rule` is the number of a rule, from 1, or a list of them.", "Give 2 or [1, 3]."
        )
    if "expect" not in entry and rule is None:
        raise _refuse(
            f"{path}.expect", "The test says neither `expect` nor `rule`.", "Say what it must answer."
        )
    name = str(entry.get("name") or f"test {number}")
    wanted = None if rule is None else tuple(sorted(each for each in rules if isinstance(each, int)))
    return Case(name, inputs, "expect" in entry, entry.get("expect"), wanted, decisions)


def _refuse(path: str, message: str, fix: str) -> FlowMasterError:
    return FlowMasterError("rule.test_invalid", message, path=path, fix=fix, status=422)


def play(compiled: CompiledModel, decision: str, cases: Sequence[Case], at: int) -> list[Played]:
    """Play cases through a decision at an instant."""
    return [_play(compiled, decision, case, at) for case in cases]


def _play(compiled: CompiledModel, decision: str, case: Case, at: int) -> Played:
    try:
        answer = compiled.decision(decision).evaluate(
            case.inputs, at, surroundings=case.inputs, decisions=case.decisions
        )
        got = to_json(answer.value)
    except FlowMasterError as error:
        return Played(case, passed=False, got=None, matched=[], why=error.message)
    matched = list(answer.matched)
    own = tuple(sorted(match.rule for match in matched if match.decision == decision))
    why = []
    if case.expects and not same(case.expect, got):
        why.append(f"It gave {said(got)} instead of {said(case.expect)}")
    if case.rule is not None and case.rule != own:
        why.append(f"{_rules(own)} matched instead of {_rules(case.rule)}")
    if why and not (case.rule is not None and case.rule != own):
        why.append(f"{_rules(own)} matched" if own else "no rule matched")
    if why:
        why.extend(dict.fromkeys(str(warning.text) for warning in answer.warnings[:3]))
    return Played(case, not why, got, matched, ". ".join(why) + "." if why else "")


def same(one: Json, other: Json) -> bool:
    """Return whether two values are the same: 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def coverage_of(model: DmnModel, decision: str, played: Sequence[Played]) -> dict[str, Json]:
    """Return, for the table of a decision and those that cases reached, how many rules and which no case covers."""
    reached: dict[str, set[int]] = {decision: set()}
    for outcome in played:
        for match in outcome.matched:
            reached.setdefault(match.decision, set()).add(match.rule)
    tables = {
        item.id or item.name: item.logic
        for item in model.definitions.decisions
        if isinstance(item.logic, m.DecisionTable)
    }
    told: dict[str, Json] = {}
    for name, rules in reached.items():
        if name in tables:
            count = len(tables[name].rules)
            missed: list[Json] = [number for number in range(1, count + 1) if number not in rules]
            told[name] = {
                "rules": count,
                "covered": count - len(missed),
                "uncovered": missed[:UNCOVERED_SHOWN],
            }
    return told


def _rules(numbers: Sequence[int]) -> str:
    if not numbers:
        return "no rule"
    return f"rule{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"
