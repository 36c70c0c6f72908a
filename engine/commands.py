"""What one may ask of an instance. A command carries its time and its actor; the engine has no clock.

`at` is an instant in epoch milliseconds (UTC); `by` is who asks (a person, `agent:x`, `worker:x`, `system`).
"""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from flowmaster.engine.compare.plan import Plan
from flowmaster.engine.state import Parent, State
from flowmaster.engine.values import Json

NO_VARIABLES: Mapping[str, Json] = {}
NO_CHILDREN: Mapping[int, str] = {}


class StartInstance(NamedTuple):
    """Begin an instance; `start` names the start event, empty for the none start event. A sandbox stays one.

    Of a start event with several triggers, `trigger` says which came, by its number.
    """

    at: int
    by: str
    instance: str
    variables: Mapping[str, Json] = NO_VARIABLES
    business_key: str = ""
    start: str = ""
    parent: Parent | None = None
    sandbox: bool = False
    trigger: int = 0


class MigrateInstance(NamedTuple):
    """Let an instance go on by the version of the model that this is decided with; `plan` says what becomes of what."""

    at: int
    by: str
    plan: Plan


class ForkInstance(NamedTuple):
    """Begin a sandbox instance as another one stands or stood; its times are `later` milliseconds after the other's.

    `children` holds, by wait, the forks of what the other one called; `variables` are changed at once.
    """

    at: int
    by: str
    instance: str
    source: State
    later: int = 0
    parent: Parent | None = None
    children: Mapping[int, str] = NO_CHILDREN
    variables: Mapping[str, Json] = NO_VARIABLES


class ActOnTask(NamedTuple):
    """Do something with an open task: claim, release, complete, save_draft, assign, delegate, reject, ...

    `by` is the person acted for; `roles` None counts as holding every role. A person whom the caller `named`
    does not act on a task that somebody else holds; whoever operates the server in nobody's name may.
    """

    at: int
    by: str
    wait: int
    action: str
    variables: Mapping[str, Json] = NO_VARIABLES
    to: str = ""
    comment: str = ""
    roles: frozenset[str] | None = None
    named: bool = False


class CompleteJob(NamedTuple):
    """A worker is done with a job."""

    at: int
    by: str
    wait: int
    variables: Mapping[str, Json] = NO_VARIABLES


class FailJob(NamedTuple):
    """A try at a job failed for a technical reason; `retries` is what is left, `due` when to try again."""

    at: int
    by: str
    wait: int
    message: str
    retries: int
    due: int | None = None


class ThrowJobError(NamedTuple):
    """A job ended in a business error (a BPMN error); `caller_catches` says whether one does if the instance does not."""

    at: int
    by: str
    wait: int
    code: str
    message: str = ""
    variables: Mapping[str, Json] = NO_VARIABLES
    caller_catches: bool = False


class FireTimer(NamedTuple):
    """A timer is due."""

    at: int
    by: str
    wait: int


class ReceiveEvent(NamedTuple):
    """A message or signal reached a waiting place."""

    at: int
    by: str
    wait: int
    variables: Mapping[str, Json] = NO_VARIABLES


class ReportChildStarted(NamedTuple):
    """The called process runs under the id `child`."""

    at: int
    by: str
    wait: int
    child: str


class ReportChildEnded(NamedTuple):
    """The called process is over, or could not be started (`status` is `refused`).

    With an `error`, `caller_catches` says whether a caller of the instance catches it if the instance does not.
    """

    at: int
    by: str
    wait: int
    status: str
    variables: Mapping[str, Json] = NO_VARIABLES
    error: str = ""
    message: str = ""
    caller_catches: bool = False


class ReportEscalation(NamedTuple):
    """The called process threw an escalation that nothing in it caught; it goes on all the same."""

    at: int
    by: str
    wait: int
    code: str
    variables: Mapping[str, Json] = NO_VARIABLES


class CancelInstance(NamedTuple):
    """End the instance as it stands; with `compensate`, once the handlers of all that is done have run."""

    at: int
    by: str
    note: str = ""
    compensate: bool = False


class PauseInstance(NamedTuple):
    """Hold the instance where it is."""

    at: int
    by: str
    note: str = ""


class ResumeInstance(NamedTuple):
    """Let a paused instance go on."""

    at: int
    by: str
    note: str = ""


class Retry(NamedTuple):
    """Try again what stands as incident: all, those of one element, or one."""

    at: int
    by: str
    element: str = ""
    incident: int = 0


class Skip(NamedTuple):
    """Leave an element as if it had completed, with the given outputs."""

    at: int
    by: str
    element: str
    variables: Mapping[str, Json] = NO_VARIABLES


class Move(NamedTuple):
    """Take the tokens at one element and put them before another."""

    at: int
    by: str
    source: str
    target: str


class SetVariables(NamedTuple):
    """Change variables from outside; `scope` names an active element, empty for the process."""

    at: int
    by: str
    variables: Mapping[str, Json]
    scope: str = ""


Command: TypeAlias = (
    StartInstance
    | MigrateInstance
    | ForkInstance
    | ActOnTask
    | CompleteJob
    | FailJob
    | ThrowJobError
    | FireTimer
    | ReceiveEvent
    | ReportChildStarted
    | ReportChildEnded
    | ReportEscalation
    | CancelInstance
    | PauseInstance
    | ResumeInstance
    | Retry
    | Skip
    | Move
    | SetVariables
)
