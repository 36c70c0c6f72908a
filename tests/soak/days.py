"""Three days of mixed load, played on a server whose clock is virtual, beside a forecast of what they come to.

    python -m tests.soak.days [--cases 20000] [--seed 1] [--store ADDRESS]

The load begins on the Friday before the clocks go to summer time, at noon, and ends on the Monday. In the middle the
server is killed and started again.
"""

import argparse
import shlex
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.soak.crash import Refused, Server
from tests.soak.days_forecast import NEVER, Office, deadline, forecast, happenings
from tests.soak.days_plans import KEPT_STEPS, STEP_MINUTES, STEPS, Bundle, Letter, Order, Plan, Request, drawn
from tests.soak.days_processes import PROCESSES

JOBS_AT_ONCE: Final = 20
PARTS: Final = 4
"""Into how many parts the three days are cut to compare their speed."""

FOUND: Final = {
    ("request", "completed", "nudge"): "request nudged",
    ("request", "completed", "decide_late"): "request late",
    ("request", "completed", "granted"): "request granted",
    ("request", "completed", "denied"): "request denied",
    ("request", "completed", "escalated"): "request escalated",
    ("order", "job_failed", "pack"): "order failed",
    ("order", "incident", "pack"): "order incident",
    ("order", "completed", "pack"): "order packed",
    ("order", "completed", "sold_out"): "order sold out",
    ("order", "completed", "shipped"): "order shipped",
    ("letter", "completed", "answered"): "letter answered",
    ("letter", "completed", "unanswered"): "letter unanswered",
    ("bundle", "completed", "bundled"): "bundle bundled",
    ("parcel", "completed", "arrived"): "parcel arrived",
    ("patrol", "completed", "looked"): "patrol looked",
    ("night", "completed", "looked"): "night looked",
    ("rounds", "completed", "looked"): "rounds looked",
}
"""What is read off the histories, by process, event and element."""

BEGIN, ANSWER, REPAIR, SEND, CANCEL = range(5)
"""The order of what is done within one step."""


@dataclass(frozen=True)
class Report:
    """What the three days came to, what they should have come to, and the calls answered a second in each part."""

    cases: int
    calls: int
    found: Counter[str]
    expected: Counter[str]
    speeds: list[float]
    seconds: float

    @property
    def differences(self) -> list[str]:
        """The figures that are not as they were forecast."""
        names = sorted({*self.found, *self.expected})
        return [
            f"{name}: {self.found[name]}, forecast {self.expected[name]}"
            for name in names
            if self.found[name] != self.expected[name]
        ]

    def line(self) -> str:
        """Return the figures on one line."""
        speeds = ", ".join(f"{speed:.0f}" for speed in self.speeds)
        return (
            f"{self.cases} cases in 72 hours, {self.calls} calls, {sum(self.expected.values())} happenings of "
            f"{len(self.expected)} kinds, {len(self.differences)} figures unlike the forecast, "
            f"{self.seconds:.0f} s ({speeds} calls a second by quarter)"
        )


