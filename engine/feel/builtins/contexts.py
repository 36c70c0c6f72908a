"""Built-in functions on contexts."""

from flowmaster.engine.feel.builtins.registry import builtin
from flowmaster.engine.feel.evaluation import Evaluation, Fault


@builtin("get value(m: context, key: string)")
def get_value(run: Evaluation, m: dict[str, object], key: str) -> object:
    """Returns the entry of a key.

    Example: get value({a: "foo"}, "a") = "foo"
    """
    return m.get(key)


@builtin("get value(context: context, keys: list)")
def get_value_path(run: Evaluation, m: dict[str, object], keys: list[object]) -> object:
    """Returns the entry that a path of keys leads to.

    Example: get value({a: {b: 1}}, ["a", "b"]) = 1
    """
    value: object = m
    for key in keys:
        if not isinstance(key, str):
            raise Fault("the keys must be texts")
        value = value.get(key) if isinstance(value, dict) else None
    return value


@builtin("get entries(m: context)")
def get_entries(run: Evaluation, m: dict[str, object]) -> object:
    """Returns the entries as a list of contexts with `key` and `value`.

    Example: get entries({a: 1}) = [{key: "a", value: 1}]
    """
    run.hold(len(m))
    return [{"key": key, "value": value} for key, value in m.items()]


@builtin("context put(context: context, key: string, value: any?)")
def context_put(run: Evaluation, context: dict[str, object], key: str, value: object) -> object:
    """Returns the context with an entry added or replaced.

    Example: context put({a: 1}, "b", 2) = {a: 1, b: 2}
    """
    run.hold(len(context) + 1)
    return {**context, key: value}


@builtin("context put(context: context, keys: list, value: any?)")
def context_put_path(
    run: Evaluation, context: dict[str, object], keys: list[object], value: object
) -> object:
    """Returns the context with the entry of a path of keys added or replaced.

    Example: context put({a: {b: 1}}, ["a", "b"], 2) = {a: {b: 2}}
    """
    if not keys or not all(isinstance(key, str) for key in keys):
        raise Fault("the keys must be texts")
    result = dict(context)
    level = result
    for key in keys[:-1]:
        inner = level.get(str(key), {})
        if not isinstance(inner, dict):
            raise Fault(f"there is no context at {key!r}")
        run.hold(len(inner) + 1)
        fresh = dict(inner)
        level[str(key)] = fresh
        level = fresh
    level[str(keys[-1])] = value
    return result


@builtin("context merge(contexts: list)")
def context_merge(run: Evaluation, contexts: list[object]) -> object:
    """Returns one context with the entries of all, the later ones winning.

    Example: context merge([{a: 1}, {a: 2, b: 3}]) = {a: 2, b: 3}
    """
    result: dict[str, object] = {}
    for context in contexts:
        if not isinstance(context, dict):
            raise Fault("the items must be contexts")
        result.update(context)
        run.hold(len(result))
    return result
