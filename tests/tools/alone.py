"""Plays the drawn cases of a simulation one by one in sandboxes: the runtime itself, with its store and desk."""

from collections import Counter
from dataclasses import dataclass, field
from heapq import heappop, heappush

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.model import Process
from flowmaster.engine.state import EventWait, JobWait, State, TaskWait, Wait
from flowmaster.runtime.desk import Desk, Request, Start
from flowmaster.runtime.models import Models
from flowmaster.runtime.sandbox import TENANT, Sandbox
from flowmaster.runtime.simulation.bounds import YEARS_MAX
from flowmaster.runtime.simulation.luck import Luck
from flowmaster.runtime.simulation.plan import Case, Outcome, Plan
from flowmaster.runtime.workers import next_try
from flowmaster.stores.rows import InstanceFilter, JobRow
from flowmaster.tools.scenario_stage import Kit, furnish

YEAR_MS = 31_557_600_000
ROUNDS_MAX = 2_000
"""Acts and times that one case goes through; one that goes on behind them has no end."""
BY = Request(TENANT, "alone", "test")


@dataclass
class Counted:
    """What was counted over cases: visits and flows by process, ends of the process under test, cases that stand still."""

    visits: Counter[tuple[str, str]] = field(default_factory=Counter)
    flows: Counter[tuple[str, str]] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    stuck: int = 0
    cycles: list[int] = field(default_factory=list)


def play_alone(kit: Kit, process: str, plan: Plan, begins: list[int]) -> Counted:
    """Play each case at the instant at which it comes, without the others."""
    models, luck, counted = Models(), Luck(plan), Counted()
    for number, at in enumerate(begins, 1):
        sandbox = Sandbox(models, at)
        sandbox.write(lambda transaction, at=at: furnish(transaction, kit, at))  # type: ignore[misc]  # bound at once
        for key, compiled in kit.processes.items():
            models.replace(TENANT, key, 1, compiled)
        _Alone(sandbox, process, plan, luck, number).run(counted)
    return counted


