"""The figures of a simulation as they are told: in short, as a table of all steps, as a picture, beside a variant's."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from pydantic import Field

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.svg import Marks, draw_svg
from flowmaster.engine.bpmn.svg_heat import Heat
from flowmaster.engine.model import Process
from flowmaster.engine.timers import iso
from flowmaster.runtime.simulation.figures import Figures, RoleFigures, StepFigures
from flowmaster.runtime.simulation.plan import Plan, Staff
from flowmaster.tools.models import Number, Result, Shape

DAY_MS: Final = 86_400_000
BUSY: Final = 0.9
"""A role that works more of its time is a bottleneck."""


class StuckPlace(Shape):
    """Where cases stand in the end."""

    at: str = Field(description="The step.")
    cases: int = Field(description="How many.")
    why: str = Field(description="Why.")


class Times(Shape):
    """How long cases took, from their beginning to their end."""

    mean: str = Field(description="ISO 8601 duration.")
    median: str = Field(description="Half took no longer.")
    p90: str = Field(description="Nine of ten took no longer.")
    p95: str = Field(description="19 of 20 took no longer.")
    max: str = Field(description="The longest.")


class StepView(Shape):
    """A step where work was done or waited for; times are means of a visit."""

    step: str = Field(description="Its id; that of a called process behind `process/`.")
    name: str = Field(default="", description="What people call it, if that is not its id.")
    visits: int = Field(description="How often cases came by.")
    waited: str = Field(default="", description="Time until somebody began, or what is waited for came.")
    worked: str = Field(default="", description="Time at work.")
    duration: str = Field(description="Where the time of work is from: `given`, `measured of 12`, or `none`.")


class RoleView(Shape):
    """The people of a role."""

    role: str = Field(description="Its id.")
    people: int | None = Field(description="How many; null: enough.")
    busy: Number | None = Field(
        default=None, description="The part of their hours that they work, from 0 to 1."
    )
    needed: Number = Field(description="People at work on the average.")
    tasks: int = Field(description="Tasks they began.")
    waited: str = Field(default="", description="How long a task waited for them on the average.")
    line: Number = Field(default=0, description="Tasks that wait for them on the average.")
    line_max: int = Field(default=0, description="The most that waited at once.")
    cost: Number = Field(default=0, description="What their work cost.")


class Cost(Shape):
    """What the cases cost."""

    sum: Number = Field(description="All of them.")
    per_case: Number = Field(description="One on the average.")


class Difference(Shape):
    """A figure beside that of the variant."""

    figure: str = Field(description="What is compared.")
    base: str = Field(description="As it is.")
    variant: str = Field(description="With what `with` says.")


class Simulated(Result):
    """What came of the cases."""

    process: str = Field(description="The process.")
    version: int | None = Field(default=None, description="The version simulated.")
    draft: int | None = Field(default=None, description="The draft simulated.")
    summary: str = Field(description="In a sentence.")
    seed: int = Field(description="Gives the same again.")
    begins: str = Field(description="When it begins.")
    until: str = Field(description="When the last case ended.")
    ended: dict[str, int] = Field(default={}, description="Cases by end.")
    stuck: list[StuckPlace] = Field(default=[], description="Cases that do not end, by place.")
    cycle: Times | None = Field(default=None, description="How long cases took.")
    per_day: Number = Field(default=0, description="Cases that ended in a day.")
    steps: list[StepView] = Field(default=[], description="Steps, the longest time first.")
    roles: list[RoleView] = Field(default=[], description="Roles, the busiest first.")
    cost: Cost | None = Field(default=None, description="What it cost.")
    timers: dict[str, int] = Field(default={}, description="Timers that fired.")
    bottlenecks: list[str] = Field(default=[], description="What holds cases up.")
    assumed: list[str] = Field(default=[], description="Where from is what was not given.")
    compared: list[Difference] = Field(default=[], description="The variant beside it.")
    content: str = Field(default="", description="The table or picture.")
    next_cursor: str | None = Field(default=None, description="Give it as `cursor` for the rest.")


class Run(NamedTuple):
    """A simulation that was run."""

    process: Process
    called: Mapping[str, Process]
    bpmn: str
    plan: Plan
    sources: Mapping[str, str]
    assumed: Sequence[str]
    figures: Figures

    @property
    def span(self) -> int:
        """Return how long it went, in milliseconds."""
        return max(1, self.figures.until - self.figures.begins)


def ended_of(run: Run) -> dict[str, int]:
    """Return the cases by the name of the end that they reached, the most frequent first."""
    found: dict[str, int] = {}
    for end, count in run.figures.ended.most_common():
        element = run.process.elements.get(end)
        name = element.label if element is not None else end
        found[name] = found.get(name, 0) + count
    return found


def stuck_of(run: Run) -> list[StuckPlace]:
    """Return where cases do not go on, the most first."""
    return [
        StuckPlace(at=step_key(run, place.process, place.element) or "start", cases=count, why=place.why)
        for place, count in run.figures.stuck.most_common()
    ]


def cycle_of(run: Run) -> Times | None:
    """Return how long cases took."""
    cycles = sorted(run.figures.cycles)
    if not cycles:
        return None
    mean = sum(cycles) / len(cycles)
    at = (_quantile(cycles, part) for part in (0.5, 0.9, 0.95, 1))
    median, p90, p95, most = (span_text(each) for each in at)
    return Times(mean=span_text(mean), median=median, p90=p90, p95=p95, max=most)


def step_key(run: Run, process: str, element: str) -> str:
    """Return what a step is called in an answer: its id, behind the process that is called if it is of another one."""
    return element if process == run.process.id else f"{process}/{element}".rstrip("/")


def steps_of(run: Run) -> list[StepView]:
    """Return the steps where time went or work was done, the longest time in sum first."""
    entries: list[tuple[float, StepView]] = []
    for process, tally in run.figures.tallies.items():
        model = run.process if process == run.process.id else run.called.get(process)
        for element, figures in tally.steps.items():
            if not (figures.waits or figures.works):
                continue
            key = step_key(run, process, element)
            found = model.elements.get(element) if model is not None else None
            name = found.label if found is not None else ""
            view = StepView(
                step=key,
                name=name if name != element.replace("_", " ") else "",
                visits=tally.visits.get(element, 0),
                waited=span_text(_mean_wait(figures)) if figures.waited else "",
                worked=span_text(_mean_work(figures)) if figures.worked else "",
                duration=run.sources.get(key, "none"),
            )
            entries.append((figures.lasted, view))
    entries.sort(key=lambda entry: (-entry[0], entry[1].step))
    return [view for _, view in entries]


def roles_of(run: Run) -> list[RoleView]:
    """Return the roles, the busiest first."""
    found = [_role(run, role, figures) for role, figures in run.figures.roles.items()]
    found.sort(key=lambda one: (-(one.busy or 0), -one.needed, one.role))
    return found


def _role(run: Run, role: str, figures: RoleFigures) -> RoleView:
    staff = run.plan.staff.get(role, Staff())
    open_time = opened(run, staff)
    busy = figures.worked / (staff.number * open_time) if staff.number else None
    return RoleView(
        role=role or "nobody in particular",
        people=staff.number,
        busy=None if busy is None else rounded(min(1.0, busy)),
        needed=rounded(figures.worked / open_time),
        tasks=figures.tasks,
        waited=span_text(figures.waited / figures.lined) if figures.waited else "",
        line=rounded(figures.waited / run.span),
        line_max=figures.most,
        cost=rounded(figures.cost),
    )


def opened(run: Run, staff: Staff) -> float:
    """Return how long a role works while the simulation goes on, in milliseconds."""
    figures = run.figures
    if staff.hours is None:
        return run.span
    return max(1.0, staff.hours.between(figures.begins, figures.until))


def cost_of(run: Run) -> Cost | None:
    """Return what the cases cost, None where nothing costs anything."""
    cost = run.figures.cost
    return Cost(sum=rounded(cost), per_case=rounded(cost / max(1, run.figures.arrived))) if cost else None


def timers_of(run: Run) -> dict[str, int]:
    """Return the timers that fired, by step and what they are for."""
    found: dict[str, int] = {}
    for process, tally in run.figures.tallies.items():
        for (element, purpose), count in sorted(tally.timers.items()):
            action = purpose.partition(":")[0]
            key = f"{step_key(run, process, element)} {action}".rstrip()
            found[key] = found.get(key, 0) + count
    return found


def per_day(run: Run) -> Decimal:
    """Return how many cases ended in a day."""
    return rounded(len(run.figures.cycles) * DAY_MS / run.span)


def bottlenecks_of(run: Run) -> list[str]:
    """Return in words what holds cases up."""
    told: list[str] = []
    for view in roles_of(run):
        if view.busy is None or view.busy < Decimal(str(BUSY)):
            continue
        told.append(
            f"{view.role}: {_people(view.people)} busy {_percent(view.busy)} of the time; a task waits "
            f"{_words(view.waited)}, up to {view.line_max:,} stand in line."
        )
    waits = {
        (process, element): figures.waited
        for process, tally in run.figures.tallies.items()
        for element, figures in tally.steps.items()
        if figures.waited
    }
    everything = sum(waits.values())
    if everything:
        (process, element), most = max(waits.items(), key=lambda one: one[1])
        share = _percent(most / everything)
        told.append(f"{step_key(run, process, element)}: {share} of all waiting is for this step.")
    for process, tally in run.figures.tallies.items():
        for (element, purpose), count in tally.timers.most_common(3):
            visits = tally.visits.get(element, 0)
            if purpose.startswith("escalate") and visits and count / visits > 0.1:
                told.append(
                    f"{step_key(run, process, element)}: {_percent(count / visits)} of its tasks are escalated."
                )
    return told[:6]


def summary_of(run: Run) -> str:
    """Return in a sentence what came of the cases."""
    figures = run.figures
    stuck = figures.stuck.total()
    days = f"{run.span / DAY_MS:,.1f} days"
    told = f"{len(figures.cycles):,} of {figures.arrived:,} cases ended in {days}"
    return f"{told}; {stuck:,} do not go on." if stuck else f"{told}."


def compared_of(base: Run, variant: Run) -> list[Difference]:
    """Return the figures of two runs side by side."""
    rows: list[tuple[str, str, str]] = []
    one, other = cycle_of(base), cycle_of(variant)
    for name in ("mean", "median", "p95", "max"):
        cycles = [str(getattr(each, name)) if each else "" for each in (one, other)]
        rows.append((f"cycle {name}", cycles[0], cycles[1]))
    rows.append(("cases a day", f"{per_day(base)}", f"{per_day(variant)}"))
    for figure, pair in (
        ("end", (ended_of(base), ended_of(variant))),
        ("timer", (timers_of(base), timers_of(variant))),
    ):
        rows += [
            (f"{figure} {name}", f"{pair[0].get(name, 0)}", f"{pair[1].get(name, 0)}")
            for name in dict.fromkeys((*pair[0], *pair[1]))
        ]
    rows.append(("stuck", f"{base.figures.stuck.total()}", f"{variant.figures.stuck.total()}"))
    costs = [f"{rounded(each.figures.cost / max(1, each.figures.arrived))}" for each in (base, variant)]
    rows.append(("cost per case", costs[0], costs[1]))
    roles = [{view.role: view for view in roles_of(each)} for each in (base, variant)]
    for role in dict.fromkeys((*roles[0], *roles[1])):
        here, there = (each.get(role) for each in roles)
        rows.append((f"{role} busy", _busy(here), _busy(there)))
        rows.append((f"{role} waits", here.waited if here else "", there.waited if there else ""))
    return [Difference(figure=name, base=old, variant=new) for name, old, new in rows if old != new]


def table_of(run: Run) -> str:
    """Return all steps and roles as a table in Markdown."""
    lines = ["| step | visits | waited | worked | duration |", "|---|---|---|---|---|"]
    lines += [
        f"| {one.step} | {one.visits} | {one.waited} | {one.worked} | {one.duration} |"
        for one in steps_of(run)
    ]
    lines += ["", "| role | people | busy | needed | tasks | waited | line | line_max | cost |"]
    lines += ["|---|---|---|---|---|---|---|---|---|"]
    lines += [
        f"| {one.role} | {'' if one.people is None else one.people} | {'' if one.busy is None else one.busy} "
        f"| {one.needed} | {one.tasks} | {one.waited} | {one.line} | {one.line_max} | {one.cost} |"
        for one in roles_of(run)
    ]
    return "\n".join([*lines, ""])


def picture_of(run: Run) -> str:
    """Draw where the time of the cases went, in the colours of heat."""
    tally = run.figures.tallies.get(run.process.id)
    steps: Mapping[str, StepFigures] = tally.steps if tally else {}
    lasted = {element: int(figures.lasted) for element, figures in steps.items()}
    return draw_svg(parse_bpmn(run.bpmn), Marks(heat=Heat(tally.visits if tally else {}, lasted)))


def moments_of(run: Run) -> tuple[str, str]:
    """Return when it began and ended."""
    return iso(run.figures.begins), iso(run.figures.until)


def span_text(milliseconds: float) -> str:
    """Return a span of time as an ISO 8601 duration, as exact as it is worth."""
    for unit, above in ((60_000, 3_600_000), (1_000, 60_000)):
        if milliseconds >= above:
            milliseconds = round(milliseconds / unit) * unit
            break
    seconds, rest = divmod(round(milliseconds), 1_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    clock = [f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M")) if value]
    if seconds or rest:
        clock.append(f"{seconds}.{rest:03d}S" if rest else f"{seconds}S")
    found = f"P{f'{days}D' if days else ''}{'T' + ''.join(clock) if clock else ''}"
    return found if len(found) > 1 else "PT0S"


def rounded(value: float) -> Decimal:
    """Return a number with two places, without needless noughts."""
    found = Decimal(f"{value:.2f}")
    return found.quantize(Decimal(1)) if found == found.to_integral_value() else found.normalize()


def _quantile(values: Sequence[int], part: float) -> int:
    return values[min(len(values) - 1, max(0, -int(-part * len(values) // 1) - 1))]


def _mean_wait(figures: StepFigures) -> float:
    return figures.waited / max(1, figures.waits)


def _mean_work(figures: StepFigures) -> float:
    return figures.worked / max(1, figures.works)


def _percent(part: Decimal | float) -> str:
    return f"{float(part) * 100:.0f} %"


def _people(number: int | None) -> str:
    return "1 person is" if number == 1 else f"{number} people are"


def _busy(view: RoleView | None) -> str:
    return "" if view is None or view.busy is None else _percent(view.busy)


def _words(span: str) -> str:
    return span or "no time"
