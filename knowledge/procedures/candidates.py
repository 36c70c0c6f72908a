"""What a reader of procedures hands over: candidate steps with their sources and confidence, and what it could not place.

A reader is anything with a `name` and a `read`. `rules` (`rules.py`) is the one there is; another one, such as a model,
gives the same candidates, and all that follows (the draft, its checks, the questions) stays as it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, Protocol, TypeAlias

from flowmaster.knowledge.documents.work import Work
from flowmaster.knowledge.procedures.conditions import Condition
from flowmaster.knowledge.procedures.material import Material

StepKind = Literal["ask", "call", "send", "wait", "message"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where something was read, its words, how sure it is, and the rule that recognised it."""

    where: str
    quote: str
    confidence: Decimal
    rule: str


@dataclass(slots=True, kw_only=True)
class Step:
    """Something that is done or waited for; `children` are its sub-steps."""

    kind: StepKind
    name: str
    source: Source
    roles: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    within: str = ""
    remind: str = ""
    wait: str = ""
    escalate: str = ""
    system: str = ""
    until: Condition | None = None
    asks: Condition | None = None
    late: "list[Node]" = field(default_factory=list)
    children: "list[Node]" = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    """What the person who does it answers, with the type of each; filled in by the draft."""


@dataclass(slots=True, kw_only=True)
class Choice:
    """What is done if a condition holds, and what otherwise."""

    condition: Condition
    source: Source
    then: "list[Node]" = field(default_factory=list)
    other: "list[Node]" = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Beside:
    """What is done side by side."""

    source: Source
    branches: "list[list[Node]]" = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Jump:
    """It goes on at the entry with this number."""

    mark: str
    source: Source
    target: Step | None = None


@dataclass(slots=True, kw_only=True)
class End:
    """The process ends."""

    name: str
    source: Source


Node: TypeAlias = Step | Choice | Beside | Jump | End


@dataclass(frozen=True, slots=True)
class RoleFound:
    """A role: its id, what people call it, and whether it stands outside of the house."""

    id: str
    name: str
    external: bool


@dataclass(frozen=True, slots=True)
class Unused:
    """A text of which nothing was made."""

    where: str
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """A question that the text leaves open, graver ones with less confidence."""

    where: str
    text: str
    confidence: Decimal


@dataclass(slots=True, kw_only=True)
class Candidates:
    """All that a reader made of a document."""

    title: str
    steps: list[Node]
    roles: list[RoleFound]
    unused: list[Unused]
    doubts: list[Doubt]
    looked_for: Sequence[str] = ()


class Reader(Protocol):
    """Gives candidate steps for a document."""

    name: str

    def read(self, material: Material, work: Work) -> Candidates:
        """Return what the document says is done."""


def lists_in(nodes: list[Node]) -> Iterator[list[Node]]:
    """Yield a list of nodes and every list inside it."""
    yield nodes
    for node in nodes:
        for inner in inside(node):
            yield from lists_in(inner)


def inside(node: Node) -> list[list[Node]]:
    """Return the lists that a node holds."""
    match node:
        case Step():
            return [node.children, node.late]
        case Choice():
            return [node.then, node.other]
        case Beside():
            return node.branches
        case _:
            return []


def steps_in(nodes: list[Node]) -> Iterator[Step]:
    """Yield every step at any depth, in order."""
    for node in nodes:
        if isinstance(node, Step):
            yield node
        for inner in inside(node):
            yield from steps_in(inner)


def all_in(nodes: list[Node]) -> Iterator[Node]:
    """Yield every node at any depth, in order."""
    for node in nodes:
        yield node
        for inner in inside(node):
            yield from all_in(inner)
