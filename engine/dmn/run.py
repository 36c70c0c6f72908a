"""One evaluation of a decision: given inputs, values found so far, matched rules, and the fuel and warnings of FEEL."""

from collections.abc import Mapping
from typing import NamedTuple

from flowmaster.engine.feel.evaluation import NOWHERE, Evaluation, Limits, Place, Warning

MATCHES_MAX = 10_000
FAULTS_MAX = 20
NOTHING: Mapping[str, object] = {}


class RuleMatch(NamedTuple):
    """A rule that matched: where it stands, what it was asked and what it answered."""

    decision: str
    rule: int
    rule_id: str
    inputs: Mapping[str, object]
    outputs: Mapping[str, object]


class DecisionFault(NamedTuple):
    """Why a decision answered null where it should not: `kind` is one of the kinds below.

    `no_match` and `several_match` and `answers_differ` are about the rules of a table, `input_not_allowed` and
    `input_wrong_type` about what it was asked.
    """

    kind: str
    decision: str
    rules: tuple[int, ...]
    inputs: Mapping[str, object]
    text: str


class DecisionResult(NamedTuple):
    """What a decision answers, the rules that led there, and why parts of it are null."""

    value: object
    matched: tuple[RuleMatch, ...]
    warnings: tuple[Warning, ...]
    faults: tuple[DecisionFault, ...] = ()


class DmnRun(Evaluation):
    """The mutable companion of one evaluation of a model; never shared between threads."""

    __slots__ = ("decision", "decisions", "faults", "inputs", "matched", "surroundings", "values", "where")

    def __init__(self, inputs: Mapping[str, object], at: int, zone: str, limits: Limits) -> None:
        self.at = at
        self.zone = zone
        self.limits = limits
        self.steps = limits.steps
        self.depth = 0
        self.warnings = []
        self.inputs = inputs
        self.surroundings: Mapping[str, object] = NOTHING
        self.decisions: Mapping[str, object] = NOTHING
        self.values: dict[tuple[str, str], object] = {}
        self.matched: list[RuleMatch] = []
        self.faults: list[DecisionFault] = []
        self.where = ""
        self.decision = ""

    def fail(
        self, kind: str, text: str, rules: tuple[int, ...] = (), inputs: Mapping[str, object] = NOTHING
    ) -> None:
        """Note why the decision under way is null, as a fault and as a warning."""
        self.warn(text, NOWHERE)
        if len(self.faults) < FAULTS_MAX:
            self.faults.append(DecisionFault(kind, self.decision, rules, inputs, text))

    def warn(self, text: str, place: Place) -> None:
        """Note a warning with the decision in which it arose."""
        super().warn(f"{self.where}: {text}" if self.where else text, place)
