"""Judges what the protocol's conformance harness left behind: a scenario passes if none of its checks failed.

How many checks passed says nothing, since many of them pass against a server that is not there. So every scenario
that a revision names must have left checks, one of them passed and none failed, and the harness must have ended well.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

WITHOUT_PROOF = frozenset({"tasks-status-notifications", "server-sse-polling"})
"""Scenarios that may pass without a check that passed: the first asks nothing yet, the second only advises."""

SYNTHETIC = "wire-schema-"
"""What the checks begin with that the harness adds to every scenario, whatever came over the wire."""

_FOLDER = re.compile(r"server-(?P<scenario>.+)-\d{4}-\d\d-\d\dT[\d-]+Z")


class Verdict(NamedTuple):
    """How one scenario went."""

    run: str
    scenario: str
    passed: int
    failed: int
    warned: int
    complaint: str = ""

    @property
    def good(self) -> bool:
        """Whether nothing is to be complained of."""
        return self.failed == 0 and not self.complaint


def required(harness: Path, revision: str) -> list[str]:
    """Return the scenarios of servers that a revision names, those that it does not score too."""
    text = (harness / "requirements" / f"{revision}.yaml").read_text(encoding="utf-8")
    named = yaml.safe_load(text)
    unscored = [each["scenario"] for each in named["not_scored"] if each["leg"] == "server"]
    return [*named["server"], *unscored]


def judged(run: str, folder: Path, expected: Iterable[str], code: int) -> list[Verdict]:
    """Judge a run of the harness by what lies in its folder and by its exit code."""
    found = dict(_left_in(folder))
    verdicts = [_verdict(run, scenario, found.get(scenario)) for scenario in expected]
    if code != 0 and all(verdict.good for verdict in verdicts):
        verdicts.append(Verdict(run, "the whole run", 0, 0, 0, f"the harness ended with {code}"))
    return verdicts


def table(verdicts: Sequence[Verdict]) -> str:
    """Return a table of verdicts, and what it comes to."""
    width = max((len(verdict.scenario) for verdict in verdicts), default=0)
    lines = [f"{'':3}{'run':<12}{'scenario':<{width}}  passed failed warned"]
    for verdict in verdicts:
        sign = "ok " if verdict.good else "NO "
        figures = f"{verdict.passed:>6} {verdict.failed:>6} {verdict.warned:>6}"
        lines.append(
            f"{sign}{verdict.run:<12}{verdict.scenario:<{width}}  {figures}  {verdict.complaint}".rstrip()
        )
    bad = sum(not verdict.good for verdict in verdicts)
    lines.append(
        f"{len(verdicts) - bad} of {len(verdicts)} good, {sum(each.failed for each in verdicts)} failed checks"
    )
    return "\n".join(lines)


def _left_in(folder: Path) -> Iterable[tuple[str, list[Mapping[str, str]]]]:
    for file in sorted(folder.glob("*/checks.json")):
        match = _FOLDER.fullmatch(file.parent.name)
        if match is not None:
            yield match["scenario"], json.loads(file.read_text(encoding="utf-8"))


def _verdict(run: str, scenario: str, checks: Sequence[Mapping[str, str]] | None) -> Verdict:
    if checks is None:
        return Verdict(run, scenario, 0, 0, 0, "it was not run")
    counts = Counter(check["status"] for check in checks)
    proven = any(each["status"] == "SUCCESS" and not each["id"].startswith(SYNTHETIC) for each in checks)
    complaint = "" if proven or (checks and scenario in WITHOUT_PROOF) else "no check passed"
    return Verdict(run, scenario, counts["SUCCESS"], counts["FAILURE"], counts["WARNING"], complaint)
