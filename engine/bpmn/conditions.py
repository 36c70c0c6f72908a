"""What conditions say together: for which values each of them holds, without trying all values.

    conditions = Conditions(schemas, free)
    over, under = conditions.read(amount_over_1000), conditions.read(amount_under_1000)
    space = conditions.space()
    space.example(space.certain(space.usual & ~space.truth(over).true & ~space.truth(under).true))

A condition is read into tests of single subjects: a variable, a path, or any other part that the conditions compare.
Values of a subject that no test tells apart are one piece; the combinations of pieces are the bits of an integer, so
that a condition becomes two of them: where it is true and where it is false. What cannot be read, such as a call of
a function, becomes a subject of its own that may be anything. So what never holds here never holds at all; what holds
for `certain` values holds for real ones, since there every subject is free of the others.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import reduce
from typing import NamedTuple, TypeAlias, assert_never

from flowmaster.engine.bpmn.condition_values import (
    SIMPLE,
    Pieces,
    Schema,
    domain_of,
    schema_at,
    stand_freely,
    value_in_words,
    words_of,
)
from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.compiler import Compiler
from flowmaster.engine.feel.evaluation import QUIET
from flowmaster.engine.feel.numbers import is_number
from flowmaster.engine.feel.values import Range

COMBINATIONS_MAX = 20_000
"""How many combinations of values are looked at; conditions that tell more apart are left alone."""

NAMED_MAX = 500
"""How many constants the conditions may name; each of them is tried with each condition."""

_ASKED = "\x00asked"
_CONSTANTS_DEPTH_MAX = 3
_ORDERS = ("less", "equal", "greater", "same", "different", None)
"""How two values may stand to each other; `same` and `different` are kinds of values that have no order."""
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}
_HOLDS: dict[str, dict[object, bool]] = {
    "<": {"less": True, "equal": False, "greater": False},
    "<=": {"less": True, "equal": True, "greater": False},
    ">": {"less": False, "equal": False, "greater": True},
    ">=": {"less": False, "equal": True, "greater": True},
    "=": {"less": False, "equal": True, "greater": False, "same": True, "different": False},
    "!=": {"less": True, "equal": False, "greater": True, "same": False, "different": True},
}


@dataclass(frozen=True, slots=True)
class Atom:
    """A test of one subject, by its number."""

    subject: int
    test: Callable[[object], bool | None]


@dataclass(frozen=True, slots=True)
class Fixed:
    """A condition that is the same whatever comes."""

    value: bool | None


@dataclass(frozen=True, slots=True)
class Joined:
    """`and` or `or` of several."""

    operator: str
    parts: "tuple[Formula, ...]"


@dataclass(frozen=True, slots=True)
class Opposite:
    """`not(...)`."""

    part: "Formula"


@dataclass(frozen=True, slots=True)
class Choice:
    """`if ... then ... else ...`."""

    condition: "Formula"
    yes: "Formula"
    no: "Formula"


Formula: TypeAlias = Atom | Fixed | Joined | Opposite | Choice


class Truth(NamedTuple):
    """Where a condition is true and where it is false; elsewhere it is null."""

    true: int
    false: int


@dataclass(slots=True)
class Subject:
    """What conditions test: its text, the variables it reads, and the values that the tests name."""

    text: str
    names: frozenset[str]
    path: tuple[str, ...] = ()
    function: str = ""
    pair: tuple[str, str] | None = None
    named: list[object] = field(default_factory=list)
    atoms: list[Atom] = field(default_factory=list)


class Conditions:
    """Reads conditions that are looked at together.

    `schemas` are the JSON Schemas of variables; `free` are the variables whose values nothing else decides.
    """

    def __init__(self, schemas: Mapping[str, Schema], free: frozenset[str]) -> None:
        self._schemas = schemas
        self._free = free
        self._compiler = Compiler()
        self.subjects: list[Subject] = []
        self._numbers: dict[object, int] = {}

    def read(self, node: s.Node) -> Formula:
        """Read a condition."""
        match node:
            case s.Logic(operator, parts):
                return Joined(operator, tuple(self.read(part) for part in parts))
            case s.Call(s.Name("not", False), (inner,)):
                return Opposite(self.read(inner))
            case s.If(condition, yes, no):
                return Choice(self.read(condition), self.read(yes), self.read(no))
            case s.Literal(value):
                return Fixed(value if isinstance(value, bool) else None)
            case s.Comparison():
                return self._comparison(node)
            case s.Between(value, low, high):
                return self._test(node, value, "value", (low, high))
            case s.In(value, tests):
                ends = [test.value if isinstance(test, s.UnaryTest) else test for test in tests]
                return self._test(node, value, "value", ends)
            case _:
                return self._as_boolean(node)

    def space(self, assumed: Sequence[tuple[Formula, bool]] = ()) -> "Space | None":
        """Return all combinations of values under what is assumed, or None where they are too many."""
        if sum(len(subject.named) for subject in self.subjects) > NAMED_MAX:
            return None
        pieces = [self._pieces(subject) for subject in self.subjects]
        count = 1
        for one in pieces:
            count *= len(one.values)
        return None if count > COMBINATIONS_MAX else Space(self.subjects, pieces, assumed)

    def _comparison(self, node: s.Comparison) -> Formula:
        left, right = self._constant(node.left), self._constant(node.right)
        if left and right:
            value = self._compiler.compile(node)({}, QUIET)
            return Fixed(value if isinstance(value, bool) else None)
        if right:
            return self._test(node, node.left, "left", (node.right,))
        if left:
            return self._test(node, node.right, "right", (node.left,))
        return self._pair(node)

    def _pair(self, node: s.Comparison) -> Formula:
        keys = _key(node.left), _key(node.right)
        mirrored = repr(keys[0]) > repr(keys[1])
        first, second = (node.right, node.left) if mirrored else (node.left, node.right)
        operator = _MIRRORED[node.operator] if mirrored else node.operator
        number = self._number((s.Comparison, *sorted(keys, key=repr)), node)
        subject = self.subjects[number]
        subject.pair = words_of(first), words_of(second)
        holds = _HOLDS[operator]
        return self._atom(number, lambda value: holds.get(value))

    def _test(self, node: s.Node, value: s.Node, place: str, ends: Sequence[s.Node]) -> Formula:
        """Read a test of a value against constants; with anything else the whole may be true or false."""
        named: list[object] = []
        for end in ends:
            if not self._constant(end) or not _collect(self._compiler.compile(end)({}, QUIET), named, 0):
                return self._as_boolean(node)
        number = self._number(_key(value), value)
        self.subjects[number].named += named
        asked = s.Name(_ASKED, False, value.place)
        code = self._compiler.compile(replace(node, **{place: asked}))  # type: ignore[arg-type]  # A node with a `value`, `left` or `right`.

        def test(given: object) -> bool | None:
            found = code({_ASKED: given}, QUIET)
            return found if isinstance(found, bool) else None

        return self._atom(number, test)

    def _as_boolean(self, node: s.Node) -> Formula:
        number = self._number(_key(node), node)
        self.subjects[number].named += [True, False]
        return self._atom(number, lambda value: value if isinstance(value, bool) else None)

    def _constant(self, node: s.Node) -> bool:
        return self._compiler.compile(node) in self._compiler.constants

    def _number(self, key: object, node: s.Node) -> int:
        found = self._numbers.get(key)
        if found is None:
            compiler = Compiler()
            compiler.compile(node)
            call = isinstance(node, s.Call) and isinstance(node.function, s.Name) and len(node.arguments) == 1
            inner = node.arguments[0] if isinstance(node, s.Call) and call else node
            subject = Subject(words_of(node), frozenset(compiler.free | compiler.perhaps), path_of(inner))
            if isinstance(node, s.Call) and isinstance(node.function, s.Name):
                subject.function = node.function.name
            found = self._numbers[key] = len(self.subjects)
            self.subjects.append(subject)
        return found

    def _atom(self, number: int, test: Callable[[object], bool | None]) -> Atom:
        atom = Atom(number, test)
        self.subjects[number].atoms.append(atom)
        return atom

    def _pieces(self, subject: Subject) -> "_Told":
        if subject.pair is not None:
            pieces = Pieces(_ORDERS[:3], _ORDERS[3:], known=True)
        else:
            schema = schema_at(self._schemas, subject.path) if subject.path else None
            pieces = domain_of(schema, subject.named, subject.function)
        told: dict[tuple[object, ...], int] = {}
        values: list[object] = []
        for usual, listed in ((True, pieces.usual), (False, pieces.unusual)):
            for value in listed:
                row = (usual, *(atom.test(value) for atom in subject.atoms))
                if row not in told:
                    told[row] = len(values)
                    values.append(value)
        usual_count = sum(1 for row in told if row[0])
        return _Told(values, list(told), usual_count, self._is_free(subject, pieces))

    def _is_free(self, subject: Subject, pieces: Pieces) -> bool:
        """Return whether the subject takes each of its usual values whatever the others are."""
        if not subject.names <= self._free or not pieces.known:
            return False
        roots = [subject.path] if subject.pair is None else _sides(subject.pair)
        if subject.pair is not None:
            schemas = [schema_at(self._schemas, root) if root else None for root in roots]
            if len(set(roots)) < 2 or not stand_freely(schemas[0], schemas[1]):
                return False
        others = [other for other in self.subjects if other is not subject]
        return all(
            root and not any(_meet(root, taken) for other in others for taken in _paths(other))
            for root in roots
        )


class _Told(NamedTuple):
    """The values of a subject that tests tell apart, the usual ones first, and what each atom says of them."""

    values: list[object]
    rows: list[tuple[object, ...]]
    usual: int
    free: bool


class Space:
    """All combinations of the values of some subjects, each a bit of an integer."""

    def __init__(
        self, subjects: Sequence[Subject], told: Sequence[_Told], assumed: Sequence[tuple[Formula, bool]]
    ) -> None:
        self._subjects = subjects
        self._told = told
        self._strides: list[int] = []
        size = 1
        for one in told:
            self._strides.append(size)
            size *= len(one.values)
        self.size = size
        self.all = (1 << size) - 1
        """Every combination under what is assumed."""
        for formula, value in assumed:
            truth = self.truth(formula)
            self.all &= truth.true if value else truth.false
        usual = [
            reduce(int.__or__, (self._digit(place, digit) for digit in range(one.usual)), 0)
            for place, one in enumerate(told)
        ]
        self.usual = reduce(int.__and__, usual, self.all)
        """Those of usual values: no null, nothing of another kind than the conditions ask for."""

    def truth(self, formula: Formula) -> Truth:
        """Return where a condition is true and where it is false."""
        match formula:
            case Fixed(value):
                everywhere = (1 << self.size) - 1
                return Truth(everywhere if value else 0, everywhere if value is False else 0)
            case Atom(subject):
                return self._truth_of(subject, formula)
            case Opposite(part):
                true, false = self.truth(part)
                return Truth(false, true)
            case Joined(operator, parts):
                told = [self.truth(part) for part in parts]
                trues, falses = [one.true for one in told], [one.false for one in told]
                if operator == "and":
                    return Truth(reduce(int.__and__, trues), reduce(int.__or__, falses))
                return Truth(reduce(int.__or__, trues), reduce(int.__and__, falses))
            case Choice(condition, yes, no):
                asked, first, second = self.truth(condition), self.truth(yes), self.truth(no)
                return Truth(
                    asked.true & first.true | second.true & ~asked.true,
                    asked.true & first.false | second.false & ~asked.true,
                )
            case _:
                assert_never(formula)

    def certain(self, wanted: int) -> int | None:
        """Return a combination among those wanted that may really come, whatever the subjects do that are not free."""
        left = wanted & self.usual
        for place, one in enumerate(self._told):
            if one.free:
                continue
            stride = self._strides[place]
            folded = left
            for digit in range(1, one.usual):
                folded &= left >> digit * stride
            left = folded & self._digit(place, 0)
        return (left & -left).bit_length() - 1 if left else None

    def example(self, combination: int) -> str:
        """Return the values of the free subjects in words: `amount = 1000`."""
        parts = []
        for subject, one, stride in zip(self._subjects, self._told, self._strides, strict=True):
            if one.free:
                value = one.values[combination // stride % len(one.values)]
                parts.append(_in_words(subject, value))
        return ", ".join(parts)

    def _truth_of(self, place: int, atom: Atom) -> Truth:
        column = self._subjects[place].atoms.index(atom) + 1
        true = false = 0
        for digit, row in enumerate(self._told[place].rows):
            if row[column] is True:
                true |= self._digit(place, digit)
            elif row[column] is False:
                false |= self._digit(place, digit)
        return Truth(true, false)

    def _digit(self, place: int, digit: int) -> int:
        """Return the combinations in which a subject has one of its values."""
        stride = self._strides[place]
        period = stride * len(self._told[place].values)
        return (((1 << stride) - 1) << digit * stride) * (((1 << self.size) - 1) // ((1 << period) - 1))


def path_of(node: s.Node) -> tuple[str, ...]:
    """Return the names of a path such as `invoice.total`, none for anything else."""
    if isinstance(node, s.Name) and not node.bound:
        return (node.name,)
    if isinstance(node, s.Path):
        before = path_of(node.source)
        return (*before, node.name) if before else ()
    return ()


def _paths(subject: Subject) -> list[tuple[str, ...]]:
    """Return what a subject reads, as paths; all of a variable where it is not known better."""
    if subject.pair is not None:
        return [side for side in _sides(subject.pair) if side] or [(name,) for name in subject.names]
    return [subject.path] if subject.path else [(name,) for name in subject.names]


def _sides(pair: tuple[str, str]) -> list[tuple[str, ...]]:
    """Return the paths of both sides of a comparison, empty ones for anything else."""
    parts = [tuple(text.split(".")) for text in pair]
    return [part if all(name.isidentifier() for name in part) else () for part in parts]


def _meet(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    length = min(len(one), len(other))
    return one[:length] == other[:length]


def _in_words(subject: Subject, value: object) -> str:
    if subject.pair is not None:
        sign = {"less": "<", "equal": "=", "greater": ">"}[str(value)]
        return f"{subject.pair[0]} {sign} {subject.pair[1]}"
    return f"{subject.text} = {value_in_words(value)}"


def _collect(value: object, found: list[object], depth: int) -> bool:
    """Collect the simple values that a constant names; answer false where it holds anything else."""
    if isinstance(value, Range):
        return all(end is None or _collect(end, found, depth + 1) for end in (value.low, value.high))
    if isinstance(value, (list, tuple)):
        return depth < _CONSTANTS_DEPTH_MAX and all(_collect(item, found, depth + 1) for item in value)
    if value is None or isinstance(value, SIMPLE) or is_number(value):
        found.append(value)
        return True
    return False


def _key(node: object) -> object:
    """Return what is the same for trees that differ in their place alone."""
    if isinstance(node, tuple):
        return tuple(_key(part) for part in node)
    if is_dataclass(node) and node.__class__.__module__ == s.__name__:
        return (
            node.__class__.__name__,
            *(_key(getattr(node, one.name)) for one in fields(node) if one.name != "place"),
        )
    return (node.__class__.__name__, repr(node))
