"""Checks the laws of a process over played cases, looks for cases that break one, and shortens what is found."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, TypeAlias

from flowmaster.engine import events as ev
from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.evolve import blank, evolve
from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.compiler import Compiler
from flowmaster.engine.feel.evaluation import NOWHERE, Evaluation
from flowmaster.engine.feel.expression import BUILTIN_NAMES, Expression, compile_expression
from flowmaster.engine.feel.types import simple_type
from flowmaster.engine.model import Law, Process, Script, UserTask
from flowmaster.engine.model import Rule as RuleDetails
from flowmaster.engine.proof.changes import found_at
from flowmaster.engine.proof.solving import Solver
from flowmaster.engine.scope import visible
from flowmaster.engine.state import ROOT, State
from flowmaster.engine.values import Json
from flowmaster.stores.rows import HistoryEntry
from flowmaster.tools.cases_chance import Chance, leaves
from flowmaster.tools.cases_origins import Level, Merged, Moment, Origin, Outside, World
from flowmaster.tools.cases_search import Case, Search, Tried, case_with
from flowmaster.tools.cases_shown import Shown
from flowmaster.tools.law_reading import careful
from flowmaster.tools.scenario_verdict import NOT_STEPS

RUNS = 60
"""How many random cases the laws of a process are checked over."""

ATTACKED = 10
"""From how many cases it is tried to break a law on purpose."""

TRIES = 6
"""How many ways to break a law are tried from one case."""

SHRINKS = 40
"""How many shorter cases are tried for one that breaks a law."""

STEPS = "steps"
"""Under this name a law finds all steps, also those whose name is that of a variable."""

VALUES_SHOWN = 12


Seen: TypeAlias = tuple[str, int, dict[str, object]]
"""A step, the time when it was done, and all variables and steps then."""


class Breach(NamedTuple):
    """Where a case breaks a law: after which step, and what its condition saw."""

    step: str
    values: dict[str, Json]
    path: list[str]


class Statute:
    """One law, compiled for its process."""

    def __init__(self, process: Process, law: Law, world: World) -> None:
        self.law = law
        self.process = process
        names = [element.name for element in process.elements.values() if element.name]
        self.expression: Expression | None = None
        self.problem = ""
        try:
            self.expression = compile_expression(law.condition, names=names)
        except FlowMasterError as error:
            self.problem = error.message
        self.problem = self.problem or self._unknown()
        compiler = Compiler(BUILTIN_NAMES.given, simple_type, declared=world.declared)
        self._code = compiler.compile(
            careful(self.expression.node) if self.expression else s.Literal(None, NOWHERE)
        )

    def _unknown(self) -> str:
        """Return what is wrong with the names of the condition, empty for nothing."""
        known = known_names(self.process)
        assert self.expression is not None
        for name in sorted(self.expression.names):
            if name not in known:
                return f"There is no variable or step {name!r}.{did_you_mean(name, sorted(known))}"
        return ""

    def verdict(self, seen: Mapping[str, object], at: int) -> bool | None:
        """Return whether the law holds over what is seen; None while that is not known."""
        try:
            found = self._code(seen, Evaluation(at))
        except FlowMasterError:
            return None
        return None if not isinstance(found, bool) else found is not self.law.never

    def shown(self, seen: Mapping[str, object]) -> dict[str, Json]:
        """Return the values of the names that the condition reads, of steps only what it asks for."""
        assert self.expression is not None
        found: dict[str, Json] = {}
        for name in sorted(self.expression.names)[:VALUES_SHOWN]:
            value = seen.get(name)
            if isinstance(value, StepFacts):
                asked = [part for part in ("done", "times", "by") if f"{name}.{part}" in self.law.condition]
                found |= {f"{name}.{part}": value[part] for part in asked}  # type: ignore[misc]  # facts are JSON
            elif name != STEPS:
                found[name] = value  # type: ignore[assignment]  # variables hold JSON only
        return found


class StepFacts(dict[str, object]):
    """What a law may ask of a step: `done`, `times`, `by`."""


def known_names(process: Process) -> set[str]:
    """Return the names that a law may read: variables that are declared or set somewhere, and steps."""
    found = {STEPS, *(item.name for item in process.data)}
    for key, element in process.elements.items():
        found |= {key, element.label}
        found |= {mapping.target[0] for mapping in (*element.outputs, *element.inputs)}
        match element.details:
            case Script(result=result) | RuleDetails(result=result):
                found.add(result)
            case UserTask(form=form):
                entries = process.forms.get(form)
                fields = entries.get("properties") if isinstance(entries, Mapping) else None
                found |= set(fields) if isinstance(fields, Mapping) else set()
            case _:
                pass
    for scenario in process.scenarios:
        found |= set(_written(scenario))
    return found


def _written(scenario: Json) -> Iterator[str]:
    """Give the variables that services answer in a scenario: nothing else declares them."""
    services = scenario.get("services") if isinstance(scenario, Mapping) else None
    for visits in services.values() if isinstance(services, Mapping) else ():
        for answer in visits if isinstance(visits, list | tuple) else (visits,):
            yield from answer if isinstance(answer, Mapping) else ()


def moments(
    process: Process, history: Sequence[HistoryEntry]
) -> Iterator[tuple[str, int, dict[str, object]]]:
    """Give what laws see after each step and at the end: the step, the time, and all variables and steps."""
    state: State = blank("", "", 0)
    counts: dict[str, int] = {}
    performers: dict[str, str] = {}
    bodies: set[int] = set()
    for entry in history:
        event = entry.event
        evolve(state, event)
        match event:
            case ev.TaskPerformed(element=element, performer=performer):
                performers[element] = performer
            case ev.LoopBegan(key=key, total=total) if total >= 0:
                bodies.add(key)
            case ev.ElementCompleted(key=key, element=element) if key not in bodies:
                found = process.elements.get(element)
                if found is None or found.kind in NOT_STEPS:
                    continue
                counts[element] = counts.get(element, 0) + 1
                yield found.label, entry.at, seen_by_laws(process, state, counts, performers)
            case ev.InstanceEnded():
                yield process.name or process.id, entry.at, seen_by_laws(process, state, counts, performers)
            case _:
                continue


def seen_by_laws(
    process: Process, state: State, counts: Mapping[str, int], performers: Mapping[str, str]
) -> dict[str, object]:
    """Return the variables of the process and, by name and id, its steps."""
    steps: dict[str, object] = {}
    for key, element in process.elements.items():
        if element.kind in NOT_STEPS:
            continue
        times = counts.get(key, 0)
        facts = StepFacts(done=times > 0, times=times, by=performers.get(key))
        steps[key] = facts
        steps.setdefault(element.label, facts)
    variables = visible(state, ROOT) if ROOT in state.nodes else {}
    return {**steps, **variables, STEPS: steps}


class Court:
    """Judges the laws of one process over cases."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._process = search.stage.model
        self.statutes = [Statute(self._process, law, search.world) for law in self._process.laws]
        self._decided: set[str] = set()
        self._kept: list[Tried] = []
        self._moments: dict[int, list[Seen]] = {}

    def judge(
        self, own: Sequence[tuple[str, Tried]], listed: Sequence[Mapping[str, Json]]
    ) -> list[dict[str, Json]]:
        """Return each law with how it went: over the given cases first, then over generated ones."""
        told: list[dict[str, Json]] = []
        shown = Shown(self._process, listed)
        if not self._search.tried:
            self._search.play(self._search.plain())
        self._vary()
        for statute in self.statutes:
            told.append(self._told(statute, own, shown))
        return told

    def _vary(self) -> None:
        """Play random cases for all laws."""
        chance = Chance(self._search.world, f"{self._search.stage.process}:laws")
        for _ in range(RUNS):
            if self._search.tried:
                self._search.play(chance.varied(self._search.tried))

    def _told(self, statute: Statute, own: Sequence[tuple[str, Tried]], shown: Shown) -> dict[str, Json]:
        law = statute.law
        told: dict[str, Json] = {"never" if law.never else "always": law.name, "condition": law.condition}
        if statute.problem:
            return told | {"holds": False, "problem": statute.problem}
        for name, tried in own:
            breach = self.breach(statute, tried)
            if breach is not None:
                return told | {"holds": False, "scenario": name} | _words(breach)
        found = self._counterexample(statute)
        if found is not None:
            shortest = self._shortened(statute, found)
            breach = self.breach(statute, shortest)
            assert breach is not None
            case: Json = dict(shown.suggestion(shortest, f"breaks: {law.name}", "").scenario)
            return told | {"holds": False, "case": case} | _words(breach)
        told |= {"holds": True, "cases": len(self._search.tried)}
        if law.name not in self._decided:
            told["undecided"] = "It was null after every step of every case: does it read what it means?"
        return told

    def breach(self, statute: Statute, tried: Tried) -> Breach | None:
        """Return where a case breaks a law, or None."""
        path: list[str] = []
        for step, at, seen in self._seen(tried):
            path.append(step)
            verdict = statute.verdict(seen, at)
            if verdict is not None:
                self._decided.add(statute.law.name)
            if verdict is False:
                return Breach(step, statute.shown(seen), path)
        return None

    def _seen(self, tried: Tried) -> list[Seen]:
        """Return what laws see of a case, worked out once."""
        found = self._moments.get(id(tried))
        if found is None:
            found = self._moments[id(tried)] = list(moments(self._process, tried.played.history))
            self._kept.append(tried)
        return found

    def _counterexample(self, statute: Statute) -> Tried | None:
        for tried in list(self._search.tried):
            if self.breach(statute, tried) is not None:
                return tried
        for tried in list(self._search.tried)[:ATTACKED]:
            for case in islice(self._attacks(statute, tried), TRIES):
                new = self._search.play(case)
                if new is not None and self.breach(statute, new) is not None:
                    return new
        return None

    def _attacks(self, statute: Statute, tried: Tried) -> Iterator[Case]:
        """Give cases like one, changed so that the condition comes out the other way at its end."""
        last = tried.trace.last
        assert statute.expression is not None
        if last is None:
            return
        seen: dict[str, object] = {}
        for _, _, each in self._seen(tried):
            seen = each
        facts = {name: value for name, value in seen.items() if isinstance(value, StepFacts)}
        origins: dict[str, Origin] = {}
        for name in facts:
            key = self._key(name)
            used = tried.trace.used.get(key, 0)
            if isinstance(self._process.elements[key].details, UserTask) and used:
                origins[name] = Merged(("by",), Outside(("answers", key, used - 1, "by")), None)
        known: dict[str, Json] = {**facts, STEPS: {**facts}}  # type: ignore[dict-item]  # facts are JSON
        level = Level(known, origins, None)
        view = Moment(last.world, [*last.levels, level], last.spare, last.at)
        for change in Solver(view).holds(statute.expression.node, statute.law.never):
            yield case_with(tried.case, change)

    def _key(self, name: str) -> str:
        if name in self._process.elements:
            return name
        return next(key for key, each in self._process.elements.items() if each.label == name)

    def _shortened(self, statute: Statute, tried: Tried) -> Tried:
        """Return a case that breaks a law too and holds less that is out of the ordinary."""
        plain = self._search.plain()
        left = SHRINKS
        changed = True
        while changed and left > 0:
            changed = False
            for case in _simpler(tried.case, plain):
                left -= 1
                if left <= 0:
                    break
                scenario = self._search.trial(case)
                if scenario is not None and self.breach(statute, scenario) is not None:
                    tried, changed = scenario, True
                    break
        return tried


def _words(breach: Breach) -> dict[str, Json]:
    return {"after": breach.step, "values": breach.values, "path": list(breach.path)}


def _simpler(case: Case, plain: Case) -> Iterator[Case]:
    """Give cases with one thing less: a part, the answers of one step, or a value that is not the plain one."""
    for word in ("clock", "messages", "services"):
        if case.get(word):
            yield {name: value for name, value in case.items() if name != word}
    for word in ("answers", "services"):
        steps, ordinary = case.get(word), plain.get(word)
        for step, visits in steps.items() if isinstance(steps, Mapping) else ():
            wanted = ordinary.get(step) if isinstance(ordinary, Mapping) else None
            if wanted != visits and isinstance(steps, Mapping):
                kept = {name: value for name, value in steps.items() if name != step}
                yield {**case, word: kept if wanted is None else {**kept, step: wanted}}
    known = set(leaves(plain))
    for place in leaves(case):
        if place in known and place[0] == "given":
            value = found_at(plain, place)
            if value != found_at(case, place):
                yield case_with(case, {place: value})
