"""From a validation that failed to the one refusal that names the field, what it should be, and an example."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from flowmaster.engine.errors import FlowMasterError, Hint, did_you_mean, near_names
from flowmaster.engine.values import Json
from flowmaster.tools.json_text import write_json
from flowmaster.tools.registry import AnyOperation
from flowmaster.tools.schema_places import branches, under
from flowmaster.tools.strict import shown_path

PROBLEMS_SHOWN_MAX = 5
"""Further problems of the same call that the message names beside the first."""

CORRECTED_LENGTH_MAX = 1_000
"""Characters of a corrected call; what is longer is not sent back."""
NAME_LENGTH_MAX = 80
"""Characters of a wrong name that are compared with the right ones."""

_ORDER = ("extra_forbidden", "missing")
_EXAMPLES: dict[str, Json] = {"string": "text", "integer": 1, "number": 1, "boolean": True}


def invalid_arguments(
    operation: AnyOperation, arguments: Mapping[str, Json], error: ValidationError
) -> FlowMasterError:
    """Return the refusal of arguments that do not fit the operation."""
    problems = _problems(error, operation.input_schema, arguments)
    first = problems[0]
    corrected = path_of([*first.steps[:-1], first.renamed]) if first.renamed else None
    further = [each for each in problems[1:] if each.path != corrected]
    others = [each.message for each in further[:PROBLEMS_SHOWN_MAX]]
    message = f"{first.message}." + (f" Also: {'; '.join(others)}." if others else "")
    return FlowMasterError(
        "arguments.invalid",
        message,
        path=first.path,
        expected=first.expected,
        fix=first.fix,
        next=_corrected_call(operation, arguments, first) if not further else (),
        status=422,
    )


def _corrected_call(
    operation: AnyOperation, arguments: Mapping[str, Json], problem: "_Problem"
) -> list[Hint]:
    """Return the same call with the name corrected, if that is all there is to correct and it is short."""
    if problem.renamed is None:
        return []
    corrected = _renamed(arguments, problem.steps, problem.renamed)
    if len(write_json(corrected)) > CORRECTED_LENGTH_MAX:
        return []
    try:
        operation.asked.model_validate(corrected)
    except ValidationError:
        return []
    return [Hint(operation.name, corrected, "The same call, the name corrected.")]


class _Problem:
    """One complaint of pydantic, told in terms of the arguments that were sent."""

    def __init__(
        self, detail: Mapping[str, Any], schema: Mapping[str, Any], arguments: Mapping[str, Json]
    ) -> None:
        self.kind: str = detail["type"]
        self.steps = _steps_in(detail["loc"], arguments, self.kind)
        self.path = shown_path(path_of(self.steps))
        self.renamed: str | None = None
        node = _node_at(schema, schema, self.steps)
        example = write_json(_example(schema, node)).decode()
        if self.kind == "extra_forbidden":
            self._unknown(schema)
        elif self.kind == "missing":
            self.message = f"`{self.path}` is missing"
            self.expected: Json = _expectation(node)
            self.fix = f"Give `{self.path}`, for example {example}."
        else:
            self.message = f"`{self.path or 'arguments'}` {_complaint(detail)}"
            self.expected = _expectation(node)
            given, words = detail["input"], [one for one in _allowed(node) if isinstance(one, str)]
            near = near_names(given, words) if isinstance(given, str) else []
            guess = f"{did_you_mean(given, near)} " if near else ""
            example = write_json(near[0]).decode() if near else example
            self.fix = f"{guess}For example: {_pair(self.steps)}{example}.".lstrip()

    def _unknown(self, schema: Mapping[str, Any]) -> None:
        wrong = str(self.steps[-1])
        known = sorted(_properties_at(schema, schema, self.steps[:-1]))
        guess = did_you_mean(wrong[:NAME_LENGTH_MAX], known)
        self.message = f"`{self.path}` is not an argument"
        self.expected = known
        self.fix = f"{guess.strip()} Take one of the expected names, or leave it out.".strip()
        if guess.count("'") == 2:
            self.renamed = guess.split("'")[1]


def path_of(steps: Sequence[str | int]) -> str:
    """Return `a.b[0].c` for the steps to a place."""
    path = ""
    for step in steps:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path


def _problems(
    error: ValidationError, schema: Mapping[str, Any], arguments: Mapping[str, Json]
) -> list[_Problem]:
    """Return one problem per place, unknown names first, then missing ones, then the rest."""
    places: dict[str, _Problem] = {}
    for detail in error.errors(include_url=False):
        problem = _Problem(detail, schema, arguments)
        known = places.setdefault(problem.path, problem)
        if known is not problem and _rank(problem) < _rank(known):
            places[problem.path] = problem
    return sorted(places.values(), key=_rank)


def _rank(problem: _Problem) -> int:
    return _ORDER.index(problem.kind) if problem.kind in _ORDER else len(_ORDER)


def _steps_in(location: Sequence[str | int], arguments: Any, kind: str) -> tuple[str | int, ...]:
    """Return the location without the union labels that pydantic puts in."""
    steps: list[str | int] = []
    here = arguments
    last = len(location) - 1
    for index, step in enumerate(location):
        if _holds(here, step):
            here = here[step]
        elif not (index == last and kind == "missing"):
            continue
        steps.append(step)
    return tuple(steps)


def _holds(value: Any, step: str | int) -> bool:
    if isinstance(value, dict):
        return step in value
    return isinstance(value, list) and isinstance(step, int) and step < len(value)


_WORDS: Mapping[str, str] = {
    "dict_type": "should be an object",
    "model_type": "should be an object",
    "model_attributes_type": "should be an object",
    "list_type": "should be a list",
    "string_type": "should be a string",
    "int_type": "should be an integer",
    "bool_type": "should be true or false",
}
"""How types are called here where the validation calls them otherwise."""
_COUNTS: Mapping[str, tuple[str, str]] = {
    "too_short": ("at least", "min_length"),
    "too_long": ("at most", "max_length"),
}


def _complaint(detail: Mapping[str, Any]) -> str:
    kind, given = detail["type"], detail["input"]
    if kind in _COUNTS and isinstance(given, list):
        word, bound = _COUNTS[kind]
        count = detail["ctx"][bound]
        return f"should have {word} {count} {'entry' if count == 1 else 'entries'}, not {len(given)}"
    said = detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
    said = _WORDS.get(kind, said[:1].lower() + said[1:])
    shown = _shown(given)
    return said if shown is None else f"{said}, not {shown}"


def _shown(value: object) -> str | None:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = write_json(value).decode()
    return text if len(text) <= 80 else None


def _properties_at(root: Mapping[str, Any], node: Mapping[str, Any], steps: Sequence[str | int]) -> set[str]:
    return {name for each in under(root, node, steps) for name in each.get("properties", ())}


def _node_at(
    root: Mapping[str, Any], node: Mapping[str, Any], steps: Sequence[str | int]
) -> Mapping[str, Any]:
    found = under(root, node, steps)
    return found[0] if found else {}


def _expectation(node: Mapping[str, Any]) -> Json:
    """Return what may stand there: the allowed values, or the type with its bounds."""
    allowed = _allowed(node)
    if allowed:
        return allowed
    bounds = [f"{word} {node[key]}" for key, word in _BOUNDS.items() if key in node]
    said = " or ".join(dict.fromkeys(_kinds(node))) or "any value"
    return ", ".join([said, *bounds])


_BOUNDS = {
    "minimum": "at least",
    "exclusiveMinimum": "more than",
    "maximum": "at most",
    "exclusiveMaximum": "less than",
    "minLength": "length at least",
    "maxLength": "length at most",
    "minItems": "entries at least",
    "maxItems": "entries at most",
    "pattern": "matching",
}


def _allowed(node: Mapping[str, Any]) -> list[Json]:
    """Return the values that may stand there, if they can be counted."""
    if "const" in node:
        return [node["const"]]
    branches = node.get("anyOf", ())
    if branches and all(_allowed(each) for each in branches):
        return [value for each in branches for value in _allowed(each)]
    return list(node.get("enum", ()))


def _example(root: Mapping[str, Any], node: Mapping[str, Any]) -> Json:
    """Return a value that may stand there: one that the schema names, else the smallest of its type."""
    told = next((each for each in branches(root, node) if "type" in each or _named(each)), node)
    named = _named(told)
    if named:
        return named[0]
    match next(iter(_kinds(told)), "string"):
        case "object":
            inner = told.get("properties", {})
            return {name: _example(root, inner[name]) for name in told.get("required", ())}
        case "array":
            return [_example(root, told.get("items", {}))] * told.get("minItems", 0)
        case kind:
            least: Json = told.get("minimum", _EXAMPLES.get(kind, "text"))
            return least


def _named(node: Mapping[str, Any]) -> list[Json]:
    """Return the values that a schema names: its examples, what it allows, its default."""
    return [*node.get("examples", ()), *_allowed(node), *([node["default"]] if "default" in node else ())]


def _kinds(node: Mapping[str, Any]) -> list[str]:
    """Return the types that a value may have."""
    told = [each["type"] for each in (node, *node.get("anyOf", ())) if "type" in each]
    return [kind for each in told for kind in (each if isinstance(each, list) else [each])]


def _pair(steps: Sequence[str | int]) -> str:
    return f'"{steps[-1]}": ' if steps and isinstance(steps[-1], str) else ""


def _renamed(arguments: Any, steps: Sequence[str | int], name: str) -> Any:
    """Return a copy of the arguments in which the last step is called `name`."""
    step, *rest = steps
    if isinstance(arguments, list):
        return [_renamed(each, rest, name) if index == step else each for index, each in enumerate(arguments)]
    if rest:
        return {key: _renamed(each, rest, name) if key == step else each for key, each in arguments.items()}
    return {name if key == step else key: each for key, each in arguments.items()}
