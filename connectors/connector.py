"""What a connector is: the built-in worker for one type of job."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from flowmaster.engine.values import Json

UNREACHABLE = 502
"""The status of an error that lies with what a connector talks to."""


def _unheard(name: str, value: str | int) -> None:
    """Nobody wants to know."""


class Work(NamedTuple):
    """A job as a connector gets it; `key` stays the same over all tries (the idempotency key of its effect).

    `carried` are headers that go on to whatever it talks to over HTTP, such as the place in a trace. With `tell` it
    says, for traces, how its talk went, under names of OpenTelemetry's conventions: never what was talked about.
    """

    key: str
    type: str
    variables: Mapping[str, Json]
    headers: Mapping[str, str]
    carried: Mapping[str, str] = {}
    tell: Callable[[str, str | int], None] = _unheard


class BusinessError(Exception):
    """The work ended in an error that the process may catch (a BPMN error)."""

    def __init__(self, code: str, message: str = "", variables: Mapping[str, Json] | None = None) -> None:
        super().__init__(message or code)
        self.code = code
        self.message = message
        self.variables = variables or {}


class Connector(Protocol):
    """Does jobs of one type.

    Anything raised but `BusinessError` is a technical failure, to be retried; a `FlowMasterError` is one of the
    connection only if its status is `UNREACHABLE`, else one of the job.
    """

    @property
    def type(self) -> str:
        """Return the job type, such as `http.request`."""
        ...

    @property
    def about(self) -> str:
        """Return in a sentence what it does, and which variables and headers it reads."""
        ...

    def connection(self, work: Work) -> str:
        """Return what a job talks to, such as a host: what fails there again and again is left alone for a while."""
        ...

    async def run(self, work: Work) -> Mapping[str, Json]:
        """Do the work and return its result as variables."""
        ...
