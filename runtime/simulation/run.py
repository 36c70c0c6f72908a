"""Runs many cases of a process in virtual time: the engine decides, people come from pools, work takes time.

Nothing is stored and nothing leaves it. What a case sends reaches only what it called itself, as in a sandbox. The same
plan gives the same figures.
"""

from collections import deque
from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush
from typing import Final, TypeAlias

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.decide import decide_in_place
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.evolve import blank
from flowmaster.engine.lookup import job_of
from flowmaster.engine.model import AdHoc, Executable
from flowmaster.engine.scope import scope_of
from flowmaster.engine.state import EventWait, JobWait, TaskWait, TimerWait, Wait
from flowmaster.engine.timers import later
from flowmaster.runtime.results import check_result
from flowmaster.runtime.simulation.bounds import endless_of, too_long, too_many
from flowmaster.runtime.simulation.family import Family
from flowmaster.runtime.simulation.figures import Figures, Stuck, Tally
from flowmaster.runtime.simulation.luck import Luck, StepLuck
from flowmaster.runtime.simulation.plan import Outcome, Plan, World
from flowmaster.runtime.simulation.play import Play, Whole
from flowmaster.runtime.simulation.pools import Offer, Pools

IDLE_MAX: Final = 500
"""Timers that fire in one case while nobody acts; one that goes on behind them is stuck."""

OPEN_MAX: Final = 50_000
"""Cases that may be open at once."""

ACTS_IN_SUM_MAX: Final = 20_000_000
"""Acts in all cases together."""

HEARD_EVERY: Final = 50
"""After so many happenings it is told how many cases have ended."""

BY: Final = "simulation"

_READY: Final = ("ready", "reserved")

Happening: TypeAlias = Callable[[int], None]
"""What happens at an instant."""


