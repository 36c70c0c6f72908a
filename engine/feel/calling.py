"""Calling a function value: its arguments by position or by name, fitted to the declared types."""

from collections.abc import Sequence

from flowmaster.engine.feel.evaluation import Evaluation, Place
from flowmaster.engine.feel.types import coerce
from flowmaster.engine.feel.values import Function, kind_of


def call_value(
    target: object, values: list[object], names: Sequence[str] | None, evaluation: Evaluation, place: Place
) -> object:
    """Call a function value with arguments by position or by name."""
    if not isinstance(target, Function):
        evaluation.warn(f"A value of kind {kind_of(target)} cannot be called", place)
        return None
    if names is not None:
        given = dict(zip(names, values, strict=True))
        if len(given) != len(names) or not set(given) <= set(target.parameters):
            evaluation.warn(f"`{target.name}` has the parameters ({', '.join(target.parameters)})", place)
            return None
        values = [given.get(name) for name in target.parameters]
    return call_function(target, values, evaluation, place)


def call_function(target: Function, values: list[object], evaluation: Evaluation, place: Place) -> object:
    """Call a function value with arguments in order, coercing them to the declared types."""
    count = len(target.parameters)
    if len(values) != count and not target.flexible:
        evaluation.warn(f"`{target.name}` takes {count} arguments, not {len(values)}", place)
        return None
    if target.types:
        fitted: list[object] = []
        for name, wanted, value in zip(target.parameters, target.types, values, strict=False):
            value, fits = coerce(value, wanted, evaluation)
            if not fits:
                evaluation.warn(f"The argument {name!r} of `{target.name}` must be {wanted}", place)
                return None
            fitted.append(value)
        values = fitted + values[len(fitted) :]
    evaluation.enter()
    try:
        result = target.call(evaluation, values)
    finally:
        evaluation.depth -= 1
    if target.result is not None:
        result, fits = coerce(result, target.result, evaluation)
        if not fits:
            evaluation.warn(f"The result of `{target.name}` must be {target.result}", place)
            return None
    return result
