"""Boxed expressions to closures, on top of the FEEL compiler."""

from collections.abc import Iterable, Mapping, Sequence
from typing import assert_never

from flowmaster.engine.dmn import model as m
from flowmaster.engine.dmn.external import java_method
from flowmaster.engine.dmn.table import CompiledTable, compile_table
from flowmaster.engine.dmn.types import TypeBook
from flowmaster.engine.feel.calling import call_value
from flowmaster.engine.feel.compile_calls import external_function
from flowmaster.engine.feel.compile_collections import filter_code, for_code, quantified_code
from flowmaster.engine.feel.compiler import Code
from flowmaster.engine.feel.evaluation import NOWHERE, Evaluation, Place
from flowmaster.engine.feel.expression import Expression, compile_expression
from flowmaster.engine.feel.lexer import FeelSyntaxError
from flowmaster.engine.feel.names import NameSet
from flowmaster.engine.feel.scope import Scope
from flowmaster.engine.feel.types import ANY, FeelType, classes_of, coerce
from flowmaster.engine.feel.values import Function, kind_of

Variables = Mapping[str, object]


class BoxCompiler:
    """Compiles the logic of one decision or knowledge model."""

    def __init__(self, where: str, types: TypeBook) -> None:
        self.where = where
        self.types = types
        self.tables: dict[str, CompiledTable] = {}
        """The tables compiled so far, by id."""

    def literal(self, node: m.Literal, names: NameSet) -> Expression:
        """Compile FEEL text; a syntax error names the element and the line in the document."""
        if node.language and "feel" not in node.language.lower():
            raise FeelSyntaxError(
                f"{self.where}: the expression language {node.language!r} is not FEEL", Place(0, node.line, 1)
            )
        try:
            return compile_expression(
                node.text or "null", names=names, types=self.types.find, external=java_method
            )
        except FeelSyntaxError as error:
            place = Place(error.place.offset, max(node.line, 1) + error.place.line - 1, error.place.column)
            raise FeelSyntaxError(f"{self.where}: {error.message.rpartition(' (line')[0]}", place) from None

    def compile(self, node: m.Boxed, names: NameSet) -> Code:
        """Compile any boxed expression, and fit its result to its type."""
        code = self._compile(node, names)
        return code if isinstance(node, m.FunctionBox) else self.typed(code, node.type_ref)

    def typed(self, code: Code, reference: str) -> Code:
        """Fit what code answers to a declared type; what does not fit becomes null with a warning."""
        wanted = self.types.of(reference)
        if wanted is None or wanted is ANY:
            return code
        return fitted(code, wanted)

    def _compile(self, node: m.Boxed, names: NameSet) -> Code:
        match node:
            case m.Literal():
                return self.literal(node, names).code
            case m.DecisionTable():
                return compile_table(self, node, names)
            case m.BoxedContext():
                return self._context(node, names)
            case m.BoxedList(items):
                codes = [self.compile(item, names) for item in items]
                return lambda variables, run: [code(variables, run) for code in codes]
            case m.Relation():
                return self._relation(node, names)
            case m.Invocation():
                return self._invocation(node, names)
            case m.FunctionBox():
                return self._function_box(node, names, node.type_ref)
            case m.Conditional():
                return self._conditional(node, names)
            case m.FilterBox(source, match):
                condition = self.compile(match, extended(names, ["item"]))
                return filter_code(self.compile(source, names), condition, NOWHERE)
            case m.Loop():
                return self._loop(node, names)
            case _:
                assert_never(node)

    def _context(self, node: m.BoxedContext, names: NameSet) -> Code:
        parts: list[tuple[str, Code]] = []
        known = names
        for entry in node.entries:
            if isinstance(entry.body, m.FunctionBox):
                code = self._function_box(entry.body, known, entry.type_ref or entry.body.type_ref)
            else:
                code = self.typed(self.compile(entry.body, known), entry.type_ref)
            parts.append((entry.name, code))
            if entry.name:
                known = extended(known, [entry.name])

        def run(variables: Variables, evaluation: Evaluation) -> object:
            scope = Scope({}, variables)
            for name, code in parts:
                value = code(scope, evaluation)
                if not name:
                    return value
                scope[name] = value
            return dict(scope)

        return run

    def _relation(self, node: m.Relation, names: NameSet) -> Code:
        columns = node.columns
        rows = [[self.compile(cell, names) for cell in row] for row in node.rows]

        def run(variables: Variables, evaluation: Evaluation) -> object:
            return [
                {name: cell(variables, evaluation) for name, cell in zip(columns, row, strict=True)}
                for row in rows
            ]

        return run

    def _invocation(self, node: m.Invocation, names: NameSet) -> Code:
        function = self.compile(node.function, names)
        labels = tuple(name for name, _ in node.arguments)
        codes = [self.compile(body, names) for _, body in node.arguments]

        def run(variables: Variables, evaluation: Evaluation) -> object:
            target = function(variables, evaluation)
            values = [code(variables, evaluation) for code in codes]
            return call_value(target, values, labels or None, evaluation, NOWHERE)

        return run

    def _function_box(self, node: m.FunctionBox, names: NameSet, reference: str) -> Code:
        """Compile a boxed function whose declared type is its own or, as many models have it, that of its results."""
        wanted = self.types.of(reference)
        code = self.function(node, names, "function", self.types.result_of(reference))
        return code if wanted is None or wanted.kind != "function" else fitted(code, wanted)

    def function(
        self, node: m.FunctionBox, names: NameSet, label: str, result: FeelType | None = None
    ) -> Code:
        """Compile a function definition into code that answers a function value."""
        parameters = tuple(parameter.name for parameter in node.parameters)
        types = tuple(self.types.of(parameter.type_ref) or ANY for parameter in node.parameters)
        typed = types if any(kind is not ANY for kind in types) else ()
        if node.body is None:
            return lambda variables, run: None
        body = self.compile(node.body, extended(names, parameters))
        if node.kind != "FEEL":
            return self._external(node.kind, body, parameters, typed)

        def run(variables: Variables, evaluation: Evaluation) -> object:
            def call(caller: Evaluation, values: Sequence[object]) -> object:
                return body(Scope(dict(zip(parameters, values, strict=False)), variables), caller)

            return Function(label, parameters, call, typed, result)

        return run

    def _external(
        self, kind: str, body: Code, parameters: tuple[str, ...], types: tuple[FeelType, ...]
    ) -> Code:
        def run(variables: Variables, evaluation: Evaluation) -> object:
            target = java_method({kind.lower(): body(variables, evaluation)})
            if target is None:
                evaluation.warn(f"This external {kind} function is not available here", NOWHERE)
                return None
            return external_function(target, parameters, types, NOWHERE)

        return run

    def _conditional(self, node: m.Conditional, names: NameSet) -> Code:
        condition, yes, no = (self.compile(part, names) for part in (node.condition, node.yes, node.no))

        def run(variables: Variables, evaluation: Evaluation) -> object:
            value = condition(variables, evaluation)
            if value is True:
                return yes(variables, evaluation)
            if value is not False and value is not None:
                evaluation.warn(f"The condition is {kind_of(value)}, not a boolean", NOWHERE)
                return None
            return no(variables, evaluation)

        return run

    def _loop(self, node: m.Loop, names: NameSet) -> Code:
        iterators = ((node.variable, self.compile(node.source, names), None),)
        inner = extended(names, [node.variable, "partial"] if node.kind == "for" else [node.variable])
        body = self.compile(node.body, inner)
        if node.kind == "for":
            return for_code(iterators, body, True, NOWHERE)
        return quantified_code(node.kind, iterators, body, NOWHERE)


def extended(names: NameSet, more: Iterable[str]) -> NameSet:
    """Return known names with more of them."""
    return NameSet(more, names)


def fitted(code: Code, wanted: FeelType) -> Code:
    """Return code whose answer is fitted to a type."""
    classes = classes_of(wanted)

    def run(variables: Variables, evaluation: Evaluation) -> object:
        value = code(variables, evaluation)
        if value.__class__ in classes:
            return value
        result, fits = coerce(value, wanted, evaluation)
        if not fits:
            evaluation.warn(f"A value of kind {kind_of(value)} does not fit the type {wanted}", NOWHERE)
        return result

    return run
