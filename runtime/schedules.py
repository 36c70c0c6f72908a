"""Start timers as people operate them: pauses, and what each of them began last.

Both are settings of the tenant, one for each timer. A paused timer has no due time in the table of starts, so that
whoever looks for what is due finds it as seldom as one that is over, and pays nothing; the time it would have waits in
its setting. The last runs are noted where they begin, since neither the list of instances nor the journal is kept by
timer, and neither tells when a run was due: one small row for each timer is written anew with each run and holds the
newest `RUNS_KEPT` only.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from flowmaster.engine.timers import Schedule
from flowmaster.engine.values import Json
from flowmaster.stores.protocol import Reader, Transaction
from flowmaster.stores.rows import StartSubscription

TIMER: Final = "timer"

PAUSE: Final = "timer:pause:"
"""The settings of paused timers: `timer:pause:month-end:start:0`."""

RUNS: Final = "timer:runs:"
"""The settings with the last runs of timers: `timer:runs:month-end:start:0`."""

RUNS_KEPT: Final = 20
"""Runs of each timer that are kept."""


class Pause(NamedTuple):
    """That a timer is paused: since when, by whom, and what it would go on with."""

    since: int
    by: str
    agent: str
    schedule: Schedule


class Run(NamedTuple):
    """What a timer did when its time came: the instance it began, or why it began none.

    `by` is who triggered it by hand, empty for the clock.
    """

    due: int
    at: int
    instance: str = ""
    problem: str = ""
    by: str = ""


def name_of(start: StartSubscription) -> str:
    """Return what the settings of a timer are called behind their prefix."""
    return f"{start.process}:{start.element}:{start.number}"


def pause_of(reader: Reader, start: StartSubscription) -> Pause | None:
    """Return the pause of a timer, None if it runs."""
    return _pause(reader.setting(start.tenant, PAUSE + name_of(start)))


def pauses(reader: Reader, tenant: str, process: str = "") -> dict[str, Pause]:
    """Return the pauses of the timers of a process, or of all, by `name_of`."""
    kept = reader.settings(tenant, f"{PAUSE}{process}:" if process else PAUSE)
    found = ((name.removeprefix(PAUSE), _pause(told)) for name, told in kept.items())
    return {name: pause for name, pause in found if pause is not None}


def put_pause(transaction: Transaction, start: StartSubscription, pause: Pause) -> None:
    """Let a timer wait, whatever its time is."""
    told: Json = {
        "since": pause.since,
        "by": pause.by,
        "agent": pause.agent,
        "due": pause.schedule.due,
        "every": pause.schedule.every,
        "left": pause.schedule.left,
    }
    transaction.put_setting(start.tenant, PAUSE + name_of(start), told)
    if start.due is not None:
        transaction.set_start_due(start._replace(due=None))


def end_pause(transaction: Transaction, start: StartSubscription, schedule: Schedule | None) -> None:
    """Let a paused timer go on with what it is due for next, or be over."""
    transaction.put_setting(start.tenant, PAUSE + name_of(start), None)
    due, left = (None, 0) if schedule is None else (schedule.due, schedule.left)
    transaction.set_start_due(start._replace(due=due, left=left))


def note_run(transaction: Transaction, start: StartSubscription, run: Run) -> None:
    """Keep what a timer did; the oldest run goes."""
    told: Json = {name: value for name, value in run._asdict().items() if value}
    name = RUNS + name_of(start)
    transaction.put_setting(
        start.tenant, name, [told, *_entries(transaction.setting(start.tenant, name))[: RUNS_KEPT - 1]]
    )


def runs_of(reader: Reader, start: StartSubscription, limit: int) -> list[Run]:
    """Return the last runs of a timer, newest first."""
    kept = _entries(reader.setting(start.tenant, RUNS + name_of(start)))[:limit]
    return [
        Run(
            _number(each.get("due")),
            _number(each.get("at")),
            _text(each.get("instance")),
            _text(each.get("problem")),
            _text(each.get("by")),
        )
        for each in kept
    ]


def carry_over(
    transaction: Transaction, before: list[StartSubscription], after: list[StartSubscription]
) -> list[tuple[StartSubscription | None, StartSubscription | None]]:
    """Let pauses and runs of the timers of a process go on with those of its next version; return which became which.

    A timer goes on as the one of the same start event; the only one of a process as the only one, whatever its name. The
    settings of timers that are gone go with them.
    """
    pairs = _pairs(before, after)
    for old, new in pairs:
        if old is None:
            continue
        pause, moved = pause_of(transaction, old), new is None or name_of(old) != name_of(new)
        runs = transaction.setting(old.tenant, RUNS + name_of(old))
        if moved:
            transaction.put_setting(old.tenant, PAUSE + name_of(old), None)
            transaction.put_setting(old.tenant, RUNS + name_of(old), None)
        if new is None:
            continue
        if moved and runs is not None:
            transaction.put_setting(new.tenant, RUNS + name_of(new), runs)
        if pause is not None and new.due is not None:
            put_pause(transaction, new, pause._replace(schedule=Schedule(new.due, new.every, new.left)))
    return pairs


def _pairs(
    before: list[StartSubscription], after: list[StartSubscription]
) -> list[tuple[StartSubscription | None, StartSubscription | None]]:
    if len(before) == len(after) == 1:
        return [(before[0], after[0])]
    olds, news = ({name_of(each): each for each in starts} for starts in (before, after))
    return [(olds.get(name), news.get(name)) for name in dict.fromkeys([*olds, *news])]


def _pause(told: Json) -> Pause | None:
    if not isinstance(told, Mapping):
        return None
    schedule = Schedule(_number(told.get("due")), _text(told.get("every")), _number(told.get("left")))
    return Pause(_number(told.get("since")), _text(told.get("by")), _text(told.get("agent")), schedule)


def _entries(told: Json) -> list[Mapping[str, Json]]:
    return [each for each in told if isinstance(each, Mapping)] if isinstance(told, list) else []


def _number(told: Json) -> int:
    return told if isinstance(told, int) else 0


def _text(told: Json) -> str:
    return told if isinstance(told, str) else ""
