"""What a timer goes on with after a pause is what counting its times one by one gives."""

from itertools import product

import pytest

from flowmaster.engine.timers import (
    PASSED_MAX,
    Schedule,
    cycle_end,
    following,
    instant,
    passed_times,
    resumed,
    start_schedule,
)

BEGIN = instant("2027-03-01T00:00:00Z")
HOUR_MS = 3_600_000
CYCLES = ("PT1H", "PT7M", "P1D", "P1M", "P1Y")


def times_of(timer: Schedule, until: int) -> list[int]:
    """Return the times of a timer up to an instant, and the one behind it, however many repetitions it has."""
    found = [timer.due]
    after = following(timer._replace(left=-1), timer.due)
    while after is not None and found[-1] <= until:
        found.append(after.due)
        after = following(after, after.due)
    return found


@pytest.mark.parametrize("every", CYCLES)
@pytest.mark.parametrize("missed", ["", "skip", "once", "all"])
def test_the_time_behind_a_pause_lies_on_the_grid_and_keeps_the_count(every: str, missed: str) -> None:
    longest = 24 * 3 if every.startswith("PT") else 24 * 800
    for left, hours in product((-1, 0, 4), (0, 1, 25, longest)):
        timer = Schedule(BEGIN + HOUR_MS, every, left)
        at = BEGIN + hours * HOUR_MS + 60_000
        times = times_of(timer, at)
        passed = [time for time in times if time <= at]
        found = resumed(timer, at, missed)
        assert found is not None
        assert passed_times(timer, at) == min(PASSED_MAX, len(passed))
        assert found.left == left
        if not passed or missed == "all":
            assert found == timer
        elif missed == "once":
            assert found.due == passed[-1]
        else:
            assert found.due == min(time for time in times if time > at)


@pytest.mark.parametrize("every", ["PT1H", "P1D", "P1M"])
@pytest.mark.parametrize("missed", ["", "once"])
def test_no_run_comes_behind_the_end_of_a_cycle(every: str, missed: str) -> None:
    text = f"R/2027-03-01T01:00:00Z/{every}/2027-05-01T00:00:00Z"
    end = instant("2027-05-01T00:00:00Z")
    assert cycle_end(text) == end
    for hours in (0, 30, 24 * 20, 24 * 60, 24 * 100):
        at = BEGIN + hours * HOUR_MS
        timer: Schedule | None = start_schedule("cycle", text, BEGIN)
        assert timer is not None
        whole = [time for time in times_of(timer, end) if time <= end]
        timer = resumed(timer, at, missed, end=end)
        runs: list[int] = []
        while timer is not None:
            runs.append(timer.due)
            timer = following(timer, timer.due)
        passed = [time for time in whole if time <= at]
        made_up = passed[-1:] if missed == "once" else []
        assert runs == made_up + [time for time in whole if time > at]


def test_single_times_cron_and_cycles_without_an_end() -> None:
    single = Schedule(BEGIN)
    assert resumed(single, BEGIN + 1, "") is None
    assert resumed(single, BEGIN + 1, "skip") is None
    assert resumed(single, BEGIN + 1, "once") == resumed(single, BEGIN + 1, "all") == single
    assert resumed(single, BEGIN - 1, "") == single
    cron = start_schedule("cycle", "0 9 * * *", BEGIN)
    week = BEGIN + 7 * 24 * HOUR_MS
    assert resumed(cron, week, "") == Schedule(week + 9 * HOUR_MS, "0 9 * * *", -1)
    assert resumed(cron, week, "once") == cron
    assert passed_times(cron, week) == 7
    assert passed_times(Schedule(BEGIN, "PT1S", -1), week) == PASSED_MAX
    assert cycle_end("R5/PT1H") is None
    assert cycle_end("0 9 * * *") is None
