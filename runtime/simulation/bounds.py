"""Refusals of simulations that grow beyond all bounds."""

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.timers import iso
from flowmaster.runtime.simulation.figures import Figures


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
