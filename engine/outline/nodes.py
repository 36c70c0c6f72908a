"""What an outline says, checked and in one form: the process, its steps, and the blocks they stand in.

`at` is the path of the place in the outline (`steps[3].approve`), for problems and as a key. An empty `id` stands for
the one that `ids.py` derives. Expressions are FEEL without the leading `=`, save where a text may be either: there
the `=` marks the expression.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from flowmaster.engine.values import Json

Words = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Trigger:
    """What an event waits for or throws.

    `kind` is `after`, `at`, `every`, `message`, `signal`, `error`, `escalation`, `condition`, `cancel`,
    `compensate`, `terminate`, or empty for none; `value` its duration, date, name, code or condition; `key` the correlation key.
    What no word says is of kind `bpmn`, with the event as XML.
    """

    kind: str = ""
    value: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Handler:
    """What happens beside a step: when `trigger` occurs, `steps` run; the step ends, unless `keep`."""

    trigger: Trigger
    steps: "tuple[Node, ...]"
    at: str
    keep: bool = False
    id: str = ""
    title: str = ""
    into: Mapping[str, str] = field(default_factory=dict)
    words: Words = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """An activity or event with a name: `kind` is its word (`ask`, `call`, ...), `main` what stands behind it."""

    name: str
    kind: str
    main: Json
    at: str
    words: Words = field(default_factory=dict)
    steps: "tuple[Node, ...]" = ()
    handlers: tuple[Handler, ...] = ()
    events: tuple[Handler, ...] = ()
    undo: "Step | None" = None
    trigger: Trigger = Trigger()
    id: str = ""

    @property
    def when(self) -> str:
        """The condition under which the step is done at all."""
        return str(self.words.get("when", ""))

    @property
    def all_handlers(self) -> tuple[Handler, ...]:
        """What happens beside the step, and beside what undoes it."""
        return (*(self.undo.handlers if self.undo is not None else ()), *self.handlers)

    @property
    def label(self) -> str:
        """What stands on the shape."""
        return str(self.words.get("title", "")) or self.name


@dataclass(frozen=True, slots=True)
class Case:
    """One way out of a decision; an empty condition is the default."""

    condition: str
    steps: "tuple[Node, ...]"
    title: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """`if` and `choose` (one way is taken), or `any` (all ways whose condition holds)."""

    cases: tuple[Case, ...]
    at: str
    kind: str = "choose"
    name: str = ""
    id: str = ""
    join: str = ""
    words: Words = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parallel:
    """`all`: branches side by side; or `first`: branches that each begin with a wait, and one of them wins."""

    branches: "tuple[tuple[Node, ...], ...]"
    at: str
    kind: str = "all"
    name: str = ""
    id: str = ""
    join: str = ""
    words: Words = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Jump:
    """`goto`: goes on at a step that stands elsewhere in the same scope."""

    to: str
    at: str


@dataclass(frozen=True, slots=True)
class End:
    """`end`: the way ends here."""

    name: str
    at: str
    trigger: Trigger = Trigger()
    id: str = ""
    words: Words = field(default_factory=dict)


Node: TypeAlias = Step | Decision | Parallel | Jump | End


@dataclass(frozen=True, slots=True)
class Start:
    """One way to begin: by hand or call (no trigger), by message, signal, timer or condition."""

    at: str
    trigger: Trigger = Trigger()
    name: str = ""
    goto: str = ""
    id: str = ""
    words: Words = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DataItem:
    """A declared variable: its JSON Schema, and whether a start may or must bring it."""

    name: str
    schema: Mapping[str, Json]
    input: bool = False
    required: bool = False


@dataclass(frozen=True, slots=True)
class Outline:
    """A whole process.

    `checks` are conditions over the start variables, each with `that`, `message` and `path`; `result` is the variable
    that each end of the process writes its name into; `tool` is the name, empty for one that follows from the process,
    and the description under which it is called as a tool of its own.
    """

    process: str
    name: str = ""
    about: str = ""
    version_tag: str = ""
    tool: tuple[str, str] | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    role_kinds: Mapping[str, str] = field(default_factory=dict)
    lanes: bool = True
    calendars: Mapping[str, Json] = field(default_factory=dict)
    data: tuple[DataItem, ...] = ()
    checks: tuple[Words, ...] = ()
    starts: tuple[Start, ...] = ()
    result: str = ""
    steps: tuple[Node, ...] = ()
    events: tuple[Handler, ...] = ()
    forms: Mapping[str, Json] = field(default_factory=dict)
    scenarios: tuple[Mapping[str, Json], ...] = ()
    always: Mapping[str, str] = field(default_factory=dict)
    never: Mapping[str, str] = field(default_factory=dict)
    raw: tuple[str, ...] = ()


def inner(node: Node) -> "Iterator[tuple[Node, ...]]":
    """Yield the lists of steps inside a node that belong to the same scope: branches and handlers."""
    match node:
        case Step():
            for handler in node.all_handlers:
                yield handler.steps
        case Decision():
            for case in node.cases:
                yield case.steps
        case Parallel():
            yield from node.branches
        case _:
            return


def in_scope(steps: "tuple[Node, ...]") -> Iterator[Node]:
    """Yield all nodes of one scope in the order they are written; groups are not entered."""
    for node in steps:
        yield node
        for below in inner(node):
            yield from in_scope(below)


def on_the_way(steps: "tuple[Node, ...]") -> Iterator[Node]:
    """Yield the nodes of one scope by which it comes to its end: not those of handlers beside a step that goes on."""
    for node in steps:
        yield node
        beside = [one.steps for one in node.all_handlers if one.keep] if isinstance(node, Step) else []
        for below in inner(node):
            if below not in beside:
                yield from on_the_way(below)


def everywhere(steps: "tuple[Node, ...]") -> Iterator[Node]:
    """Yield all nodes at any depth."""
    for node in in_scope(steps):
        yield node
        if isinstance(node, Step):
            yield from everywhere(node.steps)
            for handler in node.events:
                yield from everywhere(handler.steps)


def goes_on(steps: "tuple[Node, ...]") -> bool:
    """Return whether a way goes on behind steps, rather than end or jump away."""
    match steps[-1] if steps else None:
        case Jump() | End():
            return False
        case Decision(cases=cases):
            return any(goes_on(case.steps) for case in cases)
        case Parallel(branches=branches):
            return any(goes_on(branch) for branch in branches)
        case _:
            return True
