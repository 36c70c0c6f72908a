"""How a law reads who did a step: a comparison with nobody is null, and null breaks no law."""

from dataclasses import fields, is_dataclass, replace
from typing import cast

from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.evaluation import NOWHERE

_NOBODY = s.Literal(None, NOWHERE)


def careful(node: s.Node) -> s.Node:
    """Return a condition whose comparisons with `step.by` are null while nobody has done the step.

    FEEL holds two nulls for equal: `not(a.by = b.by)` would break before anybody did either step. Comparing with
    `null` itself stays what it is.
    """
    return cast(s.Node, _careful(node))


def _careful(part: object) -> object:
    if type(part) is tuple:  # Places are tuples of a class of their own.
        return tuple(_careful(each) for each in part)
    if not is_dataclass(part) or isinstance(part, type):
        return part
    inside = {field.name: _careful(getattr(part, field.name)) for field in fields(part)}
    whole = replace(part, **inside)
    if not isinstance(whole, s.Comparison) or _is_null(whole.left) or _is_null(whole.right):
        return whole
    asked = [side for side in (whole.left, whole.right) if isinstance(side, s.Path) and side.name == "by"]
    for side in asked:
        known = s.Comparison("!=", side, _NOBODY, side.place)
        whole = s.If(known, whole, _NOBODY, side.place)
    return whole


def _is_null(node: s.Node) -> bool:
    return isinstance(node, s.Literal) and node.value is None
