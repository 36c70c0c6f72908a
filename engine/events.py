"""What happened to an instance, as facts: the history, and the only thing that changes its state.

Events are forever. A recorded event must apply with every later version of this code, so fields are only
ever added at the end, with a default. Time and actor stand once on the step that an event belongs to;
an event repeats a time only where the state needs it.
"""

from collections.abc import Mapping
from typing import TypeAlias

from flowmaster.engine.record import Record
from flowmaster.engine.state import Incident, Node, Origin, Parent, Wait
from flowmaster.engine.values import Json


class InstanceStarted(Record, frozen=True, tag="is"):
    """An instance of a published version came to life."""

    instance: str
    process: str
    version: int
    business_key: str
    at: int
    parent: Parent | None
    variables: Mapping[str, Json]
    sandbox: bool = False


class ElementEntered(Record, frozen=True, tag="en"):
    """A token came to an element; `via` holds the flows whose tokens it took."""

    key: int
    element: str
    scope: int
    via: tuple[str, ...]


class ElementCompleted(Record, frozen=True, tag="ec"):
    """An element did what it is there for."""

    key: int
    element: str


class ElementCancelled(Record, frozen=True, tag="ex"):
    """An element was left before it completed."""

    key: int
    element: str


class FlowTaken(Record, frozen=True, tag="ft"):
    """A token left over a sequence flow."""

    flow: str
    scope: int


class TokenJoined(Record, frozen=True, tag="tj"):
    """A token arrived at a join and waits there for the others."""

    element: str
    flow: str
    scope: int


class VariablesSet(Record, frozen=True, tag="vs"):
    """Variables of one scope got new values."""

    scope: int
    element: str
    values: Mapping[str, Json]


class WaitOpened(Record, frozen=True, tag="wo"):
    """An element began to wait for a person, worker, timer, message or called process."""

    wait: Wait


class WaitClosed(Record, frozen=True, tag="wc"):
    """A wait is over; `how` says why: completed, fired, received, failed, withdrawn."""

    wait: int
    element: str
    how: str
    data: Mapping[str, Json]


class TaskChanged(Record, frozen=True, tag="tc"):
    """A task was claimed, released, assigned, reminded of, escalated, commented on and so on."""

    wait: Wait
    action: str
    data: Mapping[str, Json]


class TaskPerformed(Record, frozen=True, tag="tp"):
    """A person (or an agent for a person) completed a task."""

    wait: int
    element: str
    performer: str


class JobFailed(Record, frozen=True, tag="jf"):
    """A try at a job failed; `wait` is the job as it stands now."""

    wait: Wait
    message: str


class ChildStarted(Record, frozen=True, tag="cs"):
    """The called process runs; `wait` is the wait as it stands now."""

    wait: Wait


class DecisionMade(Record, frozen=True, tag="dm"):
    """A DMN decision was evaluated: with which version, over what, which rules matched, what it gave."""

    key: int
    element: str
    decision: str
    version: int
    inputs: Mapping[str, Json]
    matched: tuple[Json, ...]
    output: Json


class MessageSent(Record, frozen=True, tag="ms"):
    """The instance sent a message inside the server."""

    element: str
    name: str
    key: str
    variables: Mapping[str, Json]


class ErrorThrown(Record, frozen=True, tag="et"):
    """A BPMN error was thrown; `caught_by` is the catching element, empty if none caught it here."""

    element: str
    code: str
    message: str
    caught_by: str


class ChildRequested(Record, frozen=True, tag="cr"):
    """The instance calls another process."""

    wait: int
    element: str
    process: str
    version: str
    variables: Mapping[str, Json]


class ChildCancelRequested(Record, frozen=True, tag="cx"):
    """The instance no longer wants the process it called."""

    wait: int
    element: str
    child: str


class IncidentRaised(Record, frozen=True, tag="ir"):
    """Something went wrong that only a person or agent can mend."""

    id: int
    node: int
    element: str
    stage: str
    code: str
    message: str
    at: int
    attempts: int


class IncidentResolved(Record, frozen=True, tag="iv"):
    """An incident is out of the way."""

    id: int
    element: str
    how: str


class InstancePaused(Record, frozen=True, tag="ip"):
    """The instance takes no further step until it is resumed."""

    note: str


class InstanceResumed(Record, frozen=True, tag="iu"):
    """The instance goes on."""

    note: str


class JobRetried(Record, frozen=True, tag="jr"):
    """A job that had run out of retries is offered again; `wait` is the job as it stands now."""

    wait: Wait


