"""What two versions of a process do otherwise: cases played on both, and for each difference its cause.

Cases come from the scenarios of both, from real instances of the older one, and from searches on both for branches,
rows of rules and limits. The play is bounded in time and number; what was left out is told.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from pydantic import Field

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.compare.changes import Change, compare
from flowmaster.engine.compare.words import worded
from flowmaster.engine.dmn.cases import same
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.model import Process
from flowmaster.engine.outline import scenarios as written
from flowmaster.engine.outline.problems import OutlineRefused
from flowmaster.engine.values import Json
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import Version
from flowmaster.tools.behaviour_cases import Tongue, parting_cases, tongue
from flowmaster.tools.behaviour_causes import (
    Book,
    Cause,
    Parting,
    Structure,
    aspects_of,
    cause_of,
    parting_of,
)
from flowmaster.tools.behaviour_recorded import Records, recorded
from flowmaster.tools.behaviour_rules import row_cases
from flowmaster.tools.behaviour_seen import Run, Side, words_of
from flowmaster.tools.bounds import leading, left_out
from flowmaster.tools.cases_rules import RuleBook
from flowmaster.tools.cases_search import ROUNDS, Case, Search, scenario_of
from flowmaster.tools.cases_shown import overlay, suggestions
from flowmaster.tools.json_text import write_json
from flowmaster.tools.models import Arguments, Shape
from flowmaster.tools.registry import Call
from flowmaster.tools.rule_versions import version_of
from flowmaster.tools.scenario_play import Played
from flowmaster.tools.scenario_stage import Kit, Stage
from flowmaster.tools.scenarios import branches_of, case_of, collect
from flowmaster.tools.steps import Steps, in_steps

SECONDS_MAX: Final = 8.0
"""How long cases are played."""

SEARCH_PLAYS: Final = 150
"""How many cases the search of each version plays."""

CASES_MAX: Final = 600
"""How many cases are compared."""

DIFFERENCES_BYTES: Final = 7_000
CHANGES_BYTES: Final = 1_500
CASE_BYTES: Final = 2_500
"""How long the case of an example may be."""

OLD: Final = "then"
NEW: Final = "now"

Source = Literal["scenarios", "recorded", "generated"]


class RuleVersions(Arguments):
    """Which version of a decision each side uses, by number or tag."""

    from_version: int | str | None = Field(
        default=None, alias="from", description="On the older side; default: the one in force."
    )
    to: int | str | None = Field(default=None, description="On the newer side, in the same way.")


class CauseView(Shape):
    """Why runs part."""

    kind: Literal["condition", "rule", "step", "timer", "task", "work", "message", "data", "start", "other"] = (
        Field(description="What it is.")
    )
    text: str = Field(description="The cause in words: what it was and is, and the values that decide.")
    element: str = Field(default="", description="The element's id now.")
    decision: str = Field(default="", description="The decision, where a rule's row is the cause.")
    was: Any = Field(default=None, description="The condition, row or value before.")
    now: Any = Field(default=None, description="The same now.")
    values: dict[str, Any] = Field(default={}, description="The values that decide, in the example.")


class ExampleView(Shape):
    """The smallest case of a difference."""

    source: Literal["scenarios", "recorded", "generated"] = Field(description="Where it comes from.")
    name: str = Field(default="", description="The scenario or instance that it is.")
    case: dict[str, Any] = Field(description="Its inputs, as a scenario for `process_test`.")
    then: str = Field(description="How it ended.")
    now: str = Field(description="How it ends now.")


class DifferenceView(Shape):
    """Cases that part for one cause."""

    cause: CauseView = Field(description="Why.")
    cases: int = Field(description="How many cases part for it.")
    sources: dict[str, int] = Field(description="How many of them are from where.")
    differs: list[str] = Field(
        description="What differs in some: end, path, tasks, timers, messages, work, decisions, variables."
    )
    parts: str = Field(description="The first place where the runs of the example part.")
    example: ExampleView = Field(description="The smallest case.")


class BehaviourView(Shape):
    """What two versions do otherwise."""

    cases: int = Field(description="How many cases were played on both.")
    same: int = Field(description="How many go the same way on both.")
    changed: int = Field(description="How many go another way.")
    end_otherwise: int = Field(description="How many of those also end otherwise.")
    sources: dict[str, int] = Field(description="How many cases are from where.")
    differences: list[DifferenceView] = Field(description="The differences by cause, the most cases first.")
    not_reached: list[str] = Field(
        default=[], description="Changes that no case came to, or only behind another difference."
    )
    unseen: list[str] = Field(default=[], description="Changes that cases came to without a difference.")
    notes: list[str] = Field(default=[], description="What was left out, and why.")


class Sided(NamedTuple):
    """One state of a process: its model, its file, its number if it is published, and the rules that it asks."""

    process: Process
    bpmn: str
    version: int | None
    rules: Mapping[str, int | str | None]


class TimeOver(Exception):
    """The time for one part of the play is over."""


@dataclass
class Found:
    """The cases that part for one cause."""

    cause: Cause
    cases: int = 0
    sources: Counter[str] = field(default_factory=Counter)
    differs: set[str] = field(default_factory=set)
    size: int = 0
    parts: str = ""
    example: ExampleView | None = None


async def behaviour_view(call: Call, old: Sided, new: Sided) -> tuple[BehaviourView, dict[str, int]]:
    """Play cases on two states of a process and return what differs, and what of it is not told."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    kits = [_furnished(runtime.reader, tenant, side, runtime.now()) for side in (old, new)]
    records = Records([], 0, 0)
    notes: list[str] = []
    if old.version is not None and call.caller.may("instance.read"):
        records = recorded(runtime.reader, tenant, old.process, old.version)
    elif old.version is not None:
        notes.append("Real instances were left out: you may not read them.")
    at = runtime.now()

    def work(steps: Steps) -> tuple[BehaviourView, dict[str, int]]:
        return Comparison(kits[0], kits[1], at, steps.check, records, notes).run()

    return await in_steps(call, work)