class Simulation:
    """The event queue of one run."""

    def __init__(self, world: World, plan: Plan) -> None:
        self._world = world
        self._plan = plan
        self._luck = Luck(plan)
        self._queue: list[tuple[float, int, Happening]] = []
        self._soon: deque[Happening] = deque()
        self._number = 0
        self._arrivals = float(plan.begins)
        self._open: dict[int, Whole] = {}
        self._ends: dict[str, frozenset[str]] = {}
        self._fits: dict[tuple[str, str, int], str] = {}
        self.figures = Figures(begins=plan.begins, until=plan.begins)
        self._pools = Pools(plan.staff, self.figures.role, self._at)
        self._family = Family(world, self._try, self._begin_play, self._later)

    def run(self, between: Callable[[int], object] = lambda done: None) -> Figures:
        """Run all cases until nobody has anything to do; `between` hears now and then how many have ended, and may stop it."""
        self._await(1)
        ended = self.figures.cycles
        happened = 0
        while self._queue:
            at, _, happen = heappop(self._queue)
            happen(int(at))
            while self._soon:
                self._soon.popleft()(int(at))
            happened += 1
            if happened % HEARD_EVERY == 0:
                between(len(ended))
        self._count_stuck()
        return self.figures

    # Who comes.

    def _at(self, at: float, happen: Happening) -> None:
        self._number += 1
        heappush(self._queue, (at, self._number, happen))

    def _later(self, happen: Happening) -> None:
        """Do something at the same instant, before anything else happens."""
        self._soon.append(happen)

    def _await(self, number: int) -> None:
        """Plan the arrival of a case; while nobody comes, no time passes."""
        hours, gap = self._plan.hours, self._luck.gap(number)
        self._arrivals = self._arrivals + gap if hours is None else hours.after(self._arrivals, gap)
        self._at(self._arrivals, lambda at: self._arrive(at, number))

    def _arrive(self, at: int, number: int) -> None:
        if number < self._plan.cases:
            self._await(number + 1)
        case, variables = self._luck.case(number)
        whole = self._open[number] = Whole(number, case, at)
        self.figures.arrived += 1
        self.figures.until = max(self.figures.until, at)
        if len(self._open) > OPEN_MAX:
            raise too_many(self.figures, at, OPEN_MAX)
        model = self._world.main
        key = f"{model.process.id}:{number}"
        if case.vary and (
            why := self._plan.forms.start_refused(model.process, case._replace(variables=variables), at)
        ):
            whole.spoilt = Stuck(model.process.id, "", f"It does not begin: {why}")
            return
        start = cmd.StartInstance(
            at, BY, key, variables, case.business_key, case.start, None, False, case.trigger
        )
        self._begin_play(whole, model, start)

    def _begin_play(self, whole: Whole, model: Executable, start: cmd.StartInstance) -> Play:
        process = model.process
        tally = self.figures.tallies.get(process.id)
        if tally is None:
            tally = self.figures.tallies[process.id] = Tally()
            self._ends[process.id] = frozenset(
                one.id
                for one in process.elements.values()
                if one.kind == "endEvent" and one.scope == process.id
            )
        ends = self._ends[process.id] if start.parent is None else frozenset()
        play = Play(whole, model, blank(start.instance, process.id, model.version), tally, ends)
        whole.plays[start.instance] = play
        self._try(play, start)
        return play

    # What an act leads to.

    def _do(self, play: Play, command: cmd.Command) -> None:
        """Let the engine decide on an act, and take note of what comes of it."""
        whole, at = play.whole, command.at
        whole.acts += 1
        self.figures.acts += 1
        if endless := endless_of(whole, at):
            self._spoil(
                play,
                max(
                    play.tally.steps, key=lambda one: whole.visits.get(f"{play.process}/{one}", 0), default=""
                ),
                endless,
            )
            return
        if self.figures.acts > ACTS_IN_SUM_MAX:
            raise too_long(self.figures, at, ACTS_IN_SUM_MAX)
        self._world.now = at
        try:
            decided = decide_in_place(play.model, play.state, command)
        except FlowMasterError as error:
            self._spoil(play, error.path.removeprefix("element:"), error.message)
            raise
        tally = play.tally
        visits, flows = tally.visits, tally.flows
        for event in decided.events:
            kind = type(event)
            if kind is ev.ElementEntered:
                element = event.element  # type: ignore[union-attr]  # the kind says so
                visits[element] = visits.get(element, 0) + 1
                if element in play.ends:
                    whole.end = element
            elif kind is ev.FlowTaken:
                flow = event.flow  # type: ignore[union-attr]  # the kind says so
                flows[flow] = flows.get(flow, 0) + 1
            elif kind in _HEARD:
                self._hear(play, event, at)

    def _hear(self, play: Play, event: ev.Event, at: int) -> None:
        match event:
            case ev.WaitOpened(wait=wait):
                self._opened(play, wait, at)
            case ev.WaitClosed(wait=key):
                self._closed(play, key, at)
            case ev.TaskChanged(wait=TaskWait() as task):
                self._changed(play, task, at)
            case ev.JobFailed(wait=JobWait() as job):
                self._work(play, job, at)
            case ev.InstanceEnded():
                self._ended(play, event, at)
            case _:
                self._family.hear(play, event)

    def _ended(self, play: Play, event: ev.InstanceEnded, at: int) -> None:
        for offer in play.offers.values():
            self._let_go(play, offer, at)
        play.offers.clear()
        self._family.hear(play, event)
        whole = play.whole
        if play.state.parent is not None:
            del whole.plays[play.state.instance]
            return
        labels = {"completed": whole.end or "completed", "failed": f"failed: {event.error}"}
        self.figures.ended[labels.get(event.status, event.status)] += 1
        self.figures.cycles.append(at - play.state.started)
        self.figures.until = max(self.figures.until, at)
        self._open.pop(whole.number, None)

    def _spoil(self, play: Play, element: str, why: str) -> None:
        """Let a case stand still for good."""
        if play.whole.spoilt is None:
            play.whole.spoilt = Stuck(play.process, element, why)

    # What is waited for.

    def _opened(self, play: Play, wait: Wait, at: int) -> None:
        node = play.state.nodes.get(wait.node)
        stands = node is not None and node.element == wait.element
        play.open[wait.id] = (wait, stands)
        match wait:
            case TimerWait():
                self._at(max(at, wait.due), lambda now: self._fire(play, wait, now))
            case JobWait():
                play.tally.step(wait.element).waits += not wait.purpose
                self._work(play, wait, at)
            case TaskWait() if wait.state in _READY:
                self._offer(play, wait, at)
            case EventWait():
                self._expect(play, wait, at)
            case _:
                pass

    def _closed(self, play: Play, key: int, at: int) -> None:
        found = play.open.pop(key, None)
        offer = play.offers.pop(key, None)
        if offer is not None:
            self._let_go(play, offer, at)
        if found is None:
            return
        wait, stands = found
        if not stands or isinstance(wait, TaskWait) or (isinstance(wait, TimerWait) and wait.purpose):
            return
        step = play.tally.step(wait.element)
        if isinstance(wait, JobWait):
            self._worked(play, wait, at)
        else:
            step.waited += at - wait.since
            step.waits += 1

    def _worked(self, play: Play, wait: JobWait, at: int) -> None:
        """Count the time that a worker gave to a job, until it is done or not needed any more."""
        begun = play.jobs.pop(wait.id, None)
        if begun is not None and not wait.purpose:
            step = play.tally.step(wait.element)
            step.worked += max(0.0, at - begun)
            step.works += 1

    def _let_go(self, play: Play, offer: Offer, at: int) -> None:
        """Let a task be over: whoever works on it is free for the next one."""
        step = play.tally.step(offer.wait.element)
        if offer.state == "waiting":
            step.waited += at - offer.since
            step.waits += 1
        if offer.state == "working":
            self._add_work(play, offer, self._pools.leave(offer, at), at)
        self._pools.withdraw(offer, at)

    def _add_work(self, play: Play, offer: Offer, worked: float, at: int) -> None:
        step = play.tally.step(offer.wait.element)
        step.worked += worked
        step.works += 1
        self.figures.cost += self._pools.cost(offer, worked)

    def _fire(self, play: Play, wait: TimerWait, at: int) -> None:
        if wait.id not in play.state.waits or play.is_over():
            return
        play.whole.idle += 1
        if play.whole.idle > IDLE_MAX:
            self._spoil(play, wait.element, "Its timers fire again and again, and nobody acts.")
            return
        play.tally.timers[wait.element, wait.purpose] += 1
        self._try(play, cmd.FireTimer(at, BY, wait.id))

    def _try(self, play: Play, command: cmd.Command) -> None:
        """Act; a case whose act the engine refuses is spoilt, the others go on."""
        try:
            self._do(play, command)
        except FlowMasterError:
            if play.whole.spoilt is None:
                raise

    # What people do.

    def _changed(self, play: Play, task: TaskWait, at: int) -> None:
        """Follow a task that was offered, escalated, reminded of or given back."""
        if task.id not in play.state.waits:
            return
        play.open[task.id] = (task, True)
        offer = play.offers.get(task.id)
        if offer is not None:
            self._pools.moved(offer, task, self._roles(play, task), at)
        elif task.state in _READY and task.id not in play.silent:
            self._offer(play, task, at)

    def _offer(self, play: Play, wait: TaskWait, at: int) -> None:
        whole, process = play.whole, play.model.process
        step = self._luck.step(process, wait.element)
        visit = whole.visit(step.place)
        outcome = self._luck.outcome(whole.number, whole.case, step, visit)
        self._pay(step)
        if outcome is None:
            element = process.elements[wait.element]
            asked = self._plan.forms.asks(process, element)
            if asked or self._luck.is_silent(whole.case, step):
                play.silent[wait.id] = f"Nobody answers {asked}." if asked else "Nobody does it."
                return
            outcome = Outcome()
        takes = self._luck.takes(whole.number, step, visit)
        offer = Offer(wait, self._roles(play, wait), at, takes, partial(self._taken, play, outcome))
        play.offers[wait.id] = offer
        self._pools.offer(offer, at)

    def _roles(self, play: Play, wait: TaskWait) -> tuple[str, ...]:
        """Return the roles of a task as the plan calls them; one that names nobody is for those of its lane."""
        roles = wait.roles
        if not (roles or wait.users or wait.assignee):
            lane = play.model.process.elements[wait.element].lane
            roles = (lane,) if lane else ()
        aliases = self._plan.aliases
        return tuple(aliases.get(role, role) for role in roles) if aliases else roles

    def _pay(self, step: StepLuck) -> None:
        self.figures.cost += step.cost

    def _taken(self, play: Play, outcome: Outcome, offer: Offer, begins: float, ends: float) -> None:
        step = play.tally.step(offer.wait.element)
        step.waited += begins - offer.since
        step.waits += 1
        self._at(ends, lambda at: self._leave(play, offer, outcome, at))

    def _leave(self, play: Play, offer: Offer, outcome: Outcome, at: int) -> None:
        """Complete a task, and let whoever did it go on to the next one."""
        key = offer.wait.id
        if offer.state != "working" or play.offers.get(key) is not offer:
            return
        del play.offers[key]
        performer = offer.performer
        self._add_work(play, offer, self._pools.leave(offer, at), at)
        wait = play.state.waits.get(key)
        if play.is_over() or not isinstance(wait, TaskWait):
            return
        play.whole.idle = 0
        why = self._misfit(play, wait, outcome)
        if why:
            self._spoil(play, wait.element, why)
            return
        try:
            self._do(play, cmd.ActOnTask(at, performer, key, "complete", outcome.variables))
        except FlowMasterError as error:
            play.whole.spoilt = Stuck(play.process, wait.element, f"The answer is refused: {error.message}")

    def _misfit(self, play: Play, wait: TaskWait | JobWait, outcome: Outcome) -> str:
        """Return why a step does not take an outcome, empty if it does; each outcome is looked at once."""
        process = play.model.process
        element = process.elements[wait.element]
        if isinstance(wait, JobWait) and (wait.purpose or isinstance(element.details, AdHoc)):
            return self._result_misfit(play, wait, outcome)
        key = (process.id, wait.element, id(outcome.variables))
        found = self._fits.get(key)
        if found is None:
            found = (
                self._result_misfit(play, wait, outcome)
                if isinstance(wait, JobWait)
                else self._plan.forms.refuses(process, element, outcome.variables)
            )
            self._fits[key] = found
        return found

    def _result_misfit(self, play: Play, wait: JobWait, outcome: Outcome) -> str:
        try:
            check_result(play.model.process, play.state, wait, outcome.variables)
        except FlowMasterError as error:
            return error.message
        return ""

    # What workers and others do.

    def _work(self, play: Play, wait: JobWait, at: int) -> None:
        """Let a worker do a job once it is due."""
        if wait.retries <= 0:
            return
        whole = play.whole
        step = self._job_step(play, wait)
        visit = whole.visit(step.place)
        outcome = self._luck.outcome(whole.number, whole.case, step, visit)
        if not wait.purpose:
            self._pay(step)
        if outcome is None and self._luck.is_silent(whole.case, step):
            play.silent[wait.id] = "The work stays under way: nobody says what comes of it."
            return
        takes = 0 if wait.purpose else self._luck.takes(whole.number, step, visit)
        begins = at if wait.due is None else max(at, wait.due)
        play.jobs[wait.id] = begins
        play.tally.step(wait.element).waited += begins - at
        self._at(begins + takes, lambda now: self._finish(play, wait, outcome or _NOTHING, now))

    def _job_step(self, play: Play, wait: JobWait) -> StepLuck:
        """Return what is said of a job; a listener's job is known by its type alone."""
        process = play.model.process
        element = f"{wait.element}/{wait.purpose}" if wait.purpose else wait.element
        return self._luck.step(process, element, wait.type)

    def _finish(self, play: Play, wait: JobWait, outcome: Outcome, at: int) -> None:
        if wait.id not in play.state.waits or play.is_over():
            return
        play.whole.idle = 0
        self._worked(play, wait, at)
        command: cmd.Command
        if outcome.error:
            caught = self._family.catches(play.whole, play.state.parent, outcome.error, at)
            command = cmd.ThrowJobError(at, BY, wait.id, outcome.error, "", outcome.variables, caught)
        elif outcome.fail:
            retries = wait.retries - 1
            due = self._next_try(play, wait, at) if retries > 0 else None
            command = cmd.FailJob(at, BY, wait.id, outcome.fail, retries, due)
        else:
            why = self._misfit(play, wait, outcome)
            if why:
                self._spoil(play, wait.element, why)
                return
            command = cmd.CompleteJob(at, BY, wait.id, outcome.variables)
        self._try(play, command)

    def _next_try(self, play: Play, wait: JobWait, at: int) -> int | None:
        job = job_of(play.model.process.elements[wait.element], wait.purpose)
        if job is None or job.backoff is None:
            return None
        return later(at, str(job.backoff.value(scope_of(play.state, wait.node), at)))

    def _expect(self, play: Play, wait: EventWait, at: int) -> None:
        """Let a message come that is waited for."""
        if wait.kind not in ("message", "signal"):
            return
        whole = play.whole
        visit = whole.visit(f"{wait.kind} {wait.name}")
        step = self._luck.step(play.model.process, wait.element)
        found = self._luck.notice(whole.number, whole.case, wait.name, step.place, visit)
        if found is None:
            return
        outcome, after = found
        if after < 0:
            after = self._luck.takes(whole.number, step, visit)
        received = wait.id

        def come(now: int) -> None:
            if received in play.state.waits and not play.is_over():
                play.whole.idle = 0
                self._try(play, cmd.ReceiveEvent(now, BY, received, outcome.variables))

        self._at(at + max(0.0, after), come)

    # Who is left.

    def _count_stuck(self) -> None:
        for whole in self._open.values():
            stuck = whole.spoilt
            for play in reversed(whole.plays.values()) if stuck is None else ():
                if not play.is_over():
                    stuck = play.hindrance(self._pools)
                    if stuck is not None:
                        break
            self.figures.stuck[stuck or Stuck(self._world.main.process.id, "", "It does not go on.")] += 1


_NOTHING: Final = Outcome()

_HEARD: Final = frozenset(
    {
        ev.WaitOpened,
        ev.WaitClosed,
        ev.TaskChanged,
        ev.JobFailed,
        ev.InstanceEnded,
        ev.ChildRequested,
        ev.ChildCancelRequested,
        ev.MessageSent,
        ev.SignalSent,
        ev.EscalationThrown,
    }
)
