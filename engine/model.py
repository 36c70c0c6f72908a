"""The executable graph of a process: what the reader makes of a BPMN file and the engine runs.

All is immutable, shared between instances and threads, compiled once per version (BPMN 2.0.2, clause 13).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias

from flowmaster.engine.calendars import Calendar
from flowmaster.engine.library import Library
from flowmaster.engine.values import Json


class Value(Protocol):
    """Something that gives a value over variables: a compiled FEEL expression or a constant."""

    @property
    def text(self) -> str:
        """Return the source as it stands in the model."""
        ...

    @property
    def names(self) -> frozenset[str]:
        """Return the names of the variables that it reads."""
        ...

    def value(self, variables: Mapping[str, object], at: int = 0) -> object:
        """Evaluate over `variables` at the instant `at` (epoch milliseconds)."""
        ...


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal attribute of the model, such as a job type that is not an expression."""

    content: Json

    @property
    def text(self) -> str:
        """Return the literal as text."""
        return str(self.content)

    @property
    def names(self) -> frozenset[str]:
        """Return no names: a constant reads nothing."""
        return frozenset()

    def value(self, variables: Mapping[str, object], at: int = 0) -> object:
        """Return the literal."""
        return self.content


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow (BPMN 2.0.2, 8.4.13)."""

    id: str
    name: str
    source: str
    target: str
    condition: Value | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class IoMapping:
    """One input or output mapping: the value of `source`, which may be `required`, goes to the path `target`, never empty."""

    source: Value
    target: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Who may not perform a task: the person that `person` evaluates to, or everybody who performed `step`."""

    person: Value | None = None
    step: str = ""


@dataclass(frozen=True, slots=True)
class Deadline:
    """What happens to a task that is open too long (WS-HumanTask 4.6): `remind` or `escalate` to a role."""

    after: Value
    action: str
    to: Value | None = None


