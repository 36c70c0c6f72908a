"""Net, tax and total: the candidates that fit together are chosen together, and the sums are reported as checks."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import product

from flowmaster.engine.values import Json
from flowmaster.knowledge.documents.candidates import rates_summed
from flowmaster.knowledge.documents.evidence import Candidate, value_key
from flowmaster.knowledge.documents.extraction import Check

TOTALS = ("net", "tax", "total")
_TRIED = 6
TOLERANCE = Decimal("0.02")
"""Sums may differ by this much for the rounding of lines and rates."""


def number_of(value: Json) -> Decimal | None:
    """Return a value as a decimal if it is a number."""
    return Decimal(value) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else None


def fit_totals(
    candidates: Mapping[str, Sequence[Candidate]], lines_sum: Decimal | None
) -> dict[str, list[Candidate]]:
    """Return the candidates of net, tax and total with those that add up raised above the others."""
    found = {name: list(candidates.get(name, ())) for name in TOTALS}
    found["tax"] = rates_summed(found["tax"])
    tried = {name: _distinct(found[name]) for name in TOTALS}
    fitting = [
        trio
        for trio in product(*(tried[name] for name in TOTALS))
        if _adds_up(*(number_of(candidate.value) for candidate in trio))
    ]
    if not fitting:
        return found
    best = max(fitting, key=lambda trio: (_meets(trio, lines_sum), sum(part.score for part in trio)))
    chosen = dict(zip(TOTALS, best, strict=True))
    return {
        name: [
            candidate.backed_by("sums agree")
            if value_key(candidate.value) == value_key(chosen[name].value)
            else candidate.backed_by("sums disagree")
            for candidate in found[name]
        ]
        for name in TOTALS
    }


def _distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    best: dict[str, Candidate] = {}
    for candidate in sorted(candidates, key=lambda candidate: -candidate.score):
        best.setdefault(value_key(candidate.value), candidate)
    return list(best.values())[:_TRIED]


def _adds_up(net: Decimal | None, tax: Decimal | None, total: Decimal | None) -> bool:
    if net is None or tax is None or total is None:
        return False
    return abs(net + tax - total) <= TOLERANCE and (net != total or tax == 0) and abs(tax) <= abs(net)


def _meets(trio: Sequence[Candidate], lines_sum: Decimal | None) -> bool:
    if lines_sum is None:
        return False
    net, total = number_of(trio[0].value), number_of(trio[2].value)
    return any(side is not None and abs(side - lines_sum) <= TOLERANCE for side in (net, total))


def totals_check(values: Mapping[str, Json], names: Mapping[str, str]) -> Check | None:
    """Check that net and tax make the total, if all three were found."""
    net, tax, total = (number_of(values.get(key)) for key in TOTALS)
    if net is None or tax is None or total is None:
        return None
    passed = abs(net + tax - total) <= TOLERANCE
    sign = "=" if passed else "is not"
    return Check(
        name="net_plus_tax",
        passed=passed,
        message=f"{net} + {tax} {sign} {total}",
        fields=tuple(names[key] for key in TOTALS if key in names),
    )


def lines_check(
    lines_sum: Decimal, values: Mapping[str, Json], names: Mapping[str, str], rows: str
) -> Check | None:
    """Check that the amounts of the lines make the net amount, or the total where prices include tax."""
    for key in ("net", "total"):
        side = number_of(values.get(key))
        if side is not None and abs(side - lines_sum) <= TOLERANCE:
            fields = (rows, names[key]) if key in names else (rows,)
            return Check(
                name="lines_sum",
                passed=True,
                message=f"The lines add up to {lines_sum}, the {key}.",
                fields=fields,
            )
    against = next((key for key in ("net", "total") if number_of(values.get(key)) is not None), None)
    if against is None:
        return None
    return Check(
        name="lines_sum",
        passed=False,
        message=f"The lines add up to {lines_sum}, the {against} is {values[against]}.",
        fields=(rows, names[against]) if against in names else (rows,),
    )
