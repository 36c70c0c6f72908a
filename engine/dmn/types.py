"""Item definitions as FEEL types, with allowed values; and JSON inputs read by their declared type."""

from collections.abc import Callable, Mapping

from flowmaster.engine.dmn import model as m
from flowmaster.engine.feel.convert import from_json
from flowmaster.engine.feel.evaluation import Evaluation
from flowmaster.engine.feel.expression import compile_unary_tests
from flowmaster.engine.feel.lexer import FeelSyntaxError
from flowmaster.engine.feel.types import ANY, FeelType, simple_type

DEPTH_MAX = 30
_TEMPORAL = frozenset(
    ("date", "time", "date and time", "days and time duration", "years and months duration", "duration")
)


class TypeBook:
    """The types of one model and of those it imports, by name; `others` finds `import.name`."""

    def __init__(self, definitions: m.Definitions, others: Callable[[str], "TypeBook | None"]) -> None:
        self._definitions = {item.name: item for item in definitions.types}
        self._others = others
        self._known: dict[str, FeelType] = {}
        self._open: set[str] = set()

    def find(self, name: str) -> FeelType | None:
        """Return the type of a name, or None."""
        found = simple_type(name)
        if found is not None:
            return found
        if name in self._known:
            return self._known[name]
        definition = self._definitions.get(name)
        if definition is None:
            prefix, dot, rest = name.partition(".")
            other = self._others(prefix) if dot else None
            return other.find(rest) if other is not None else None
        if name in self._open or len(self._open) > DEPTH_MAX:
            return ANY
        self._open.add(name)
        try:
            result = self._of(definition, name)
        finally:
            self._open.discard(name)
        self._known[name] = result
        return result

    def of(self, reference: str) -> FeelType | None:
        """Return the type of a reference; None when there is no reference, Any when it is unknown."""
        if not reference or reference == "Any":
            return None
        return self.find(reference) or ANY

    def result_of(self, reference: str) -> FeelType | None:
        """Return the type of a function's results, given that of the function or of the results themselves."""
        found = self.of(reference)
        return found.item if found is not None and found.kind == "function" else found

    def _of(self, definition: m.ItemDefinition, name: str) -> FeelType:
        if definition.function is not None:
            parameters, result = definition.function
            kinds = tuple(self.of(parameter.type_ref) or ANY for parameter in parameters)
            return FeelType("function", self.of(result) or ANY, parameters=kinds, name=name)
        if definition.components:
            entries = tuple((part.name, self._of(part, "")) for part in definition.components)
            base = FeelType("context", entries=entries, name="" if definition.is_collection else name)
        else:
            base = self.of(definition.type_ref) or ANY
        allowed = allows(definition.allowed_values)
        if allowed is not None:
            base = _restricted(base, allowed, "" if definition.is_collection else name)
        result_type = FeelType("list", base, name=name) if definition.is_collection else base
        constraint = allows(definition.type_constraint)
        return result_type if constraint is None else _restricted(result_type, constraint, name)


def _restricted(base: FeelType, test: Callable[[object], bool], name: str) -> FeelType:
    inner = base.allows
    both = test if inner is None else (lambda value: inner(value) and test(value))
    return FeelType(base.kind, base.item, base.entries, base.parameters, both, name or base.name)


def allows(tests: str) -> Callable[[object], bool] | None:
    """Return the test of allowed values written as unary tests; None when there are none."""
    if not tests:
        return None
    try:
        expression = compile_unary_tests(tests)
    except FeelSyntaxError:
        return None

    def test(value: object) -> bool:
        return expression.run({"?": value}, Evaluation()) is True

    return test


def read_typed(value: object, wanted: FeelType | None, depth: int = 0) -> object:
    """Read the ISO texts of a JSON input as the temporal values that its declared type wants."""
    if wanted is None or value is None or depth > DEPTH_MAX:
        return value
    if isinstance(value, str):
        return from_json(value, wanted.kind) if wanted.kind in _TEMPORAL else value
    if wanted.kind == "list" and wanted.item is not None and isinstance(value, (list, tuple)):
        return [read_typed(item, wanted.item, depth + 1) for item in value]
    if wanted.kind == "context" and isinstance(value, Mapping):
        result = dict(value)
        for name, kind in wanted.entries:
            if name in result:
                result[name] = read_typed(result[name], kind, depth + 1)
        return result
    return value
