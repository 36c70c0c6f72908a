"""The syntax tree of FEEL: frozen nodes, each with the place where it begins."""

from dataclasses import dataclass
from typing import TypeAlias

from flowmaster.engine.feel.evaluation import Place


@dataclass(frozen=True, slots=True)
class NamedType:
    """A type by its name: `number`, `date and time`, or one that a model defines."""

    name: str


@dataclass(frozen=True, slots=True)
class ListType:
    """`list<number>`."""

    item: "TypeExpression"


@dataclass(frozen=True, slots=True)
class RangeType:
    """`range<date>`."""

    item: "TypeExpression"


@dataclass(frozen=True, slots=True)
class ContextType:
    """`context<name: string, age: number>`."""

    entries: tuple[tuple[str, "TypeExpression"], ...]


@dataclass(frozen=True, slots=True)
class FunctionType:
    """`function<number, string> -> boolean`."""

    parameters: tuple["TypeExpression", ...]
    result: "TypeExpression"


TypeExpression: TypeAlias = NamedType | ListType | RangeType | ContextType | FunctionType


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: a literal of the text, or what the compiler folded into one."""

    value: object
    place: Place


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, or a built-in function; `bound` when the expression itself introduces it."""

    name: str
    bound: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Path:
    """`source.name`."""

    source: "Node"
    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Filter:
    """`source[condition]`: an index or a condition over the items."""

    source: "Node"
    condition: "Node"
    place: Place


@dataclass(frozen=True, slots=True)
class Negation:
    """`-value`."""

    value: "Node"
    place: Place


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`left + right` and its like: + - * / **."""

    operator: str
    left: "Node"
    right: "Node"
    place: Place


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left < right` and its like: = != < <= > >=."""

    operator: str
    left: "Node"
    right: "Node"
    place: Place


@dataclass(frozen=True, slots=True)
class Logic:
    """`a and b and c`, or the same with `or`."""

    operator: str
    parts: tuple["Node", ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Between:
    """`value between low and high`."""

    value: "Node"
    low: "Node"
    high: "Node"
    place: Place


@dataclass(frozen=True, slots=True)
class In:
    """`value in (tests)`."""

    value: "Node"
    tests: tuple["Node", ...]
    place: Place


@dataclass(frozen=True, slots=True)
class InstanceOf:
    """`value instance of type`."""

    value: "Node"
    type: TypeExpression
    place: Place


@dataclass(frozen=True, slots=True)
class If:
    """`if condition then yes else no`."""

    condition: "Node"
    yes: "Node"
    no: "Node"
    place: Place


@dataclass(frozen=True, slots=True)
class For:
    """`for a in x, b in y return body`."""

    iterators: tuple[tuple[str, "Node"], ...]
    body: "Node"
    place: Place


@dataclass(frozen=True, slots=True)
class Quantified:
    """`some a in x satisfies condition`, or the same with `every`."""

    kind: str
    iterators: tuple[tuple[str, "Node"], ...]
    condition: "Node"
    place: Place


@dataclass(frozen=True, slots=True)
class FunctionDefinition:
    """`function(a: number, b) body`; external ones have their mapping as body."""

    parameters: tuple[tuple[str, TypeExpression | None], ...]
    body: "Node"
    external: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Call:
    """`function(arguments)`; `names` has the parameter names of a call with named arguments."""

    function: "Node"
    arguments: tuple["Node", ...]
    names: tuple[str, ...] | None
    place: Place


@dataclass(frozen=True, slots=True)
class ListOf:
    """`[a, b, c]`."""

    items: tuple["Node", ...]
    place: Place


@dataclass(frozen=True, slots=True)
class ContextOf:
    """`{a: 1, "b c": 2}`."""

    entries: tuple[tuple[str, "Node"], ...]
    place: Place


@dataclass(frozen=True, slots=True)
class RangeOf:
    """`[low..high)`; `bare` for the `low..high` of an iteration, which may also count down."""

    low: "Node"
    high: "Node"
    low_closed: bool
    high_closed: bool
    bare: bool
    place: Place


@dataclass(frozen=True, slots=True)
class UnaryTest:
    """`< 10` as a test or, in parentheses, as a range."""

    operator: str
    value: "Node"
    place: Place


@dataclass(frozen=True, slots=True)
class Tests:
    """The unary tests of a cell: any of them, or none of them when negated; no tests is `-`."""

    tests: tuple["Node", ...]
    negated: bool
    place: Place


Node: TypeAlias = (
    Literal
    | Name
    | Path
    | Filter
    | Negation
    | Arithmetic
    | Comparison
    | Logic
    | Between
    | In
    | InstanceOf
    | If
    | For
    | Quantified
    | FunctionDefinition
    | Call
    | ListOf
    | ContextOf
    | RangeOf
    | UnaryTest
    | Tests
)


def mentions(node: object, name: str) -> bool:
    """Tell whether a variable of this name is read anywhere in a tree."""
    if isinstance(node, Name):
        return node.name == name
    if isinstance(node, tuple):
        return any(mentions(part, name) for part in node)
    if node.__class__.__module__ == __name__:
        slots: tuple[str, ...] = getattr(node, "__slots__", ())
        return any(mentions(getattr(node, slot), name) for slot in slots if slot != "place")
    return False
