"""How built-in functions are declared, found and called.

A signature is written as FEEL people read it, `substring(string: string, start position: number, [length: number])`:
kinds are separated by `|`, `?` behind a kind admits null, `...` behind a name takes all further arguments.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from flowmaster.engine.feel.evaluation import Evaluation, Fault, Place
from flowmaster.engine.feel.values import KINDS, Function, kind_of

Implementation = Callable[..., object]
MISSING = object()
"""Stands for an optional argument that a call with named arguments leaves out."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a built-in function; `kinds` is None when it takes anything but null."""

    name: str
    kinds: frozenset[str] | None
    nullable: bool
    optional: bool
    rest: bool
    classes: frozenset[type]
    """The Python classes whose values fit as they are."""

    def fit(self, value: object) -> tuple[object, bool]:
        """Fit a value into the parameter, by the implicit conversions of lists if need be."""
        if value is None:
            return None, self.nullable
        if self.kinds is None:
            return value, True
        kind = kind_of(value)
        if kind in self.kinds:
            return value, True
        if "list" in self.kinds:
            return [value], True
        if kind == "list" and isinstance(value, (list, tuple)) and len(value) == 1:
            return self.fit(value[0])
        return None, False


@dataclass(frozen=True, slots=True)
class Overload:
    """One signature of a built-in function."""

    signature: str
    parameters: tuple[Parameter, ...]
    call: Implementation

    def takes(self, count: int) -> bool:
        """Tell whether so many positional arguments can be given."""
        least = sum(1 for parameter in self.parameters if not parameter.optional and not parameter.rest)
        most = 10_000 if self.parameters and self.parameters[-1].rest else len(self.parameters)
        return least <= count <= most

    def order(self, names: Sequence[str]) -> tuple[int | None, ...] | None:
        """Return, for each parameter, the index of the argument of its name; None if they do not fit."""
        if len(set(names)) != len(names):
            return None
        known = [parameter.name for parameter in self.parameters]
        if not all(name in known for name in names):
            return None
        required = (item.name for item in self.parameters if not item.optional and not item.rest)
        if not all(name in names for name in required):
            return None
        return tuple(names.index(name) if name in names else None for name in known)

    def fit(self, arguments: Sequence[object]) -> list[object] | None:
        """Fit arguments into the parameters; None when one does not."""
        fitted: list[object] = []
        parameters = self.parameters
        last = len(parameters) - 1
        for index, value in enumerate(arguments):
            parameter = parameters[index if index < last else last]
            if value.__class__ in parameter.classes:
                fitted.append(value)
                continue
            if value is MISSING:
                fitted.append(None)
                continue
            value, fits = parameter.fit(value)
            if not fits:
                return None
            fitted.append(value)
        return fitted


@dataclass(slots=True)
class Builtin:
    """A built-in function: its signatures, what it is for, and examples that the tests run."""

    name: str
    topic: str
    pure: bool = True
    document: str = ""
    overloads: list[Overload] = field(default_factory=list)

    def taking(self, count: int) -> list[Overload]:
        """Return the overloads that take so many positional arguments."""
        return [overload for overload in self.overloads if overload.takes(count)]

    def as_function(self, place: Place) -> Function:
        """Return the function as a value, as `sort(list, less)` takes it."""
        longest = max(self.overloads, key=lambda overload: len(overload.parameters))
        names = tuple(parameter.name for parameter in longest.parameters)
        return Function(
            self.name,
            names,
            lambda run, arguments: call(self, self.taking(len(arguments)), arguments, run, place),
            flexible=True,
        )


BUILTINS: dict[str, Builtin] = {}


def builtin(signature: str, *, pure: bool = True) -> Callable[[Implementation], Implementation]:
    """Register a function of Python under a FEEL signature."""
    name, _, rest = signature.partition("(")
    parameters = tuple(_parameters(rest.rstrip(")")))

    def register(call: Implementation) -> Implementation:
        topic = call.__module__.rpartition(".")[2]
        known = BUILTINS.setdefault(name, Builtin(name, topic, pure, call.__doc__ or ""))
        known.overloads.append(Overload(signature, parameters, call))
        return call

    return register


def _parameters(text: str) -> list[Parameter]:
    parameters: list[Parameter] = []
    for part in filter(None, map(str.strip, text.split(","))):
        optional = part.startswith("[")
        name, _, kind = part.strip("[]").partition(":")
        kind = kind.strip()
        nullable = kind.endswith("?")
        kind = kind.rstrip("?")
        kinds = None if kind in ("any", "") else frozenset(kind.split("|"))
        rest = name.endswith("...")
        classes = frozenset(known for known, title in KINDS.items() if kinds is not None and title in kinds)
        nullable = nullable or (optional and rest)
        parameters.append(Parameter(name.removesuffix("..."), kinds, nullable, optional, rest, classes))
    return parameters


def call(
    function: Builtin,
    overloads: Sequence[Overload],
    arguments: Sequence[object],
    run: Evaluation,
    place: Place,
) -> object:
    """Call the first overload that the arguments fit into; null and a warning when there is none.

    The overloads given are those that take so many arguments.
    """
    run.spend()
    for overload in overloads:
        fitted = overload.fit(arguments)
        if fitted is not None:
            for value in fitted:
                if value.__class__ is str:
                    run.spend(len(value) >> 5)
            try:
                return overload.call(run, *fitted)
            except Fault as fault:
                run.warn(f"`{function.name}`: {fault}", place)
                return None
    kinds = ", ".join(kind_of(argument) for argument in arguments)
    wanted = " or ".join(f"`{overload.signature}`" for overload in function.overloads)
    run.warn(f"`{function.name}` cannot be called with ({kinds}); it is {wanted}", place)
    return None
