"""Plays cases on two versions of a process and keeps what differs by its cause, with the smallest case of each.

Cases come from the scenarios of both, from real instances of the older one, and from searches on both: first for
branches, then at what has changed and shows no difference yet. A case that one search finds is played on both sides, and
both learn from it. The play is bounded in time and number; what was left out is told.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Final, NamedTuple

from flowmaster.engine.compare.changes import Change, compare
from flowmaster.engine.compare.words import worded
from flowmaster.engine.model import Process
from flowmaster.engine.outline import scenarios as written
from flowmaster.engine.values import Json
from flowmaster.tools.behaviour_cases import Aim, Tongue, tongue
from flowmaster.tools.behaviour_causes import Difference, differences_of
from flowmaster.tools.behaviour_least import Least
from flowmaster.tools.behaviour_parting import Structure, aspects_of, is_rewritten, is_way
from flowmaster.tools.behaviour_recorded import Records
from flowmaster.tools.behaviour_rules import STEPS_MAX, RowAim, Ruled, Spot, row_text
from flowmaster.tools.behaviour_seen import UNSEEN, Run, Side
from flowmaster.tools.behaviour_view import BehaviourView, CauseView, DifferenceView, ExampleView, Source
from flowmaster.tools.cases_chance import Chance
from flowmaster.tools.cases_origins import Decided
from flowmaster.tools.cases_rules import RuleBook
from flowmaster.tools.cases_search import CHANCES, ROUNDS, Case, Search, Tried, scenario_of
from flowmaster.tools.cases_shown import suggestions
from flowmaster.tools.json_text import write_json
from flowmaster.tools.scenario_play import Played
from flowmaster.tools.scenario_stage import Kit, Stage
from flowmaster.tools.scenarios import branches_of, case_of
from flowmaster.tools.steps import Steps

SECONDS_MAX: Final = 8.0
"""How long cases are played."""

TOLD_PER_SECOND: Final = 2
"""How often it is told how far the play is."""

PLAYS_MAX: Final = 150
"""How many cases the search of each version plays for branches, for what has changed, and by chance."""

PLAYS_MORE: Final = 25
"""How many it plays for branches where every change shows a difference already."""

EVENTS_MAX: Final = 100_000
"""How many events all cases of one search may come to."""

CASES_MAX: Final = 600
"""How many cases are compared."""

AIMS: Final = ((1, 12), (STEPS_MAX, 4))
"""In how many steps one row of a rule is aimed at, and from how many cases."""

ROUNDS_GIVEN: Final = 200
"""How many acts of people, services, messages and time a scenario or a real instance may take."""

ALIKE: Final = "answers alike in both versions, whatever it is asked."

OLD: Final = "then"
NEW: Final = "now"


Base = tuple[Tried, Decided, int]
"""A case that asked a decision, what it knew when it did, and how many turns it had taken by then."""


class Furnished(NamedTuple):
    """A side ready to be played: its model, and what its sandbox holds."""

    process: Process
    kit: Kit


class TimeOver(Exception):
    """The time for one part of the play is over."""


@dataclass
class Found:
    """The cases that part for one cause, and the smallest of them, said for the newer side."""

    shown: Difference
    case: Case
    source: Source
    name: str
    cases: int = 0
    sources: Counter[str] = field(default_factory=Counter)
    differs: set[str] = field(default_factory=set)


class Comparison:
    """Plays cases on two versions, and keeps what differs by its cause."""

    def __init__(
        self,
        sides: tuple[Furnished, Furnished],
        ruled: Sequence[Ruled],
        records: Records,
        at: int,
        steps: Steps,
    ) -> None:
        old, new = sides
        compared = compare(old.process, new.process)
        ids, back = dict(compared.pairs), {theirs: ours for ours, theirs in compared.pairs.items()}
        self._structure = Structure(
            Side(old.process, ids, mark=OLD),
            Side(new.process, {key: key for key in back}, mark=NEW),
            compared.changes,
            ruled,
        )
        self._records, self._steps = records, steps
        self._told, self._told_last = 0, int(SECONDS_MAX * TOLD_PER_SECOND)
        self._began = self._until = time.monotonic()
        self._stages = tuple(Stage(side.kit, side.process.id, at, self._between) for side in sides)
        self._searches = tuple(
            Search(stage, events=EVENTS_MAX, rules=RuleBook(stage.kit.definitions)) for stage in self._stages
        )
        one, other = self._searches
        self._tongues: tuple[Tongue, Tongue] = (tongue(one, other, ids), tongue(other, one, back))
        self._aims = Aim(one, new.process, ids), Aim(other, old.process, back)
        self._looked = [0, 0]
        """How many of the cases of each search were played on both sides."""
        self._known: set[bytes] = set()
        self._met: dict[str, set[str]] = {OLD: set(), NEW: set()}
        self._later: dict[str, set[str]] = {OLD: set(), NEW: set()}
        self._rows: tuple[set[tuple[str, int]], set[tuple[str, int]]] = set(), set()
        """The rows of rules that decided otherwise on each side."""
        self._causes: dict[str, Found] = {}
        self._explained: set[str] = set()
        self._sources: Counter[str] = Counter()
        self._changed_cases = self._otherwise = 0
        self.notes: list[str] = []

    def _between(self) -> None:
        """Tell how far the play is between two cases, and stop a part of it whose time is over."""
        self._steps.check()
        now = time.monotonic()
        done = min(int((now - self._began) * TOLD_PER_SECOND), self._told_last)
        if done > self._told:
            self._told = done
            self._steps.tell(done, self._told_last, f"{sum(self._sources.values())} cases played on both")
        if now > self._until:
            raise TimeOver

    def run(self) -> BehaviourView:
        """Play all cases that there is time for."""
        parts: tuple[tuple[float, str, Callable[[], None]], ...] = (
            (0.25, "scenarios of the older side", lambda: self._scenarios(0)),
            (0.4, "scenarios of the newer side", lambda: self._scenarios(1)),
            (0.5, "recorded cases", self._recorded),
            (0.65, "cases for branches", self._branches),
            (0.8, "cases for what has changed", self._changed),
            (0.9, "further cases for what has changed", self._further),
        )
        for share, what, part in parts:
            self._until = self._began + share * SECONDS_MAX
            try:
                part()
            except TimeOver:
                self.notes.append(f"Not all {what} were played: the time was over.")
        return self._view()

    def _scenarios(self, number: int) -> None:
        """Play the scenarios that one side carries."""
        model = self._stages[number].model
        carried = [one for one in model.scenarios if isinstance(one, Mapping)]
        for raw in written.resolved_scenarios(carried, carried):
            case = {**case_of(model, raw), **_rest_of(raw)}
            self._one(number, case, "scenarios", str(raw.get("name", "")))

    def _recorded(self) -> None:
        """Play real instances again; one that does not go as it did is left out."""
        left = self._records.left_out
        for each in self._records.cases:
            played = self._play(0, each.case, "recorded")
            if played is None or not each.goes_again(played.history):
                left["they do not go again as they did"] += 1
            else:
                self._one(0, each.case, "recorded", each.instance, played=played)
        for why, count in left.items():
            self.notes.append(f"Real instances left out since {why}: {count}.")

    def _branches(self) -> None:
        """Search cases for the branches of both sides: a few where every change shows a difference already."""
        for number, search in enumerate(self._searches):
            if not self._structure.ruled and not self._structure.behaving:
                search.play(search.plain())
            else:
                is_open = self._has_open()
                search.plays = PLAYS_MAX if is_open else PLAYS_MORE
                search.cover(branches_of(search.stage.model), CHANCES if is_open else 0)
            self._both(number)

    def _changed(self) -> None:
        """Aim at the changes that show no difference yet, and at the rows of rules that differ."""
        for search in self._searches:
            search.plays = PLAYS_MAX
        for change in self._structure.changes:
            for number, aim in enumerate(self._aims):
                for _ in aim.at(change, now=number == 1) if self._is_open(change) else ():
                    self._both(number)
                    if not self._is_open(change):
                        break
        for ruled in self._structure.ruled:
            for number in (0, 1):
                for spot in self._hidden_rows(ruled, number):
                    self._at_row(ruled, number, spot)

    def _at_row(self, ruled: Ruled, number: int, spot: Spot) -> None:
        """Play cases in which a row of a rule decides otherwise."""
        search = self._searches[number]
        bases = [
            (tried, asked, turns)
            for tried in search.tried
            for asked, turns in zip(tried.trace.decided, tried.trace.asked, strict=True)
            if asked.decision == ruled.decision
        ]
        aim = RowAim(ruled, number, spot, self._between)
        by_step: defaultdict[str, list[Base]] = defaultdict(list)
        for base in sorted(bases, key=lambda base: aim.distance(base[1])):
            by_step[base[1].element].append(base)
        # The steps that ask take turns: where one cannot be brought to the row, another one may.
        bases = [base for turn in zip_longest(*by_step.values()) for base in turn if base is not None]
        for steps, most in AIMS:
            for tried, asked, turns in bases:
                for change in aim.parting(asked, steps):
                    search.pursue(tried, turns, change)
                    self._both(number)
                    if spot not in self._hidden_rows(ruled, number):
                        return
                most -= aim.has_asked
                if not most:
                    break

    def _hidden_rows(self, ruled: Ruled, number: int) -> list[Spot]:
        """Return the rows of one side that may decide otherwise and did not in any case yet."""
        shown = self._rows[number]
        return (
            []
            if ruled.alike
            else [spot for spot in ruled.spots[number] if (spot.decision, spot.row) not in shown]
        )

    def _further(self) -> None:
        """Search rows, limits and variations by chance while there is something that shows no difference."""
        for number, search in enumerate(self._searches):
            search.plays = PLAYS_MAX
            if self._has_open():
                suggestions(search, branches_of(search.stage.model), [])
                self._both(number)
        for number, search in enumerate(self._searches):
            search.plays, chance = PLAYS_MAX, Chance(search.world, search.stage.process)
            for _ in range(PLAYS_MAX):
                if not self._has_open() or not search.tried:
                    break
                search.play(chance.varied(search.tried))
                self._both(number)

    def _is_open(self, change: Change) -> bool:
        return change.behaves and repr(change) not in self._explained and not self._is_hidden(change)

    def _is_hidden(self, change: Change) -> bool:
        """Tell whether a change shows in others alone: a gateway or form that came or went, ways along steps that did."""
        structure = self._structure
        if change.what == "":
            element = structure.new.process.elements.get(
                change.element
            ) or structure.old.process.elements.get(change.before)
            return element is not None and element.kind in UNSEEN
        if change.what.startswith("forms: "):
            return change.kind in ("added", "removed")
        return change.what == "lane" or (
            structure.comes_or_goes and not is_rewritten(change) and is_way(change)
        )

    def _has_open(self) -> bool:
        """Tell whether some change or row shows no difference yet, and does not always stand behind another difference."""
        open_now = [one for one in self._structure.changes if self._is_open(one)]
        return any(not _in(one, self._later) or _in(one, self._met) for one in open_now) or any(
            self._hidden_rows(ruled, number) for ruled in self._structure.ruled for number in (0, 1)
        )

    def _both(self, number: int) -> None:
        """Play on both sides what the search of one has found since."""
        search = self._searches[number]
        while self._looked[number] < len(search.tried):
            tried = search.tried[self._looked[number]]
            self._looked[number] += 1
            self._one(number, tried.case, "generated", played=tried.played)

    def _play(self, number: int, case: Case, source: Source) -> Played | None:
        scenario = scenario_of(case)
        rounds = ROUNDS if source == "generated" else ROUNDS_GIVEN
        return None if scenario is None else self._stages[number].play(scenario, rounds=rounds)

    def _one(
        self, number: int, case: Case, source: Source, name: str = "", *, played: Played | None = None
    ) -> None:
        """Play a case of one side on both, unless it was played before."""
        told = self._tongues[number].said(case)
        sides = (case, told) if number == 0 else (told, case)
        key = write_json(sides[1])
        if key in self._known or sum(self._sources.values()) >= CASES_MAX:
            return
        self._known.add(key)
        mine = played or self._play(number, case, source)
        theirs = self._play(1 - number, told, source)
        if mine is None or theirs is None:
            return
        if source != "generated" and mine.ended:
            self._searches[number].add(_going_on(case), mine)
        if theirs.ended:
            self._searches[1 - number].add(_going_on(told), theirs)
        self._sources[source] += 1
        self._judge(*self._as_runs(number, mine, theirs), sides[1], source, name)

    def _as_runs(self, number: int, mine: Played, theirs: Played) -> tuple[Run, Run]:
        """Return what was played on one side and on the other as runs, the older side first."""
        old, new = (mine, theirs) if number == 0 else (theirs, mine)
        return Run(self._structure.old, old), Run(self._structure.new, new)

    def _judge(self, old: Run, new: Run, case: Case, source: Source, name: str) -> None:
        """Note where two runs part, and why."""
        found = list(differences_of(self._structure, old, new))
        for each in found:
            self._note(each, case, source, name)
        last = found[-1].at if found else None
        for word, run, seen in ((OLD, old, last and last.was), (NEW, new, last and last.now)):
            self._met[word] |= run.visited(seen.place - 1 if seen else None)
            self._later[word] |= run.visited()
        self._changed_cases += bool(found)
        self._otherwise += bool(found) and not old.ends_as(new)

    def _note(self, shown: Difference, case: Case, source: Source, name: str) -> None:
        """Count a case for the cause of a difference, and keep it as the example if it is the smallest."""
        cause = shown.cause
        found = self._causes.setdefault(cause.key, Found(shown, case, source, name))
        if len(write_json(case)) < len(write_json(found.case)):
            found.shown, found.case, found.source, found.name = shown, case, source, name
        found.cases += 1
        found.sources[source] += 1
        found.differs |= aspects_of(shown.old, shown.new)
        self._explained |= set(map(repr, cause.changes))
        for rows, told in zip(self._rows, cause.rows, strict=True):
            rows.update(told)

    def _view(self) -> BehaviourView:
        total, changed = sum(self._sources.values()), self._changed_cases
        if not total:
            self.notes.append(
                "No case could be played: no scenario, no real instance, and the search found none."
            )
        elif total >= CASES_MAX:
            self.notes.append(f"No more than {CASES_MAX} cases are compared.")
        for ruled in self._structure.ruled:
            if ruled.alike:
                self.notes.append(f"The decision {ruled.decision!r} {ALIKE}")
        unreached, unseen = self._silent()
        return BehaviourView(
            cases=total,
            same=total - changed,
            changed=changed,
            end_otherwise=self._otherwise,
            sources=dict(self._sources),
            differences=list(self._differences()),
            not_reached=unreached,
            unseen=unseen,
            notes=self.notes,
        )

    def _differences(self) -> Iterator[DifferenceView]:
        self._until = self._began + SECONDS_MAX
        for found in sorted(self._causes.values(), key=lambda each: -each.cases):
            case = self._least(found)
            cause, old, new = found.shown.cause, found.shown.old, found.shown.new
            yield DifferenceView(
                cause=CauseView(
                    kind=cause.kind,
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
                parts=found.shown.parts,
                example=ExampleView(
                    source=found.source,
                    name=found.name,
                    case=case if "too_long" in case else {**case, "expect": new.expectation},
                    then=old.ending,
                    now=new.ending,
                ),
            )

    def _least(self, found: Found) -> dict[str, Json]:
        """Return the inputs of an example as short as they can be said, and keep what playing just these shows."""

        def shows(case: Case) -> Difference | None:
            new = self._play(1, case, found.source)
            old = self._play(0, self._tongues[1].said(case), found.source)
            if new is None or old is None:
                return None
            told = differences_of(self._structure, *self._as_runs(1, new, old))
            return next((each for each in told if each.cause.key == found.shown.cause.key), None)

        least = Least(self._stages[1].model, shows, found.case, found.shown)
        with suppress(TimeOver):
            least.shorten(found.shown.new.visited())
        found.shown = least.proof
        return least.said

    def _silent(self) -> tuple[list[str], list[str]]:
        """Return the changes that no case came to, and those that cases came to without a difference."""
        unreached: list[str] = []
        unseen: list[str] = []
        structure = self._structure
        for one in filter(self._is_open, structure.changes):
            text = worded(one, structure.old.process, structure.new.process)
            if not one.element and not one.before or _in(one, self._met):
                unseen.append(text)
            elif _in(one, self._later):
                unreached.append(f"{text} Cases come there only behind another difference.")
            else:
                unreached.append(text)
        for ruled in structure.ruled:
            for number, word in ((0, OLD), (1, NEW)):
                unseen += [
                    f"The decision {spot.decision!r} {word}: {row_text(ruled.models[number], spot.decision, spot.row)}."
                    for spot in self._hidden_rows(ruled, number)
                ]
        return unreached, unseen


def _rest_of(scenario: Mapping[str, Json]) -> dict[str, Json]:
    """Return where a scenario expects to rest in the end: no time is let pass there, or some would never end."""
    expected = scenario.get("expect")
    rest = expected.get("waits_at") if isinstance(expected, Mapping) else None
    return {"expect": {"waits_at": rest}} if rest else {}


def _going_on(case: Case) -> Case:
    """Return a case from which the search goes on: it rests nowhere."""
    return {word: part for word, part in case.items() if word != "expect"}


def _in(change: Change, met: Mapping[str, set[str]]) -> bool:
    return change.before in met[OLD] or change.element in met[NEW]