class _Furnished(NamedTuple):
    """A side ready to be played: what its sandbox holds, and its rules."""

    process: Process
    kit: Kit
    book: Book


def _furnished(reader: Reader, tenant: str, side: Sided, now: int) -> _Furnished:
    reads = {read.process.id: read.process for read in read_processes(parse_bpmn(side.bpmn), RUNNABLE)}
    definitions = collect(reader, tenant, reads)
    aliases: dict[tuple[str, int], int] = {}
    for decision, wanted in side.rules.items():
        chosen = version_of(reader, tenant, decision, wanted, now)
        if not any(each.kind == "decision" and each.key == decision for each in definitions):
            raise FlowMasterError(
                "arguments.invalid",
                f"The process does not ask the decision {decision[:80]!r}.",
                path="rules",
                expected=sorted({each.key for each in definitions if each.kind == "decision"}),
                fix="Name decisions that the process asks.",
            )
        definitions, number = _in_force(definitions, chosen)
        aliases[decision, number] = chosen.version
    kit = Kit(side.bpmn, reads, definitions)
    return _Furnished(reads[side.process.id], kit, Book(RuleBook(definitions), aliases))


def _in_force(definitions: Sequence[Version], chosen: Version) -> tuple[list[Version], int]:
    """Return the definitions with one version in force at all times, as a copy that is the newest, and its number."""
    others = [each for each in definitions if (each.kind, each.key) != ("decision", chosen.key)]
    own = [each for each in definitions if (each.kind, each.key) == ("decision", chosen.key)]
    own = [each._replace(valid_from=0) for each in own] + [chosen._replace(valid_from=0, tag="")]
    return [*others, *own], len(own)