@dataclass(frozen=True, slots=True)
class InputCheck:
    """A condition over what a start or a person's answer brings, with the words that say what it wants."""

    condition: Value
    message: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """Work for a connector, an outside worker, or a model, which `agent` tells of (the attributes of `fm:agent`)."""

    type: Value
    retries: Value
    headers: Mapping[str, str] = field(default_factory=dict)
    backoff: Value | None = None
    agent: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class UserTask:
    """A person's work: who may do it, by when, with which form; `listeners` decide with, by what happens to it."""

    assignee: Value | None = None
    roles: Value | None = None
    users: Value | None = None
    due: Value | None = None
    follow_up: Value | None = None
    priority: Value | None = None
    form: str = ""
    exclusions: tuple[Exclusion, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    checks: tuple[InputCheck, ...] = ()
    listeners: Mapping[str, tuple[Job, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Script:
    """A FEEL expression whose value goes into a variable."""

    expression: Value
    result: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A call of a DMN decision; `version` is empty for the latest."""

    decision: Value
    result: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of another process; `version` is empty for the latest."""

    process: Value
    version: str = ""
    pass_all: bool = True
    return_all: bool = True


@dataclass(frozen=True, slots=True)
class Timer:
    """When something is due: `kind` is `date`, `duration` or `cycle` (BPMN 2.0.2, 10.5.5.5).

    `missed` says what a start of a process does about times that passed while no server ran: one of `MISSED`, or empty.
    """

    kind: str
    expression: Value
    missed: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A message to wait for or to send; without `key` any message of the name fits."""

    name: Value
    key: Value | None = None


@dataclass(frozen=True, slots=True)
class Error:
    """An error to throw or to catch; without `code` every error is caught."""

    code: Value | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal to wait for or to broadcast."""

    name: Value


@dataclass(frozen=True, slots=True)
class Escalation:
    """An escalation to throw or to catch; without `code` every escalation is caught."""

    code: Value | None = None


@dataclass(frozen=True, slots=True)
class Conditional:
    """A condition over data that an event waits for."""

    condition: Value


@dataclass(frozen=True, slots=True)
class Link:
    """A jump inside one scope: a throwing link goes on at the catching link `target` of the same name."""

    name: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Compensation:
    """What to undo: a throwing event names one `activity` or, empty, all of its scope.

    On a boundary event `activity` is the handler.
    """

    activity: str = ""
    wait: bool = True


@dataclass(frozen=True, slots=True)
class Trigger:
    """One of the definitions of an event with several: its kind (`message`, `timer`) and what it says."""

    definition: str
    details: "Timer | Message | Error | Signal | Escalation | Conditional | Link | Compensation | None"


@dataclass(frozen=True, slots=True)
class Triggers:
    """An event with several definitions: any of them (`/multiple`) or all of them (`/parallelMultiple`)."""

    all: tuple[Trigger, ...]


@dataclass(frozen=True, slots=True)
class Activation:
    """When a complex gateway goes on: a condition over `activationCount` (BPMN 2.0.2, 13.4.5)."""

    condition: Value | None = None


@dataclass(frozen=True, slots=True)
class EventGateway:
    """How an event-based gateway waits: for one event (`Exclusive`) or all; it may begin an instance."""

    parallel: bool = False
    instantiate: bool = False


@dataclass(frozen=True, slots=True)
class AdHoc:
    """Inner activities without a fixed order: which begin at once, and when the whole is done.

    `job` is given where an outside worker or agent chooses the next activity.
    """

    active: Value | None = None
    sequential: bool = False
    completion: Value | None = None
    cancel_remaining: bool = True
    output_collection: str = ""
    output_element: Value | None = None
    job: Job | None = None


@dataclass(frozen=True, slots=True)
class StandardLoop:
    """Repeat while `condition` holds, at most `maximum` times (BPMN 2.0.2, 10.3.8)."""

    condition: Value | None = None
    test_before: bool = False
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class ComplexBehaviour:
    """An event that a multi-instance activity throws when `condition` holds after an instance."""

    condition: Value
    event: Trigger


@dataclass(frozen=True, slots=True)
class MultiInstance:
    """Run once per member of `collection`, or `cardinality` times (BPMN 2.0.2, 10.3.8).

    `behavior` is `All`, `One`, `None` or `Complex`; `event` is what `One` and `None` throw.
    """

    sequential: bool = False
    cardinality: Value | None = None
    collection: Value | None = None
    item: str = ""
    output_collection: str = ""
    output_element: Value | None = None
    completion: Value | None = None
    behavior: str = "All"
    event: Trigger | None = None
    complex: tuple[ComplexBehaviour, ...] = ()


Loop: TypeAlias = StandardLoop | MultiInstance

Details: TypeAlias = (
    UserTask
    | Job
    | Script
    | Rule
    | Call
    | Timer
    | Message
    | Error
    | Signal
    | Escalation
    | Conditional
    | Link
    | Compensation
    | Triggers
    | Activation
    | EventGateway
    | AdHoc
    | None
)


@dataclass(frozen=True, slots=True)
class Element:
    """A flow node, or the process itself, ready to run.

    `family` chooses the behaviour (`elements/table.py`); `kind` is the BPMN element's name. `unsupported` says why it
    cannot run yet; an instance that reaches it stops there. `starts` are the nodes where a scope begins when nothing
    triggers it: its none start events, else its nodes without incoming flow. `data` are variables that begin without a
    value and end with each visit of it. `boundaries` are armed with it,
    `compensated_by` undoes it; of those with one `mutex` one runs at a time; `at_start` and `at_end` are listeners.
    `bare` says that nothing of this comes before or behind its own work, `alone` that no tokens wait for each other there.
    """

    id: str
    kind: str
    family: str
    name: str = ""
    scope: str = ""
    line: int = 0
    incoming: tuple[Flow, ...] = ()
    outgoing: tuple[Flow, ...] = ()
    default: Flow | None = None
    data: tuple[str, ...] = ()
    inputs: tuple[IoMapping, ...] = ()
    outputs: tuple[IoMapping, ...] = ()
    host: str = ""
    interrupting: bool = True
    boundaries: tuple["Element", ...] = ()
    starts: tuple[str, ...] = ()
    details: Details = None
    lane: str = ""
    unsupported: str = ""
    documentation: str = ""
    loop: Loop | None = None
    start_quantity: int = 1
    completion_quantity: int = 1
    triggered_by_event: bool = False
    instantiate: bool = False
    for_compensation: bool = False
    compensated_by: str = ""
    mutex: str = ""
    at_start: tuple[Job, ...] = ()
    at_end: tuple[Job, ...] = ()
    bare: bool = field(init=False, repr=False, compare=False)
    alone: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out once what every token asks for."""
        before = self.unsupported or self.loop or self.mutex or self.inputs or self.data or self.boundaries
        behind = self.outputs or self.compensated_by or self.completion_quantity != 1
        bare = not (before or behind or self.at_start or self.at_end)
        object.__setattr__(self, "bare", bare)
        object.__setattr__(self, "alone", self.start_quantity == 1 and len(self.incoming) <= 1)

    @property
    def label(self) -> str:
        """Return what people call the element."""
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class DataItem:
    """A declared variable: its type, and whether the start of an instance needs it.

    `schema` is a JSON Schema of its values; `input` items are checked when an instance starts.
    """

    name: str
    schema: Mapping[str, Json]
    input: bool = False
    required: bool = False


@dataclass(frozen=True, slots=True)
class Law:
    """A condition that holds in every case of a process or, with `never`, in none."""

    name: str
    condition: str
    never: bool = False


@dataclass(frozen=True, slots=True)
class Tool:
    """How a published process is called as a tool of its own: its name, and what it does."""

    name: str
    about: str


@dataclass(frozen=True, slots=True)
class Process:
    """One executable process: its elements by id; the process itself stands under its own id."""

    id: str
    name: str
    elements: Mapping[str, Element]
    version_tag: str = ""
    executable: bool = True
    data: tuple[DataItem, ...] = ()
    checks: tuple[InputCheck, ...] = ()
    forms: Mapping[str, Json] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    role_kinds: Mapping[str, str] = field(default_factory=dict)
    scenarios: tuple[Json, ...] = ()
    laws: tuple[Law, ...] = ()
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    patient_joins: frozenset[str] = frozenset()
    conditions: frozenset[str] = frozenset()
    handlers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tool: Tool | None = None

    @property
    def root(self) -> Element:
        """Return the process as the outermost scope."""
        return self.elements[self.id]


class Executable(NamedTuple):
    """A process together with the library that its rules are looked up in."""

    process: Process
    version: int
    library: Library
