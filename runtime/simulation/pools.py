"""The people of each role: they take the most urgent task that waits for them, and do one at a time."""

from collections.abc import Callable, Mapping, Sequence
from heapq import heappop, heappush

from flowmaster.engine.state import TaskWait
from flowmaster.runtime.simulation.figures import RoleFigures
from flowmaster.runtime.simulation.plan import Staff

LOOKED_AT_MAX = 50
"""Tasks of a line that are looked at for one that a person who is free may do."""

ENOUGH = Staff()


class Offer:
    """A task that waits for somebody, or that somebody works on; `begun` hears from when until when."""

    __slots__ = (
        "began",
        "begun",
        "lined",
        "lines",
        "person",
        "role",
        "roles",
        "since",
        "state",
        "takes",
        "ticket",
        "wait",
    )

    def __init__(
        self,
        wait: TaskWait,
        roles: Sequence[str],
        since: int,
        takes: float,
        begun: "Callable[[Offer, float, float], None]",
    ) -> None:
        self.begun = begun
        self.roles = roles
        self.wait = wait
        self.since = since
        self.lined = since
        self.takes = takes
        self.state = ""
        self.lines: list[_Pool] = []
        self.ticket = 0
        self.role = ""
        self.person = -1
        self.began = 0.0

    @property
    def performer(self) -> str:
        """Return who does it: whom the task names, else the person of the role."""
        wait = self.wait
        if wait.assignee:
            return wait.assignee
        if self.person >= 0:
            return _name(self.role, self.person)
        named = next((user for user in wait.users if user not in wait.excluded), "")
        return named or next(
            name
            for number in range(len(wait.excluded) + 1)
            if (name := _name(self.role or "person", number)) not in wait.excluded
        )


class _Pool:
    """The people of one role, and the line of tasks before them."""

    def __init__(self, role: str, staff: Staff) -> None:
        self.role = role
        self.staff = staff
        self.free = list(range(staff.number or 0))
        self.line: list[tuple[int, int, Offer]] = []
        self.waiting = 0
        self.woken = -1.0

    def may_do(self, offer: Offer) -> int | None:
        """Return the first person who is free and not excluded from a task."""
        wait = offer.wait
        if wait.assignee or not wait.excluded:
            return min(self.free)
        allowed = (person for person in self.free if _name(self.role, person) not in wait.excluded)
        return min(allowed, default=None)


class Pools:
    """Gives tasks to people. `at` plans something for later."""

    def __init__(
        self,
        staff: Mapping[str, Staff],
        figures: Callable[[str], RoleFigures],
        at: Callable[[float, Callable[[int], None]], None],
    ) -> None:
        self._staff = staff
        self._pools = {role: _Pool(role, each) for role, each in staff.items() if each.number is not None}
        self._figures = figures
        self._at = at
        self._number = 0

    def offer(self, offer: Offer, at: int) -> None:
        """Let a task stand in the lines of its roles; where a role has enough people, it is begun at once."""
        offer.lines = [self._pools[role] for role in offer.roles if role in self._pools]
        if not offer.lines:
            offer.role = next(iter(offer.roles), "")
            self._begin(offer, at)
            return
        self._number += 1
        offer.state, offer.ticket = "waiting", self._number
        for pool in offer.lines:
            heappush(pool.line, (-offer.wait.priority, self._number, offer))
            pool.waiting += 1
        for pool in offer.lines:
            self._serve(pool, at)
        for pool in offer.lines if offer.state == "waiting" else ():
            figures = self._figures(pool.role)
            figures.most = max(figures.most, pool.waiting)

    def moved(self, offer: Offer, wait: TaskWait, roles: Sequence[str], at: int) -> None:
        """Take note of what has become of a task that waits: other roles, or more urgent."""
        before = (offer.roles, offer.wait.priority)
        offer.wait, offer.roles = wait, roles
        if offer.state == "waiting" and before != (roles, wait.priority):
            self._left_line(offer, at)
            self._out_of_line(offer, "moved")
            offer.lined = at
            self.offer(offer, at)

    def withdraw(self, offer: Offer, at: int) -> float:
        """Let go of a task that is not to be done any more, and return how long was worked on it."""
        if offer.state == "working":
            return self.leave(offer, at)
        self._left_line(offer, at)
        self._out_of_line(offer, "over")
        return 0

    def leave(self, offer: Offer, at: int) -> float:
        """Let whoever works on a task go on to the next one, and return how long was worked on it."""
        offer.state = "over"
        staff = self._staff.get(offer.role, ENOUGH)
        worked = at - offer.began if staff.hours is None else staff.hours.between(offer.began, at)
        figures = self._figures(offer.role)
        figures.worked += worked
        figures.cost += worked * staff.cost / 3_600_000
        if offer.person >= 0:
            pool = self._pools[offer.role]
            pool.free.append(offer.person)
            self._at(at, lambda now: self._serve(pool, now))
        return worked

    def cost(self, offer: Offer, worked: float) -> float:
        """Return what work on a task costs."""
        return worked * self._staff.get(offer.role, ENOUGH).cost / 3_600_000

    def hinders(self, wait: TaskWait, roles: Sequence[str]) -> str:
        """Return why a task that waits is not done, as far as that is up to the people."""
        for role in roles:
            pool = self._pools.get(role)
            if pool is not None and pool.staff.number == 0:
                return f"The role {role!r} has no people."
            if pool is not None and wait.excluded:
                return f"All {pool.staff.number} people of the role {role!r} are excluded or at work."
        return ""

    def _serve(self, pool: _Pool, at: int) -> None:
        hours = pool.staff.hours
        if hours is not None and pool.free and pool.line:
            opening = hours.opening(at)
            if opening > at:
                if pool.woken != opening:
                    pool.woken = opening
                    self._at(opening, lambda now: self._serve(pool, now))
                return
        left: list[tuple[int, int, Offer]] = []
        while pool.free and pool.line and len(left) < LOOKED_AT_MAX:
            entry = heappop(pool.line)
            offer = entry[2]
            if offer.state != "waiting" or offer.ticket != entry[1]:
                continue
            person = pool.may_do(offer)
            if person is None:
                left.append(entry)
                continue
            pool.free.remove(person)
            offer.role, offer.person = pool.role, person
            self._out_of_line(offer, "taken")
            self._begin(offer, at)
        for entry in left:
            heappush(pool.line, entry)

    def _left_line(self, offer: Offer, at: int) -> None:
        """Count what a task waited in vain."""
        if offer.state == "waiting":
            figures = self._figures(offer.lines[0].role)
            figures.lined += 1
            figures.waited += at - offer.lined

    def _out_of_line(self, offer: Offer, state: str) -> None:
        if offer.state == "waiting":
            for pool in offer.lines:
                pool.waiting -= 1
        offer.state = state

    def _begin(self, offer: Offer, at: int) -> None:
        staff = self._staff.get(offer.role, ENOUGH)
        begins = float(at) if staff.hours is None else staff.hours.opening(at)
        offer.state, offer.began = "working", begins
        figures = self._figures(offer.role)
        figures.tasks += 1
        figures.lined += 1
        figures.waited += begins - offer.lined
        ends = begins + offer.takes if staff.hours is None else staff.hours.after(begins, offer.takes)
        offer.begun(offer, begins, ends)


def _name(role: str, number: int) -> str:
    return f"{role} {number + 1}"
