"""Generated cases as scenarios that can be kept: short, named, with the expectation filled with what happened."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from flowmaster.engine.model import Flow, Process
from flowmaster.engine.outline.scenarios import is_ending, resolved_scenarios
from flowmaster.engine.values import Json
from flowmaster.tools.cases_limits import limits_of
from flowmaster.tools.cases_rules import RuleView
from flowmaster.tools.cases_search import Case, Search, Tried, case_with
from flowmaster.tools.rule_rows import missed_in
from flowmaster.tools.scenario_verdict import Facts

LIMITS_MAX = 60
"""How many limits are looked at in one process."""

ROW_TRIES = 6
"""How many ways to one row of a rule are tried from one case."""

MERGES_MAX = 20
"""Over how many joins of ways a branch is followed to the step that it leads to."""

NAME_CHARACTERS = 80


class Suggestion(NamedTuple):
    """A scenario to judge and keep, and what it is for."""

    covers: str
    scenario: Mapping[str, Json]


def suggestions(
    search: Search, branches: Sequence[Flow], own: Sequence[Mapping[str, Json]]
) -> list[Suggestion]:
    """Search cases for the branches that none took yet, then for limits; each one is worth a scenario."""
    known = list(search.tried)
    taken = set(search.reached)
    search.cover(branches)
    shown = Shown(search.stage.model, own)
    found: list[Suggestion] = []
    for flow in branches:
        tried = search.reached.get(flow.id)
        if flow.id not in taken and tried is not None:
            more = [other for other in branches if other.id in tried.played.taken and other.id not in taken]
            taken |= {other.id for other in more}
            words = branch_words(search.stage.model, flow)
            found.append(shown.suggestion(search.to_the_end(tried), words, words))
    found += _in_rows(search, shown)
    found += _at_limits(search, shown, known)
    return found


def _in_rows(search: Search, shown: "Shown") -> Iterator[Suggestion]:
    """Search cases for the rows of rules that no case matched."""
    missed = {decision: list(rows) for decision, rows in missed_rows(search).items()}
    for tried in list(search.tried):
        search.stage.between()
        for origin in tried.trace.decided:
            model = search.rules.models.get((origin.decision, origin.version))
            table = model.table(origin.decision) if model is not None else None
            for row in list(missed.get(origin.decision, ())) if table is not None else ():
                assert model is not None
                assert table is not None
                for change in islice(RuleView(model, origin.view).row(table, row - 1), ROW_TRIES):
                    new = search.play(case_with(tried.case, change))
                    if new is not None and row not in missed_rows(search).get(origin.decision, ()):
                        missed[origin.decision].remove(row)
                        words = f"{origin.decision} row {row}"
                        yield shown.suggestion(new, words, f"row {row} of {origin.decision}")
                        break


def missed_rows(search: Search) -> dict[str, list[int]]:
    """Return the rows of each decision that no case matched so far."""
    return missed_in(search.rules, [tried.played.history for tried in search.tried])


def _at_limits(search: Search, shown: "Shown", known: Sequence[Tried]) -> Iterator[Suggestion]:
    seen: set[tuple[str, str]] = set()
    for tried in list(search.tried):
        search.stage.between()
        for limit in limits_of(search, tried):
            if (limit.element, limit.what) in seen or len(seen) >= LIMITS_MAX:
                continue
            if any(limit.is_met(each) for each in known):
                seen.add((limit.element, limit.what))
                continue
            for case in limit.cases:
                new = search.play(case)
                if (
                    new is not None
                    and new.played.state is not None
                    and (limit.side is None or limit.is_met(new))
                ):
                    seen.add((limit.element, limit.what))
                    whole = new if limit.side is None else search.to_the_end(new)
                    yield shown.suggestion(whole, limit.what, f"the limit {limit.what}")
                    break


def branch_words(process: Process, flow: Flow) -> str:
    """Return a branch in words: from where, to where."""
    target = process.elements[flow.target]
    for _ in range(MERGES_MAX):
        if target.kind != "exclusiveGateway" or len(target.outgoing) != 1:
            break
        target = process.elements[target.outgoing[0].target]
    return f"{process.elements[flow.source].label} -> {target.label}"


class Shown:
    """Writes played cases as scenarios; each says only what differs from one before, if that is shorter."""

    def __init__(self, process: Process, own: Sequence[Mapping[str, Json]]) -> None:
        self._process = process
        saved = [one for one in process.scenarios if isinstance(one, Mapping)]
        self._names = {str(one["name"]) for one in (*saved, *own)}
        self._bases = [(str(one["name"]), one) for one in resolved_scenarios(own, saved)]

    def suggestion(self, tried: Tried, name: str, covers: str) -> Suggestion:
        """Return a played case as a scenario of a name of its own."""
        whole = self.named(needed(tried))
        scenario: dict[str, Json] = {"name": self._name(name)}
        likeness = self._like(whole)
        scenario |= whole if likeness is None else {"like": likeness[0], **likeness[1]}
        self._bases.append((str(scenario["name"]), whole))
        scenario["expect"] = happened(self._process, tried)
        return Suggestion(covers, scenario)

    def _name(self, wanted: str) -> str:
        wanted = wanted[:NAME_CHARACTERS]
        name, number = wanted, 2
        while name in self._names:
            name, number = f"{wanted} ({number})", number + 1
        self._names.add(name)
        return name

    def named(self, case: Case) -> dict[str, Json]:
        """Return a case with its steps called as people call them."""
        return {word: self._steps(word, part) for word, part in case.items()}

    def _steps(self, word: str, part: Json) -> Json:
        if word not in ("answers", "services") or not isinstance(part, Mapping):
            return part
        return {self._label(key): _single(visits) for key, visits in part.items()}

    def _label(self, key: str) -> str:
        element = self._process.elements.get(key)
        if element is None:
            return key
        same = [each for each in self._process.elements.values() if each.label == element.label]
        return element.label if len(same) == 1 else key

    def _like(self, whole: Mapping[str, Json]) -> tuple[str, dict[str, Json]] | None:
        """Return the scenario that a case is most like, and what differs."""
        found: tuple[str, dict[str, Json]] | None = None
        least = len(str(whole))
        for name, base in self._bases:
            over = overlay(base, whole)
            if over is not None and len(str(over)) < least:
                found, least = (name, over), len(str(over))
        return found


def _single(visits: Json) -> Json:
    if isinstance(visits, Sequence) and not isinstance(visits, str) and len(visits) == 1:
        return visits[0]
    return visits


def overlay(base: Mapping[str, Json], whole: Mapping[str, Json]) -> dict[str, Json] | None:
    """Return what `like` the base must say to be the whole, or None where it would have to take something away."""
    found: dict[str, Json] = {}
    for word in ("at", "given", "start", "answers", "services", "messages", "clock", "business_key"):
        before, after = base.get(word), whole.get(word)
        if word in ("given", "answers", "services"):
            differs = _over(before or {}, after or {}, whole=is_ending if word == "services" else _never)
            if differs is None:
                return None
            if differs != {}:
                found[word] = differs
        elif before != after and (before or after):
            found[word] = after or ([] if isinstance(before, list | tuple) else "")
    return found


def _never(value: Json) -> bool:
    return False


def _over(before: Json, after: Json, *, whole: Callable[[Json], bool] = _never) -> Json:
    """Return what differs; an entry that is `whole` before or after is said as it is."""
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return after
    if any(name not in after for name in before):
        return None
    found: dict[str, Json] = {}
    for name, value in after.items():
        if name not in before:
            found[name] = value
        elif before[name] != value or type(before[name]) is not type(value):
            apart = whole(before[name]) or whole(value)
            differs = value if apart else _over(before[name], value)
            if differs is None:
                return None
            found[name] = differs
    return found


def needed(tried: Tried) -> dict[str, Json]:
    """Return a case without the answers that nobody was asked for."""
    found: dict[str, Json] = {}
    for word, part in tried.case.items():
        if word in ("answers", "services") and isinstance(part, Mapping):
            kept = {
                key: list(visits[: max(1, tried.trace.used.get(key, 0))])
                for key, visits in part.items()
                if key in tried.trace.entered and isinstance(visits, Sequence)
            }
            if kept:
                found[word] = kept
        elif part or word == "given":
            found[word] = part
    return found


def happened(process: Process, tried: Tried) -> dict[str, Json]:
    """Return what happened in a played case, as an expectation."""
    state = tried.played.state
    assert state is not None
    facts = Facts(process, state, tried.played)
    found: dict[str, Json] = {}
    if facts.ends and state.status != "active":
        found["end"] = process.elements[facts.ends[-1]].label
    if facts.path:
        found["path"] = list(facts.path)
    if state.status == "active" and not facts.incidents:
        found["waits_at"] = list(facts.waiting)
    if facts.incidents:
        found["incident"] = process.elements[next(iter(facts.incidents))].label
    if facts.reminded:
        found["reminded"] = [process.elements[key].label for key in sorted(facts.reminded)]
    if facts.escalated:
        found["escalated"] = {
            process.elements[key].label: to[0] if len(to) == 1 else list(to)
            for key, to in facts.escalated.items()
        }
    if facts.refusals:
        found["refused"] = [process.elements[key].label for key in facts.refusals]
    return found or {"path": []}


def first_tries(
    search: Search, missing: Sequence[Flow], own: Sequence[Mapping[str, Json]], most: int
) -> dict[str, Mapping[str, Json]]:
    """Return a ready scenario for each of the first branches that none takes."""
    search.cover(missing[: most * 2])
    shown = Shown(search.stage.model, own)
    found: dict[str, Mapping[str, Json]] = {}
    for flow in islice((flow for flow in missing if flow.id in search.reached), most):
        tried = search.reached[flow.id]
        if tried.played.state is not None:
            found[flow.id] = shown.suggestion(
                search.to_the_end(tried), branch_words(search.stage.model, flow), ""
            ).scenario
    return found
