"""What a run of the protocol's conformance tests left behind is judged by what failed, never by what passed."""

import json
from collections.abc import Sequence
from pathlib import Path

from tests.conformance.judging import Verdict, judged, table

GOOD = ["SUCCESS", "INFO", "WARNING", "SKIPPED"]


def left(folder: Path, scenario: str, statuses: Sequence[str]) -> None:
    place = folder / f"server-{scenario}-2026-11-27T16-05-16-228Z"
    place.mkdir()
    checks = [{"id": f"check-{number}", "status": status} for number, status in enumerate(statuses)]
    (place / "checks.json").write_text(json.dumps(checks), encoding="utf-8")


def test_a_scenario_without_a_failed_check_is_good(tmp_path: Path) -> None:
    left(tmp_path, "server-sse-polling", GOOD)
    (verdict,) = judged("run", tmp_path, ["server-sse-polling"], 0)
    assert verdict == Verdict("run", "server-sse-polling", 1, 0, 1)
    assert verdict.good


def test_one_failed_check_outweighs_all_that_passed(tmp_path: Path) -> None:
    left(tmp_path, "ping", ["SUCCESS"] * 45 + ["FAILURE"])
    (verdict,) = judged("run", tmp_path, ["ping"], 0)
    assert not verdict.good


def test_a_scenario_that_was_not_run_or_checked_nothing_is_not_good(tmp_path: Path) -> None:
    left(tmp_path, "ping", [])
    verdicts = judged("run", tmp_path, ["ping", "caching"], 0)
    assert [verdict.complaint for verdict in verdicts] == ["no check passed", "it was not run"]
    assert not any(verdict.good for verdict in verdicts)


def test_a_scenario_that_only_warned_is_not_good_unless_it_only_advises(tmp_path: Path) -> None:
    left(tmp_path, "caching", ["WARNING"])
    left(tmp_path, "server-sse-polling", ["WARNING"])
    assert [each.good for each in judged("run", tmp_path, ["caching", "server-sse-polling"], 0)] == [
        False,
        True,
    ]


def test_a_harness_that_ended_badly_is_believed(tmp_path: Path) -> None:
    left(tmp_path, "ping", ["SUCCESS"])
    verdicts = judged("run", tmp_path, ["ping"], 1)
    assert [verdict.good for verdict in verdicts] == [True, False]


def test_the_table_names_every_scenario_and_sums_up() -> None:
    told = table([Verdict("run", "ping", 2, 0, 0), Verdict("run", "caching", 7, 1, 0)])
    assert told.splitlines()[1:] == [
        "ok run         ping          2      0      0",
        "NO run         caching       7      1      0",
        "1 of 2 good, 1 failed checks",
    ]