class _Alone:
    """Acts for everybody in one case, with the luck of the simulation."""

    def __init__(self, sandbox: Sandbox, process: str, plan: Plan, luck: Luck, number: int) -> None:
        self._sandbox, self._process, self._plan, self._luck, self._number = (
            sandbox,
            process,
            plan,
            luck,
            number,
        )
        self._visits: Counter[str] = Counter()
        self._seen: set[tuple[str, int, int]] = set()
        self._acts: list[tuple[int, int, str, Wait, Outcome]] = []
        self._case: Case

    def run(self, counted: Counted) -> None:
        case, variables = self._luck.case(self._number)
        self._case = case
        start = Start(self._process, 1, variables, case.business_key, case.start, trigger=case.trigger)
        instance = self._sandbox.do(lambda desk: desk.start(BY, start))
        ends = self._sandbox.now() + YEARS_MAX * YEAR_MS
        for _ in range(ROUNDS_MAX):
            if self._sandbox.now() > ends:
                break
            self._look()
            due = self._sandbox.reader.next_due()
            coming = self._acts[0][0] if self._acts else None
            if coming is None and due is None:
                break
            if due is not None and (coming is None or due <= coming):
                self._sandbox.advance(max(due, self._sandbox.now()))
                continue
            at, _, owner, wait, outcome = heappop(self._acts)
            self._sandbox.advance(max(at, self._sandbox.now()))
            self._act(owner, wait, outcome)
        self._count(instance, counted)

    def _look(self) -> None:
        """See what is newly waited for, and plan who acts when."""
        now = self._sandbox.now()
        for state in self._states():
            process = self._sandbox.models.process(self._sandbox.reader, TENANT, state.process, state.version)
            for wait in state.waits.values():
                retries = wait.retries if isinstance(wait, JobWait) else 0
                if (state.instance, wait.id, retries) in self._seen:
                    continue
                self._seen.add((state.instance, wait.id, retries))
                planned = self._planned(process, wait, now)
                if planned is not None:
                    at, outcome = planned
                    heappush(self._acts, (at, len(self._seen), state.instance, wait, outcome))

    def _planned(self, process: Process, wait: Wait, now: int) -> tuple[int, Outcome] | None:
        luck, number, case = self._luck, self._number, self._case
        if isinstance(wait, EventWait) and wait.kind == "message":
            visit = self._visit(f"message {wait.name}")
            step = luck.step(process, wait.element)
            found = luck.notice(number, case, wait.name, step.place, visit)
            if found is None:
                return None
            after = found[1] if found[1] >= 0 else luck.takes(number, step, visit)
            return int(now + after), found[0]
        if not isinstance(wait, TaskWait | JobWait):
            return None
        if isinstance(wait, JobWait) and wait.retries <= 0:
            return None
        step = luck.step(process, wait.element, wait.type if isinstance(wait, JobWait) else "")
        visit = self._visit(step.place)
        outcome = luck.outcome(number, case, step, visit)
        asked = isinstance(wait, TaskWait) and self._plan.forms.asks(process, process.elements[wait.element])
        if outcome is None and (asked or luck.is_silent(case, step)):
            return None
        begins = now if not isinstance(wait, JobWait) or wait.due is None else max(now, wait.due)
        return int(begins + luck.takes(number, step, visit)), outcome or Outcome()

    def _visit(self, place: str) -> int:
        self._visits[place] += 1
        return self._visits[place] - 1

    def _act(self, owner: str, wait: Wait, outcome: Outcome) -> None:
        at = self._sandbox.now()

        def step(desk: Desk) -> None:
            state = desk.load(TENANT, owner)
            standing = state.waits.get(wait.id)
            if standing is None:
                return
            command: cmd.Command
            if isinstance(standing, EventWait):
                command = cmd.ReceiveEvent(at, "alone", wait.id, outcome.variables)
            elif isinstance(standing, TaskWait):
                person = standing.assignee or next(
                    name for name in (f"p{n}" for n in range(100)) if name not in standing.excluded
                )
                command = cmd.ActOnTask(at, person, wait.id, "complete", outcome.variables)
            elif outcome.error:
                command = cmd.ThrowJobError(at, "alone", wait.id, outcome.error, "", outcome.variables)
            elif outcome.fail:
                assert isinstance(standing, JobWait)
                left = standing.retries - 1
                row = JobRow("", TENANT, owner, state.process, state.version, "", "", standing, "", 0)
                command = cmd.FailJob(at, "alone", wait.id, outcome.fail, left, next_try(desk, TENANT, row))
            else:
                command = cmd.CompleteJob(at, "alone", wait.id, outcome.variables)
            desk.step(BY, owner, lambda found, now: command)

        try:
            self._sandbox.do(step)
        except FlowMasterError:
            self._acts.clear()

    def _states(self) -> list[State]:
        reader = self._sandbox.reader
        which = InstanceFilter(statuses=("active",), include_sandbox=True, limit=100)
        found = [reader.load(TENANT, row.instance) for row in reader.find_instances(TENANT, which).items]
        return sorted((one.state for one in found if one is not None), key=lambda state: state.instance)

    def _count(self, instance: str, counted: Counted) -> None:
        reader = self._sandbox.reader
        rows = reader.find_instances(TENANT, InstanceFilter(include_sandbox=True, limit=1_000)).items
        for row in rows:
            last, ended, started = "", "", 0
            history = reader.history(TENANT, row.instance, limit=100_000)
            process = self._sandbox.models.process(reader, TENANT, row.process, row.version)
            for entry in history:
                match entry.event:
                    case ev.InstanceStarted(at=at):
                        started = at
                    case ev.ElementEntered(element=element):
                        counted.visits[row.process, element] += 1
                        found = process.elements[element]
                        if found.kind == "endEvent" and found.scope == process.id:
                            last = element
                    case ev.FlowTaken(flow=flow):
                        counted.flows[row.process, flow] += 1
                    case ev.InstanceEnded(status=status, error=error):
                        ended = {"completed": last or status, "failed": f"failed: {error}"}.get(
                            status, status
                        )
                        if row.instance == instance:
                            counted.cycles.append(entry.at - started)
            if row.instance == instance:
                counted.stuck += not ended
                counted.ended.update([ended] if ended else [])
