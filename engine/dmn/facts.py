"""What is true of the rules of a table: which never match, meet, cover each other, never decide, and what none matches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from flowmaster.engine.dmn import model as m
from flowmaster.engine.dmn.coverage import Columns, Coverage, SearchExceeded, bits
from flowmaster.engine.dmn.outputs import answer_order, answers_differ
from flowmaster.engine.dmn.table import CompiledTable

SEVERAL = (m.HitPolicy.COLLECT, m.HitPolicy.RULE_ORDER, m.HitPolicy.OUTPUT_ORDER)
"""Hit policies under which rules are meant to match together: only one that answers the same is a duplicate."""

GAPS_MAX = 5
"""How many gaps are looked for."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one table; its rules count from 0."""

    never: list[int] = field(default_factory=list)
    overlaps: list[tuple[int, int]] = field(default_factory=list)
    """Rules that meet although the hit policy forbids it, the first one first."""
    covered: list[tuple[int, int]] = field(default_factory=list)
    """A rule that covers another, and that other; where several are meant to match, only if both answer the same."""
    unreachable: list[int] = field(default_factory=list)
    gaps: list[list[int]] = field(default_factory=list)
    """Inputs without a rule, by the piece of each column."""
    unfinished: list[str] = field(default_factory=list)
    """What was not looked for to the end."""


def facts_of(table: CompiledTable, columns: Columns, vague: int) -> Facts:
    """Return the facts of a table whose columns are cut into these pieces.

    Nothing is said of the `vague` rules as rules that match, since nobody knows when they do.
    """
    coverage = Coverage(columns, len(table.node.rules))
    facts = Facts()
    facts.never.extend(filter(coverage.never_matches, range(coverage.count)))
    sure = coverage.all_rules & ~vague
    for rule in facts.never:
        sure &= ~(1 << rule)
    alive = [rule for rule in range(coverage.count) if not coverage.never_matches(rule)]
    earlier = earlier_rules(table)
    facts.overlaps.extend(_overlaps(table, coverage, sure))
    for rule in alive:
        facts.covered.extend(
            (outer, rule)
            for outer in _covering(coverage, rule, sure, earlier)
            if table.node.hit_policy not in SEVERAL or answers_differ(table, outer, rule) is False
        )
    try:
        if earlier is not None:
            facts.unreachable.extend(
                rule for rule in alive if coverage.uncovered(rule, earlier[rule] & sure) is None
            )
    except SearchExceeded:
        facts.unfinished.append("rules that never decide")
    coverage.nodes = 0
    try:
        facts.gaps.extend(coverage.gaps(GAPS_MAX))
    except SearchExceeded:
        facts.unfinished.append("gaps")
    return facts


def _overlaps(table: CompiledTable, coverage: Coverage, sure: int) -> Iterator[tuple[int, int]]:
    policy = table.node.hit_policy
    if policy not in (m.HitPolicy.UNIQUE, m.HitPolicy.ANY):
        return
    for rule in bits(sure):
        for other in bits(coverage.meeting[rule] & sure & (-2 << rule)):
            if policy is m.HitPolicy.UNIQUE or answers_differ(table, rule, other) is not False:
                yield rule, other


def _covering(coverage: Coverage, rule: int, sure: int, earlier: Sequence[int] | None) -> Iterator[int]:
    """Give the rules that cover a rule: of two that cover each other the one above, in an order only those before."""
    outer = coverage.covering[rule] & sure & ~(1 << rule)
    if earlier is not None:
        outer &= earlier[rule]
    for other in bits(outer):
        mutual = coverage.covering[other] >> rule & 1
        if earlier is not None or other < rule or not mutual:
            yield other


def earlier_rules(table: CompiledTable) -> list[int] | None:
    """Return the rules that come before each rule, where the first of those that match decides; else None."""
    count = len(table.node.rules)
    if table.node.hit_policy is m.HitPolicy.FIRST:
        return [(1 << rule) - 1 for rule in range(count)]
    order = answer_order(table) if table.node.hit_policy is m.HitPolicy.PRIORITY else None
    if order is None:
        return None
    ranked = sorted(range(count), key=lambda rule: (order[rule], rule))
    earlier, seen = [0] * count, 0
    for rule in ranked:
        earlier[rule] = seen
        seen |= 1 << rule
    return earlier