class Comparison:
    """Plays cases on two versions, and keeps what differs by its cause."""

    def __init__(
        self,
        old: _Furnished,
        new: _Furnished,
        at: int,
        check: Callable[[], None],
        records: Records,
        notes: Sequence[str],
    ) -> None:
        compared = compare(old.process, new.process)
        back = {theirs: ours for ours, theirs in compared.pairs.items()}
        self._ids, self._back = dict(compared.pairs), back
        sides = (
            Side(old.process, dict(compared.pairs), mark=OLD),
            Side(new.process, {key: key for key in back}, mark=NEW),
        )
        self._structure = Structure(*sides, compared.changes, old.book, new.book)
        self._check, self._records, self._notes = check, records, list(notes)
        self._began = self._until = time.monotonic()
        self._stages = tuple(Stage(side.kit, side.process.id, at, self._between) for side in (old, new))
        self._searches = tuple(
            Search(stage, plays=SEARCH_PLAYS, rules=side.book.rules)
            for stage, side in zip(self._stages, (old, new), strict=True)
        )
        one, other = self._searches
        self._tongues: tuple[Tongue, Tongue] = (tongue(one, other, self._ids), tongue(other, one, back))
        self._known: set[bytes] = set()
        self._met: dict[str, set[str]] = {OLD: set(), NEW: set()}
        self._later: dict[str, set[str]] = {OLD: set(), NEW: set()}
        self._causes: dict[str, Found] = {}
        self._sources: Counter[str] = Counter()
        self._otherwise = 0

    def _between(self) -> None:
        self._check()
        if time.monotonic() > self._until:
            raise TimeOver

    def run(self) -> tuple[BehaviourView, dict[str, int]]:
        """Play all cases that there is time for."""
        parts: list[tuple[float, str, Callable[[], None]]] = [
            (0.35, "scenarios of the older side", lambda: self._scenarios(0)),
            (0.45, "recorded cases", self._recorded),
            (0.6, "scenarios of the newer side", lambda: self._scenarios(1)),
            (0.7, "cases where conditions part", self._targeted),
            (0.8, "generated cases of the older side", lambda: self._generated(0)),
            (1.0, "generated cases of the newer side", lambda: self._generated(1)),
        ]
        for share, what, part in parts:
            self._until = self._began + share * SECONDS_MAX
            try:
                part()
            except TimeOver:
                self._notes.append(f"Not all {what} were played: the time was over.")
        return self._view()

    def _scenarios(self, number: int) -> None:
        """Play the scenarios that one side carries."""
        search = self._searches[number]
        carried = [one for one in search.stage.model.scenarios if isinstance(one, Mapping)]
        for raw in written.resolved_scenarios(carried, carried) if carried else ():
            self._one(number, case_of(search.stage.model, raw), "scenarios", str(raw.get("name", "")))

    def _recorded(self) -> None:
        """Play real instances again; one that does not go as it did is left out."""
        lost = 0
        for each in self._records.cases:
            played = self._play(0, each.case)
            came = Counter(each.came)
            if played is None or played.state is None or came - Counter(_came(played)):
                lost += 1
                continue
            self._one(0, each.case, "recorded", each.instance, played=played)
        told = ((lost, "does not go again as it did"), (self._records.erased, "has erased values"))
        for count, why in (*told, (self._records.long, "is too long")):
            if count:
                self._notes.append(f"{count} real instance{'s' if count > 1 else ''} left out: it {why}.")

    def _targeted(self) -> None:
        """Seek cases in which a changed condition holds on one side and does not on the other."""
        changes = [one for one in self._structure.changes if one.behaves]
        for number, ids in ((0, self._ids), (1, self._back)):
            other = self._searches[1 - number].stage.model
            for case in list(parting_cases(self._searches[number], other, ids, changes)):
                self._one(number, case, "generated")
        for number in (0, 1):
            for case in list(row_cases(self._searches[number], self._searches[1 - number])):
                self._one(number, case, "generated")

    def _generated(self, number: int) -> None:
        """Search cases for branches, rows of rules and limits of one side, and play them on the other."""
        search = self._searches[number]
        known = len(search.tried)
        try:
            suggestions(search, branches_of(search.stage.model), [])
        except TimeOver:
            self._notes.append(f"The search on the {'older' if not number else 'newer'} side was cut short.")
        self._until = self._began + (0.9 if not number else 1.1) * SECONDS_MAX
        for tried in search.tried[known:]:
            self._one(number, tried.case, "generated", played=tried.played)

    def _play(self, number: int, case: Case) -> Played | None:
        scenario = scenario_of(case)
        return None if scenario is None else self._stages[number].play(scenario, rounds=ROUNDS)

    def _one(self, number: int, case: Case, source: Source, name: str = "", *, played: Played | None = None) -> None:
        """Play a case of one side on both, unless it was played before."""
        told = self._tongues[number].said(case)
        sides = (case, told) if number == 0 else (told, case)
        key = write_json(sides[1])
        if key in self._known or sum(self._sources.values()) >= CASES_MAX:
            return
        self._known.add(key)
        mine = played or self._play(number, case)
        theirs = self._play(1 - number, told)
        if mine is None or theirs is None:
            return
        if played is None and mine.ended:
            self._searches[number].add(case, mine)
        if source != "generated" and theirs.ended:
            self._searches[1 - number].add(told, theirs)
        runs = (mine, theirs) if number == 0 else (theirs, mine)
        old, new = Run(self._structure.old, runs[0]), Run(self._structure.new, runs[1])
        self._sources[source] += 1
        self._judge(old, new, sides[1], source, name)

    def _judge(self, old: Run, new: Run, case: Case, source: Source, name: str) -> None:
        parting = parting_of(self._structure, old, new)
        for word, run, seen in ((OLD, old, parting and parting.was), (NEW, new, parting and parting.now)):
            self._met[word] |= run.visited(seen.place if seen else None)
            self._later[word] |= run.visited()
        if parting is None:
            return
        cause = cause_of(self._structure, old, new, parting)
        found = self._causes.setdefault(cause.key, Found(cause))
        found.cases += 1
        found.sources[source] += 1
        found.differs |= set(aspects_of(old, new))
        self._otherwise += old.ending != new.ending or not same(dict(old.variables), dict(new.variables))
        shown = self._shown(case, new)
        size = len(write_json(shown))
        if found.example is None or size < found.size:
            found.cause, found.size, found.parts = cause, size, _parts(self._structure, old, new, parting)
            found.example = ExampleView(source=source, name=name, case=shown, then=old.ending, now=new.ending)

    def _shown(self, case: Case, run: Run) -> dict[str, Json]:
        """Return the inputs of a case: what they change of the scenario that is most like them, if that is shorter."""
        whole = {word: part for word, part in case.items() if part or word == "given"}
        process = run.side.process
        carried = [one for one in process.scenarios if isinstance(one, Mapping)]
        best = whole
        for raw in written.resolved_scenarios(carried, carried) if carried else ():
            over = overlay(case_of(process, raw), whole)
            if over is not None and len(write_json(over)) + 20 < len(write_json(best)):
                best = {"like": raw["name"], **over}
        return best if len(write_json(best)) <= CASE_BYTES else {"given": {}, "too_long": True}

    def _view(self) -> tuple[BehaviourView, dict[str, int]]:
        groups = sorted(self._causes.values(), key=lambda found: -found.cases)
        differences = [_difference(found) for found in groups if found.example is not None]
        total, changed = sum(self._sources.values()), sum(found.cases for found in groups)
        unreached, unseen = self._silent()
        if not total:
            self._notes.append("No case could be played: no scenario, no real instance, and the search found none.")
        elif total >= CASES_MAX:
            self._notes.append(f"No more than {CASES_MAX} cases are compared.")
        shown = leading(differences, DIFFERENCES_BYTES, least=1)
        told, silent = leading(unreached, CHANGES_BYTES), leading(unseen, CHANGES_BYTES)
        view = BehaviourView(
            cases=total,
            same=total - changed,
            changed=changed,
            end_otherwise=self._otherwise,
            sources=dict(self._sources),
            differences=shown,
            not_reached=told,
            unseen=silent,
            notes=self._notes,
        )
        lists = (("differences", differences, shown), ("not_reached", unreached, told), ("unseen", unseen, silent))
        return view, left_out({name: (len(whole), len(part)) for name, whole, part in lists})

    def _silent(self) -> tuple[list[str], list[str]]:
        """Return the changes that no case came to, and those that cases came to without a difference."""
        explained = {change for found in self._causes.values() for change in map(_mark, found.cause.changes)}
        unreached: list[str] = []
        unseen: list[str] = []
        for one in self._structure.changes:
            if not one.behaves or not (one.element or one.before) or _mark(one) in explained:
                continue
            text = worded(one, self._structure.old.process, self._structure.new.process)
            if _in(one, self._met):
                unseen.append(text)
            elif _in(one, self._later):
                unreached.append(f"{text} Cases come there only behind another difference.")
            else:
                unreached.append(text)
        return unreached, unseen


