"""Distributions of a simulation: what is asked for is checked and becomes something to draw from."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from random import Random
from typing import Final

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel.said import said
from flowmaster.engine.values import Json
from flowmaster.runtime.simulation import chance
from flowmaster.runtime.simulation.chance import Draw
from flowmaster.tools.naming import duration_of
from flowmaster.tools.simulation_arguments import Span, Vary

DAYS_MAX: Final = 3_650
_DAY_MS: Final = 86_400_000
_NUMBER_MAX: Final = 10**15

_NEEDS: Final[Mapping[str, Sequence[str]]] = {
    "fixed": ("mean",),
    "uniform": ("min", "max"),
    "triangular": ("min", "mode", "max"),
    "normal": ("mean", "deviation"),
    "exponential": ("mean",),
    "lognormal": ("mean", "deviation"),
}
"""What each shape is told by; `min` and `max` bound the others."""

_BOUNDED: Final = ("normal", "exponential", "lognormal")

_NAMES: Final = ("mean", "deviation", "min", "mode", "max")


def span_of(given: str | Span, path: str) -> Draw:
    """Return a span of time to draw from, in milliseconds."""
    if isinstance(given, str):
        return chance.fixed(milliseconds(given, path))
    told = {
        name: milliseconds(text, f"{path}.{name}")
        for name in _NAMES
        if (text := getattr(given, name)) is not None
    }
    return _drawn(given.distribution, told, path, "PT20M")


def milliseconds(text: str, path: str) -> int:
    """Return the milliseconds of a duration of at most ten years."""
    found = duration_of(text, path)
    if not text.strip() or found > DAYS_MAX * _DAY_MS:
        raise FlowMasterError(
            "simulation.duration_wrong",
            f"{said(text)} is no time that work takes here.",
            path=path,
            expected=f"an ISO 8601 duration such as PT20M, at most P{DAYS_MAX}D",
            fix="Write a duration.",
            status=422,
        )
    return found


def vary_of(given: Vary, path: str) -> Callable[[Random], Json]:
    """Return a value of a variable to draw from."""
    if given.one_of is not None:
        values = given.one_of
        if given.distribution is not None:
            raise _impossible(path, "A value is one of a list or has a distribution, not both.", "`one_of`")
        return lambda random: values[int(random.random() * len(values))]
    if given.distribution is None:
        raise _impossible(path, "It does not say what it draws from.", "`one_of` or `distribution`")
    told = {
        name: number_of(value, f"{path}.{name}")
        for name in _NAMES
        if (value := getattr(given, name)) is not None
    }
    draw = _drawn(given.distribution, told, path, "100")
    unit, places = Decimal(1).scaleb(-given.places), given.places

    def value_of(random: Random) -> Json:
        drawn = Decimal(draw(random)).quantize(unit)
        return drawn if places else int(drawn)

    return value_of


def number_of(
    value: int | Decimal, path: str, *, least: float | None = None, most: float | None = None
) -> float:
    """Return a number within bounds, or refuse it."""
    low, high = -_NUMBER_MAX if least is None else least, _NUMBER_MAX if most is None else most
    if not low <= value <= high:
        raise FlowMasterError(
            "simulation.number_wrong",
            f"`{path}` cannot be {said(value)}.",
            path=path,
            expected=f"a number from {low:,} to {high:,}",
            fix="Give a number within these bounds.",
            status=422,
        )
    return float(value)


def _drawn(shape: str, told: Mapping[str, float], path: str, example: str) -> Draw:
    needs = _NEEDS[shape]
    allowed = (*needs, "min", "max") if shape in _BOUNDED else needs
    wants = " and ".join(f"`{name}`" for name in needs)
    missing = [name for name in needs if name not in told]
    if missing:
        raise _impossible(f"{path}.{missing[0]}", f"A distribution that is {shape} needs {wants}.", example)
    strange = [name for name in told if name not in allowed]
    if strange:
        message = f"A distribution that is {shape} has no `{strange[0]}`; it is told by {wants}."
        raise _impossible(f"{path}.{strange[0]}", message, list(allowed))
    low, high = told.get("min"), told.get("max")
    if low is not None and high is not None and low > high:
        raise _impossible(f"{path}.min", "`min` is more than `max`.", "`min` up to `max`")
    mean, deviation = told.get("mean", 0), told.get("deviation", 0)
    if deviation < 0:
        raise _impossible(f"{path}.deviation", "A deviation is not negative.", "0 or more")
    match shape:
        case "fixed":
            return chance.fixed(mean)
        case "uniform":
            return chance.uniform(told["min"], told["max"])
        case "triangular":
            if not told["min"] <= told["mode"] <= told["max"]:
                raise _impossible(f"{path}.mode", "`mode` lies outside `min` and `max`.", "between them")
            return chance.triangular(told["min"], told["mode"], told["max"])
        case "normal":
            return chance.bounded(chance.normal(mean, deviation), low, high)
    if mean <= 0:
        raise _impossible(f"{path}.mean", f"The mean of one that is {shape} is more than nothing.", example)
    draw = chance.exponential(mean) if shape == "exponential" else chance.lognormal(mean, deviation)
    return chance.bounded(draw, low, high)


def _impossible(path: str, message: str, expected: Json) -> FlowMasterError:
    return FlowMasterError(
        "simulation.distribution_impossible",
        message,
        path=path,
        expected=expected,
        fix="Give what its shape needs: "
        "fixed and exponential `mean`; uniform `min`, `max`; triangular `min`, `mode`, `max`; normal and lognormal "
        "`mean`, `deviation`.",
        status=422,
    )