class TokensDropped(Record, frozen=True, tag="td"):
    """The tokens under way or at joins of a scope are gone; nodes that still stand in it stay."""

    scope: int
    element: str


class SignalSent(Record, frozen=True, tag="ss"):
    """The instance broadcast a signal."""

    element: str
    name: str
    variables: Mapping[str, Json]


class EscalationThrown(Record, frozen=True, tag="es"):
    """An escalation was thrown; `caught_by` is the catching event, empty if none caught it here."""

    element: str
    code: str
    caught_by: str
    variables: Mapping[str, Json]


class LoopBegan(Record, frozen=True, tag="lb"):
    """A loop or multi-instance activity begins: how many turns at most, and what a sequence has yet to begin with."""

    key: int
    element: str
    total: int
    items: tuple[Json, ...]
    collects: bool


class LoopStopped(Record, frozen=True, tag="ls"):
    """Nothing more begins: a turn or an inner activity met the completion condition, or an event interrupted the rest."""

    key: int
    element: str


class TurnCollected(Record, frozen=True, tag="lc"):
    """A turn gave its result to the output collection of its multi-instance activity, at `place` from 0; -1 is the end."""

    key: int
    element: str
    place: int
    value: Json


class CompensationKept(Record, frozen=True, tag="ck"):
    """An activity that is about to complete can be compensated from now on; a `bare` one without its variables."""

    key: int
    element: str
    bare: bool = False


class CompensationBegan(Record, frozen=True, tag="cb"):
    """A node begins to compensate what is done in `scope`: one activity, or all of it if `activity` is empty."""

    key: int
    element: str
    scope: int
    activity: str


class ElementCompensated(Record, frozen=True, tag="cc"):
    """A node that compensated what is done inside is left; no token goes on from it."""

    key: int
    element: str


class GatewayStarted(Record, frozen=True, tag="gs"):
    """A complex gateway went on with the tokens of these flows, and waits for the others to reset."""

    element: str
    scope: int
    flows: tuple[str, ...]


class GatewayReset(Record, frozen=True, tag="gr"):
    """A complex gateway has taken the tokens that were left, and waits for the next start."""

    element: str
    scope: int


class ConditionSeen(Record, frozen=True, tag="cn"):
    """A condition that something waits for came out otherwise than before; `wait` is the wait as it stands now."""

    wait: Wait


class InstanceForked(Record, frozen=True, tag="fk"):
    """A sandbox instance came to life as another stood after its event `origin.seq`; `at` is when that one started."""

    instance: str
    process: str
    version: int
    business_key: str
    at: int
    parent: Parent | None
    origin: Origin
    status: str
    keys: int
    nodes: tuple[Node, ...]
    waits: tuple[Wait, ...]
    incidents: tuple[Incident, ...]
    performers: tuple[tuple[str, tuple[str, ...]], ...]


class InstanceMigrated(Record, frozen=True, tag="im"):
    """The instance goes on by another version of its process.

    `elements` and `flows` are the ids, old and new, of those that have another one there, `waits` how waits stand now
    that are found by another element or name.
    """

    version: int
    elements: tuple[tuple[str, str], ...]
    flows: tuple[tuple[str, str], ...]
    waits: tuple[Wait, ...]


class WaitRevised(Record, frozen=True, tag="wr"):
    """What is waited for is as another version of the process says; `wait` is the wait as it stands now."""

    wait: Wait


class InstanceEnded(Record, frozen=True, tag="ie"):
    """The instance is over: completed, cancelled or failed; `error` is the code of an uncaught BPMN error."""

    status: str
    error: str
    message: str


Event: TypeAlias = (
    InstanceStarted
    | ElementEntered
    | ElementCompleted
    | ElementCancelled
    | FlowTaken
    | TokenJoined
    | VariablesSet
    | WaitOpened
    | WaitClosed
    | TaskChanged
    | TaskPerformed
    | JobFailed
    | ChildStarted
    | DecisionMade
    | MessageSent
    | ErrorThrown
    | ChildRequested
    | ChildCancelRequested
    | IncidentRaised
    | IncidentResolved
    | InstancePaused
    | InstanceResumed
    | InstanceEnded
    | JobRetried
    | TokensDropped
    | SignalSent
    | EscalationThrown
    | LoopBegan
    | LoopStopped
    | TurnCollected
    | CompensationKept
    | CompensationBegan
    | ElementCompensated
    | GatewayStarted
    | GatewayReset
    | ConditionSeen
    | InstanceForked
    | InstanceMigrated
    | WaitRevised
)
