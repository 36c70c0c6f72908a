"""Facts that somebody reports begin every process whose conditional start holds over them (BPMN 2.0.2, 10.5.2).

The condition of a start is evaluated without an instance, over the facts alone. One report begins at most one instance
at each start event, or behind each gateway that begins instances. Where instances wait for the condition at the very
start that needs it beside other triggers, the facts complete their beginnings and make no further one.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import NamedTuple

from flowmaster.engine import commands as cmd
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.lookup import condition_of
from flowmaster.engine.model import Value
from flowmaster.engine.values import Json
from flowmaster.engine.watching import CONDITION
from flowmaster.runtime.desk import Desk, Request
from flowmaster.runtime.models import StartCondition
from flowmaster.runtime.starts import begin
from flowmaster.stores.rows import StartSubscription, Subscription

RECEIVERS_MAX = 10_000
"""Instances at one start event whose beginnings one report completes."""


class Failure(NamedTuple):
    """A condition that could not be told to hold or not, or a start that was refused."""

    process: str
    element: str
    reason: str


class Missing(NamedTuple):
    """A condition that is null, and the facts it reads that were not reported."""

    process: str
    condition: str
    facts: tuple[str, ...]


class Report(NamedTuple):
    """What came of reported facts: the instances they reached, and why others did not begin."""

    delivered: list[str]
    failed: list[Failure]
    missing: list[Missing]
    asked: int


def report(desk: Desk, request: Request, facts: Mapping[str, Json], process: str = "") -> Report:
    """Begin what the facts begin: of one process, or of every process in its newest version."""
    if process:
        starts = desk.transaction.process_starts(request.tenant, process)
    else:
        starts = desk.transaction.start_subscriptions(request.tenant, kind=CONDITION)
    asked = _Asked(desk, request, facts)
    conditions = [start for start in starts if start.kind == CONDITION]
    for start in conditions:
        asked.ask(start)
    return Report(list(dict.fromkeys(asked.delivered)), asked.failed, asked.missing, len(conditions))


class _Asked:
    """One report under way: what fails at one start event leaves the others alone."""

    def __init__(self, desk: Desk, request: Request, facts: Mapping[str, Json]) -> None:
        self._desk = desk
        self._request = request
        self._facts = facts
        self._begun: set[tuple[str, str]] = set()
        self.delivered: list[str] = []
        self.failed: list[Failure] = []
        self.missing: list[Missing] = []

    def ask(self, start: StartSubscription) -> None:
        """Ask one condition: of the instances that wait for it, else for a further instance."""
        with self._apart(start):
            found = self._desk.models.start_condition(self._desk.transaction, start)
            if not (found.together and self._complete(start)):
                self._begin(start, found)

    def _complete(self, start: StartSubscription) -> bool:
        """Let instances that have begun at this start take the facts that make its condition true."""
        completed = False
        waiting = self._desk.transaction.subscriptions(
            start.tenant, kind=CONDITION, name=start.name, limit=RECEIVERS_MAX
        )
        for place in waiting:
            if place.held or (place.process, place.wait.element) != (start.process, start.element):
                continue
            with self._apart(start):
                completed = self._receive(place) or completed
        return completed

    def _receive(self, place: Subscription) -> bool:
        desk, state = self._desk, self._desk.load(self._request.tenant, place.instance)
        model = desk.models.process(desk.transaction, self._request.tenant, state.process, state.version)
        condition = condition_of(model.elements[place.wait.element], place.wait.name)
        if not _holds(condition, {**state.variables, **self._facts}, desk.now):
            return False
        received = cmd.ReceiveEvent(desk.now, self._request.by, place.wait.id, self._facts)
        desk.step(self._request, place.instance, lambda state, now: received)
        self.delivered.append(place.instance)
        return True

    def _begin(self, start: StartSubscription, found: StartCondition) -> None:
        """Begin an instance where the condition holds, unless this report has begun one at the same place."""
        place = (start.process, found.place)
        if place in self._begun:
            return
        holds = _holds(found.condition, self._facts, self._desk.now)
        if holds:
            self._begun.add(place)
            self.delivered.append(begin(self._desk, self._request, start, self._facts))
        elif holds is None:
            lacking = tuple(sorted(found.condition.names - self._facts.keys()))
            self.missing.append(Missing(start.process, start.name.removeprefix("="), lacking))

    @contextmanager
    def _apart(self, start: StartSubscription) -> Iterator[None]:
        """Take back what fails at one start, and note it."""
        try:
            with self._desk.transaction.savepoint():
                yield
        except FlowMasterError as error:
            failure = Failure(start.process, start.element, error.message)
            if failure not in self.failed:
                self.failed.append(failure)


def _holds(condition: Value, variables: Mapping[str, Json], at: int) -> bool | None:
    """Return whether a condition holds; null is told apart, and anything but true and false is refused."""
    found = condition.value(variables, at)
    if found is None or isinstance(found, bool):
        return found
    given = str(found) if isinstance(found, Decimal) else repr(found)
    raise FlowMasterError(
        "condition.not_boolean",
        f"The condition `{condition.text}` gave {given} instead of true or false.",
        fix="Write it as a comparison, such as `amount > 100`, and publish again.",
    )
