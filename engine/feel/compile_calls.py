"""Calls and function definitions as closures. Built-ins are chosen when compiling, other functions when running."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.builtins import registry
from flowmaster.engine.feel.calling import call_value
from flowmaster.engine.feel.evaluation import Evaluation, Fault, Place
from flowmaster.engine.feel.scope import Scope
from flowmaster.engine.feel.types import ANY, FeelType, resolve
from flowmaster.engine.feel.values import Function

if TYPE_CHECKING:
    from flowmaster.engine.feel.compiler import Code, Compiler

Variables = Mapping[str, object]


def compile_call(compiler: "Compiler", node: Any) -> "Code":
    """Compile a call."""
    compiler.bounded = False
    arguments = tuple(map(compiler.compile, node.arguments))
    callee = node.function
    if isinstance(callee, s.Name) and not callee.bound:
        if callee.name == "@":
            return _bad_literal(node.place)
        builtin = registry.BUILTINS.get(callee.name)
        if builtin is not None:
            code = _builtin_call(compiler, builtin, node, arguments)
            return (
                _variable_first(compiler, callee.name, node, arguments, code)
                if callee.name in compiler.known
                else code
            )
    function = compiler.compile(callee)
    names, place = node.names, node.place

    def run(variables: Variables, evaluation: Evaluation) -> object:
        target = function(variables, evaluation)
        values = [argument(variables, evaluation) for argument in arguments]
        return call_value(target, values, names, evaluation, place)

    return run


def _bad_literal(place: Place) -> "Code":
    def run(variables: Variables, evaluation: Evaluation) -> object:
        evaluation.warn("The text behind `@` is no date, time or duration", place)
        return None

    return run


def _builtin_call(
    compiler: "Compiler", builtin: registry.Builtin, node: Any, arguments: "tuple[Code, ...]"
) -> "Code":
    place, names = node.place, node.names
    overloads: Sequence[registry.Overload] = (
        builtin.overloads if node.names else builtin.taking(len(arguments))
    )
    order: tuple[int | None, ...] | None = None
    if names is not None:
        named = [(overload, overload.order(names)) for overload in overloads]
        order = next((found for _, found in named if found is not None), None)
        if order is None:
            return _wrong_names(builtin, names, place)
        overloads = [overload for overload, found in named if found == order]
    call = registry.call
    if order is None:

        def run(variables: Variables, evaluation: Evaluation) -> object:
            values = [argument(variables, evaluation) for argument in arguments]
            return call(builtin, overloads, values, evaluation, place)

    else:
        positions = order

        def run(variables: Variables, evaluation: Evaluation) -> object:
            values = [argument(variables, evaluation) for argument in arguments]
            ordered = [registry.MISSING if index is None else values[index] for index in positions]
            return call(builtin, overloads, ordered, evaluation, place)

    return compiler.fold(run, *arguments) if builtin.pure and arguments else run


def _wrong_names(builtin: registry.Builtin, names: Sequence[str], place: Place) -> "Code":
    wanted = " or ".join(f"`{overload.signature}`" for overload in builtin.overloads)
    text = f"`{builtin.name}` has no parameters {', '.join(map(repr, names))}; it is {wanted}"

    def run(variables: Variables, evaluation: Evaluation) -> object:
        evaluation.warn(text, place)
        return None

    return run


def _variable_first(
    compiler: "Compiler", name: str, node: Any, arguments: "tuple[Code, ...]", builtin: "Code"
) -> "Code":
    """A variable that holds a function hides the built-in of the same name."""
    names, place = node.names, node.place
    compiler.reads(name)

    def run(variables: Variables, evaluation: Evaluation) -> object:
        try:
            target = variables[name]
        except KeyError:
            target = None
        if not isinstance(target, Function):
            return builtin(variables, evaluation)
        values = [argument(variables, evaluation) for argument in arguments]
        return call_value(target, values, names, evaluation, place)

    return run


def compile_function(compiler: "Compiler", node: Any) -> "Code":
    """Compile `function(a, b) body`."""
    names = tuple(name for name, _ in node.parameters)
    types = tuple(
        (resolve(kind, compiler.types) or ANY) if kind is not None else ANY for _, kind in node.parameters
    )
    typed = types if any(kind is not ANY for kind in types) else ()
    compiler.bounded = False
    if node.external:
        return _external_function(compiler, node, names, typed)
    body = compiler.compile(node.body)

    def run(variables: Variables, evaluation: Evaluation) -> object:
        def call(caller: Evaluation, values: Sequence[object]) -> object:
            return body(Scope(dict(zip(names, values, strict=False)), variables), caller)

        return Function("function", names, call, typed)

    return run


def _external_function(
    compiler: "Compiler", node: Any, names: tuple[str, ...], types: tuple[FeelType, ...]
) -> "Code":
    mapping, place, external = compiler.compile(node.body), node.place, compiler.external

    def run(variables: Variables, evaluation: Evaluation) -> object:
        target = external(mapping(variables, evaluation)) if external is not None else None
        if target is None:
            evaluation.warn("This external function is not available here", place)
            return None
        return external_function(target, names, types, place)

    return run


def external_function(
    target: Any, names: tuple[str, ...], types: tuple[FeelType, ...], place: Place
) -> Function:
    """Wrap what an allow-list offers as a function value."""

    def call(caller: Evaluation, values: Sequence[object]) -> object:
        try:
            return target(values)
        except Fault as fault:
            caller.warn(str(fault), place)
            return None

    return Function("external function", names, call, types)
