"""What a random model consists of, before it is written in the dialect of an engine."""

from collections.abc import Iterator
from dataclasses import dataclass, field

SPLITS = ("exclusiveGateway", "inclusiveGateway", "parallelGateway")
NOBODY = "nobody"
"""The name of messages and escalations that nothing waits for."""


@dataclass(frozen=True)
class Trigger:
    """One definition of an event: what kind it is, and the message, signal, code or data object that it names.

    An error or escalation without a name is any of them.
    """

    kind: str
    name: str = ""


@dataclass(frozen=True)
class Turns:
    """How an activity runs several times: `parallel`, `sequential` or as a `loop`.

    It runs `number` times or once per item of the variable `over`; each turn then gives its item, one more, to the list
    `into`. `until` is the answer that ends it early, or without which a loop ends; `before` has it looked at first.
    """

    order: str
    number: int = 0
    over: str = ""
    into: str = ""
    until: str = ""
    before: bool = False

    @property
    def item(self) -> str:
        """Return the variable that holds the item of a turn."""
        return f"i{self.over[1:]}"

    @property
    def gives(self) -> str:
        """Return the variable that a turn gives to the list."""
        return f"g{self.over[1:]}"


@dataclass
class Part:
    """One element: its kind and what it says, without its id and flows.

    `triggers` are the definitions of an event, `together` says that it needs all of them. `asks` are the answers that
    its work gets; `script` is the variable and the expression of a script task, `rule` the variables that a rule reads
    and gives. `writes` and `reads` name data objects. `fails` is the error in which its work may end.
    """

    kind: str
    triggers: tuple[Trigger, ...] = ()
    together: bool = False
    host: str = ""
    interrupting: bool = True
    asks: list[str] = field(default_factory=list)
    script: tuple[str, str] = ("", "")
    rule: tuple[str, str] = ("", "")
    turns: Turns | None = None
    inside: "Sheet | None" = None
    triggered: bool = False
    called: str = ""
    until: str = ""
    cancels_rest: bool = True
    writes: str = ""
    reads: str = ""
    fails: str = ""

    @property
    def event(self) -> str:
        """Return what kind of event it is, empty for a none event and for what is no event."""
        if len(self.triggers) > 1:
            return "parallelMultiple" if self.together else "multiple"
        return self.triggers[0].kind if self.triggers else ""

    @property
    def throws(self) -> bool:
        """Return whether it throws what its triggers name."""
        return self.kind in ("intermediateThrowEvent", "endEvent", "sendTask")


@dataclass
class Sheet:
    """What stands in one scope: elements by id, and flows as source, target and condition.

    `tight` are the flows that nothing may come into; `data` are the data objects.
    """

    parts: dict[str, Part] = field(default_factory=dict)
    flows: list[tuple[str, str, str]] = field(default_factory=list)
    tight: set[tuple[str, str]] = field(default_factory=set)
    data: list[str] = field(default_factory=list)

    def flow(self, source: str, target: str, condition: str = "") -> None:
        """Connect two elements."""
        self.flows.append((source, target, condition))

    def tie(self, *keys: str) -> None:
        """Connect elements, one after the other, so that no token comes in between."""
        for source, target in zip(keys, keys[1:], strict=False):
            self.flow(source, target)
            self.tight.add((source, target))

    def all_parts(self) -> Iterator[tuple[str, Part]]:
        """Go through the elements of this scope and of those inside."""
        for sheet in self.sheets():
            yield from sheet.parts.items()

    def sheets(self) -> Iterator["Sheet"]:
        """Go through this scope and those inside."""
        yield self
        for part in self.parts.values():
            if part.inside is not None:
                yield from part.inside.sheets()


@dataclass
class Model:
    """A process, and those that it calls."""

    main: Sheet
    called: dict[str, Sheet] = field(default_factory=dict)

    def processes(self) -> dict[str, Sheet]:
        """Return all processes by id."""
        return {"p": self.main, **self.called}

    def sheets(self) -> Iterator[Sheet]:
        """Go through all scopes."""
        for process in self.processes().values():
            yield from process.sheets()

    def parts(self) -> dict[str, Part]:
        """Return all elements by id."""
        return {key: part for sheet in self.sheets() for key, part in sheet.parts.items()}

    def data(self) -> set[str]:
        """Return the names of all data objects."""
        return {name for sheet in self.sheets() for name in sheet.data}
