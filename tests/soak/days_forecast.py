"""What three days must come to: a model of the load in a few lines per kind of case, without any code of the engine.

Within a step the clock moves first, and what is due fires; then cases begin, people and senders act, and workers do
what is open.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.soak.days_plans import HOUR, KEPT_STEPS, STEP_MINUTES, STEPS, Bundle, Letter, Order, Plan, Request
from tests.soak.days_processes import ZONE

NUDGED, LATE, BACKOFF, RESTED, PATIENCE = HOUR, 2 * HOUR, 2, 2 * HOUR, 24 * HOUR
TRIES = 3
Happening = tuple[int, str]
NEVER = 10**9


class Office:
    """Opening hours: nine to five from Monday to Friday, in steps since the beginning."""

    def __init__(self, begins: datetime) -> None:
        place, step = ZoneInfo(ZONE), timedelta(minutes=STEP_MINUTES)
        local = [(begins + step * number).astimezone(place) for number in range(STEPS + 14 * 24 * HOUR)]
        self._open = [at.weekday() < 5 and 9 <= at.hour < 17 for at in local]

    def later(self, step: int, work: int) -> int:
        """Return the step at which so many open steps have passed."""
        while work:
            work -= self._open[step]
            step += 1
        return step


def forecast(plans: list[Plan], begins: datetime) -> Counter[str]:
    """Return how often each thing happens within the three days."""
    office = Office(begins)
    figures: Counter[str] = Counter()
    for plan in plans:
        figures.update(name for step, name in happenings(plan, office) if step < STEPS)
    figures["patrol looked"] = len(set(_ticks(begins, range(0, 24, 2), 0)))
    figures["night looked"] = len(set(_ticks(begins, [2], 30)))
    figures["rounds looked"] = 5
    return +figures


def happenings(plan: Plan, office: Office) -> Iterator[Happening]:
    """Yield what happens to a case, with the step at which it does."""
    match plan:
        case Request():
            yield from _request(plan, office)
        case Order():
            yield from _order(plan, office)
        case Letter():
            yield from _letter(plan)
        case Bundle():
            yield plan.begins, "bundle begins"
            yield plan.begins + HOUR, "parcel arrived"
            yield plan.begins + HOUR, "bundle bundled"


def deadline(plan: Request, office: Office) -> int:
    """Return when the clerk is too late."""
    return office.later(plan.begins, LATE)


def _request(plan: Request, office: Office) -> Iterator[Happening]:
    late = deadline(plan, office)
    answer = _behind(plan.begins, plan.answers)
    boss = _behind(late, plan.boss_answers)
    cancel = _behind(plan.begins, plan.cancelled)
    in_time = answer < late
    ends = answer if in_time else boss
    yield plan.begins, "request begins"
    if plan.begins + NUDGED <= min(ends, cancel):
        yield plan.begins + NUDGED, "request nudged"
    if not in_time and late <= cancel:
        yield late, "request late"
    if cancel < ends:
        yield cancel, "request cancelled"
        yield answer, "request refused"
        if not in_time:
            yield boss, "request refused"
        return
    yield cancel, "request refused"
    if in_time:
        yield answer, "request granted" if plan.says else "request denied"
        return
    yield answer, "request refused"
    yield boss, "request escalated"


def _order(plan: Order, office: Office) -> Iterator[Happening]:
    yield plan.begins, "order begins"
    step = plan.begins
    for number in range(1, plan.failures + 1):
        yield step, "order failed"
        if number == TRIES:
            yield step, "order incident"
            step = _behind(step, plan.repaired)
            yield step, "order repaired"
        else:
            step += BACKOFF
    if step == NEVER:
        return
    if plan.is_sold_out:
        yield step, "order sold out"
        return
    yield step, "order packed"
    yield office.later(min(step, STEPS), RESTED), "order shipped"


def _letter(plan: Letter) -> Iterator[Happening]:
    yield plan.begins, "letter begins"
    sent = _behind(plan.begins, plan.answered)
    if plan.answered is not None and plan.answered < 0:
        yield sent, "letter kept"
        if plan.begins - sent < KEPT_STEPS:
            yield plan.begins, "letter answered"
            return
        sent = NEVER
    if sent < plan.begins + PATIENCE:
        yield sent, "letter delivered"
        yield sent, "letter answered"
        return
    yield plan.begins + PATIENCE, "letter unanswered"
    yield sent, "letter lost"


def _behind(step: int, more: int | None) -> int:
    return NEVER if more is None else step + more


def _ticks(begins: datetime, hours: Iterable[int], minute: int) -> Iterator[datetime]:
    """Yield when a clock on the wall shows a time; one that it skips counts where it goes on."""
    place, ends = ZoneInfo(ZONE), begins + timedelta(minutes=STEP_MINUTES * (STEPS - 1))
    for day in range(5):
        for hour in hours:
            date = begins.astimezone(place).replace(tzinfo=None, hour=0, minute=0) + timedelta(days=day)
            wall = date.replace(hour=hour, minute=minute)
            at = wall.replace(tzinfo=place).astimezone(UTC)
            while at.astimezone(place).replace(tzinfo=None) != wall:
                wall += timedelta(minutes=1)
                at = wall.replace(tzinfo=place).astimezone(UTC)
            if begins < at <= ends:
                yield at