@dataclass
class Days:
    """The three days under way."""

    server: Server
    begins: datetime
    plans: dict[str, Plan]
    figures: Counter[str] = field(default_factory=Counter)
    instances: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    tries: Counter[str] = field(default_factory=Counter)
    calls: int = 0

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Call an operation."""
        self.calls += 1
        return self.server.call(operation, **arguments)

    def begin(self, plan: Plan) -> None:
        """Let a case come."""
        kind = type(plan).__name__.lower()
        variables = {"number": plan.key} if kind == "letter" else {}
        begun = self.call("instance_start", process=kind, business_key=plan.key, variables=variables)
        self.instances[plan.key], self.keys[begun["instance"]] = begun["instance"], plan.key
        self.figures[f"{kind} begins"] += 1

    def answer(self, plan: Request, element: str) -> None:
        """Let a person answer, if there still is something to answer."""
        items = self.call("task_find", instance=self.instances[plan.key])["items"]
        task = next((item["task"] for item in items if f"/{element}." in item["task"]), None)
        if task is None:
            self.figures["request refused"] += 1
            return
        self.call("task_act", task=task, action="complete", variables={"ok": plan.says}, as_user="ann")

    def cancel(self, plan: Request) -> None:
        """Cancel a request, if it is not over."""
        try:
            self.call(
                "instance_control", instance=self.instances[plan.key], action="cancel", reason="no need"
            )
        except Refused:
            self.figures["request refused"] += 1
        else:
            self.figures["request cancelled"] += 1

    def repair(self, plan: Order) -> None:
        """Let an operator try a failed step again."""
        self.call("instance_control", instance=self.instances[plan.key], action="retry")
        self.figures["order repaired"] += 1

    def send(self, plan: Letter) -> None:
        """Send the answer to a letter, perhaps before that is there."""
        kept = {"ttl": f"PT{KEPT_STEPS * STEP_MINUTES}M"} if plan.key not in self.instances else {}
        sent = self.call("event_send", kind="message", name="answer", correlation_key=plan.key, **kept)
        outcome = "delivered" if sent["delivered"] else "kept" if sent.get("buffered") else "lost"
        self.figures[f"letter {outcome}"] += 1

    def work(self) -> None:
        """Do all jobs that are open."""
        while jobs := self.call("work_take", limit=JOBS_AT_ONCE)["items"]:
            for job in jobs:
                self.call("work_finish", job=job["job"], **self._outcome(job))

    def _outcome(self, job: dict[str, Any]) -> dict[str, Any]:
        plan = self.plans[self.keys[job["instance"]]]
        assert isinstance(plan, Order)
        if job["type"] == "shop.ship":
            return {}
        self.tries[plan.key] += 1
        if self.tries[plan.key] <= plan.failures:
            return {"failure": "the shelf is empty"}
        return {"error_code": "SOLD_OUT"} if plan.is_sold_out else {}


def run(cases: int, seed: int, command: list[str], store: str = "") -> Report:
    """Play so many cases, and return what they came to beside what they should have come to."""
    began, plans, begins = time.monotonic(), drawn(seed, cases), beginning()
    with tempfile.TemporaryDirectory(prefix="flowmaster-days-") as folder:
        server = Server(command, Path(folder) / "data", store, ("--clock", "virtual"))
        server.start()
        days = Days(server, begins, {plan.key: plan for plan in plans})
        try:
            speeds = _play(days, _agenda(days, plans))
            _count(days)
        finally:
            server.kill()
    expected = forecast(plans, begins)
    return Report(cases, days.calls, +days.figures, expected, speeds, time.monotonic() - began)


def beginning() -> datetime:
    """Return noon (UTC) on the next Friday before the clocks of Europe go to summer time that is not past."""
    year = datetime.now(UTC).year + 1
    last = max(day for day in range(25, 32) if date(year, 3, day).weekday() == 6)
    return datetime(year, 3, last - 2, 12, tzinfo=UTC)


Agenda = dict[int, list[tuple[int, int, Callable[[], None]]]]


def _agenda(days: Days, plans: list[Plan]) -> Agenda:
    """Return what is done at which step, in its order."""
    agenda: Agenda = defaultdict(list)
    office = Office(days.begins)
    for number, plan in enumerate(plans):
        agenda[plan.begins].append((BEGIN, number, partial(days.begin, plan)))
        for step, order, action in _actions(days, plan, office):
            agenda[step].append((order, number, action))
    return agenda


def _actions(days: Days, plan: Plan, office: Office) -> Iterator[tuple[int, int, Callable[[], None]]]:
    match plan:
        case Request():
            late = deadline(plan, office)
            answers = NEVER if plan.answers is None else plan.begins + plan.answers
            yield answers, ANSWER, lambda: days.answer(plan, "decide")
            if answers >= late and plan.boss_answers is not None:
                yield late + plan.boss_answers, ANSWER, lambda: days.answer(plan, "rescue")
            if plan.cancelled is not None:
                yield plan.begins + plan.cancelled, CANCEL, lambda: days.cancel(plan)
        case Order() if plan.failures == 3 and plan.repaired is not None:
            yield plan.begins + 4 + plan.repaired, REPAIR, lambda: days.repair(plan)
        case Letter() if plan.answered is not None:
            yield plan.begins + plan.answered, SEND, lambda: days.send(plan)
        case Order() | Letter() | Bundle():
            return


def _play(days: Days, agenda: Agenda) -> list[float]:
    """Play all steps; return the calls answered a second in each part of them."""
    days.call("clock_advance", to=days.begins.isoformat())
    for outline in PROCESSES:
        days.call("process_create", outline=outline)
        days.call("process_publish", process=outline["process"])
    office = Office(days.begins)
    busy = {step for plan in days.plans.values() for step, _ in happenings(plan, office)} | agenda.keys()
    speeds: list[float] = []
    began, before = time.monotonic(), days.calls
    for step in range(STEPS):
        if step in busy or step == STEPS - 1:
            at = days.begins + timedelta(minutes=step * STEP_MINUTES)
            days.call("clock_advance", to=at.isoformat())
            for _, _, action in sorted(agenda[step], key=lambda entry: entry[:2]):
                action()
            days.work()
        if step == STEPS // 2:
            days.server.kill()
            days.server.start()
        if (step + 1) % (STEPS // PARTS) == 0:
            now = time.monotonic()
            speeds.append((days.calls - before) / (now - began))
            began, before = now, days.calls
        print(f"\rstep {step + 1}/{STEPS}, {days.calls} calls", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return speeds


def _count(days: Days) -> None:
    """Count what the histories tell."""
    for outline in PROCESSES:
        process, cursor = outline["process"], dict[str, str]()
        while True:
            page = days.server.call("instance_find", process=process, limit=500, **cursor)
            for item in page["items"]:
                read = days.server.call("instance_read", instance=item["instance"], detail=["history"])
                days.figures.update(
                    FOUND[key]
                    for entry in read["history"]
                    if (key := (process, entry["event"], entry.get("element", ""))) in FOUND
                )
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}


def main() -> int:
    """Run from the command line and say what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", default="", help="the address of a database")
    parser.add_argument("--command", default=f"{sys.executable} -m flowmaster")
    options = parser.parse_args()
    report = run(options.cases, options.seed, shlex.split(options.command), options.store)
    print(report.line())
    for difference in report.differences:
        print(f"  {difference}")
    return 1 if report.differences else 0


if __name__ == "__main__":
    raise SystemExit(main())
