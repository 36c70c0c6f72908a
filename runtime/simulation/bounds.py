"""Bounds of simulations: cases that are taken for endless, and refusals of those that are too many."""

from typing import Final

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.timers import iso
from flowmaster.runtime.simulation.figures import Figures
from flowmaster.runtime.simulation.play import Whole

ACTS_MAX: Final = 10_000
"""Acts of people, workers, messages and timers in one case; one that goes on behind them is stuck."""

YEARS_MAX: Final = 10
"""A case that is not over after so many years is stuck."""

_YEAR_MS: Final = 31_557_600_000


def too_many(figures: Figures, at: int, most: int) -> FlowMasterError:
    """Return the refusal of cases that come faster than they end, with the longest line."""
    role, longest = max(
        ((role, each.most) for role, each in figures.roles.items()), key=lambda one: one[1], default=("", 0)
    )
    is_line = longest > most // 10
    where = f"; up to {longest:,} tasks stand in the line of {role!r}" if is_line else ""
    return FlowMasterError(
        "simulation.too_many_open",
        f"{most:,} cases are open at once on {iso(at)}, after {figures.arrived:,} have come{where}.",
        path="staff" if is_line else "cases",
        expected=f"at most {most:,} cases open at once",
        fix="Give that role more people, let cases come more slowly, or simulate fewer of them.",
        status=422,
    )


def too_long(figures: Figures, at: int, most: int) -> FlowMasterError:
    """Return the refusal of cases in which too much happens."""
    return FlowMasterError(
        "simulation.too_long",
        f"After {most:,} acts {len(figures.cycles):,} cases have ended; it is {iso(at)} by then.",
        path="cases",
        expected=f"at most {most:,} acts in all",
        fix="Simulate fewer cases.",
        status=422,
    )


def endless_of(whole: Whole, at: int) -> str:
    """Return why a case is taken for one without an end, empty if it is not."""
    if whole.acts > ACTS_MAX:
        return f"It goes on behind {ACTS_MAX:,} acts."
    return f"It goes on for more than {YEARS_MAX} years." if at > whole.begun + YEARS_MAX * _YEAR_MS else ""