def _mark(change: Change) -> str:
    return repr(change)


def _in(change: Change, met: Mapping[str, set[str]]) -> bool:
    return change.before in met[OLD] or change.element in met[NEW]


def _came(played: Played) -> Iterator[str]:
    for entry in played.history:
        if type(entry.event).__name__ == "ElementEntered":
            yield str(getattr(entry.event, "element", ""))


def _parts(structure: Structure, old: Run, new: Run, parting: Parting) -> str:
    """Return in words where two runs part first."""
    before = next((seen for seen in reversed(old.seen[: parting.alike]) if seen.kind == "came"), None)
    start = f"After {old.side.label(before.own)}: " if before is not None else ""
    was = words_of(structure.old, parting.was) if parting.was else f"no such thing ({old.ending})"
    now = words_of(structure.new, parting.now) if parting.now else f"no such thing ({new.ending})"
    return f"{start}{OLD} {was}; {NEW} {now}."


def _difference(found: Found) -> DifferenceView:
    assert found.example is not None
    cause = found.cause
    return DifferenceView(
        cause=CauseView(
            kind=cause.kind,  # type: ignore[arg-type]  # one of these
            text=cause.text,
            element=cause.element,
            decision=cause.decision,
            was=cause.was,
            now=cause.now,
            values=dict(cause.values),
        ),
        cases=found.cases,
        sources=dict(found.sources),
        differs=sorted(found.differs),
        parts=found.parts,
        example=found.example,
    )


def summary_of(view: BehaviourView) -> str:
    """Return in a sentence what was found."""
    if not view.cases:
        return "No case could be played, so nothing is known of the behaviour."
    if not view.changed:
        more = f"; {len(view.not_reached)} changes were not reached" if view.not_reached else ""
        return f"All {view.cases} cases go the same way on both{more}."
    causes = len(view.differences)
    return (
        f"{view.changed} of {view.cases} cases go another way, {view.end_otherwise} of them with another end or result,"
        f" for {causes} cause{'s' if causes > 1 else ''}."
    )
