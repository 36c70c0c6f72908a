"""Cases for two versions at once: said in the ids of the other, and aimed at what has changed.

What has changed of an element shows only in some cases: where one version of a condition holds and the other does not,
where work fails so that it is tried again, where somebody answers late. Each aim plays on the version that it is given.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from flowmaster.engine import events as ev
from flowmaster.engine.compare.changes import Change
from flowmaster.engine.feel import syntax as s
from flowmaster.engine.model import InputCheck, Process, UserTask
from flowmaster.engine.outline.scenarios import NEXT
from flowmaster.engine.proof import schemas
from flowmaster.engine.proof.changes import found_at
from flowmaster.engine.proof.solving import Solver
from flowmaster.engine.state import TimerWait
from flowmaster.engine.values import Json
from flowmaster.tools.cases_limits import limits_of
from flowmaster.tools.cases_origins import form_of
from flowmaster.tools.cases_search import MINUTE, Case, Search, Tried, case_with, lasting
from flowmaster.tools.cases_trace import Turn, node_of

TRIES: Final = 6
"""How many ways are tried to one place where two conditions part, from one case."""

BASES_MAX: Final = 12
"""From how many cases one change is aimed at."""

PROVOKED: Final[tuple[Mapping[str, Json], ...]] = ({"fail": "away"}, {"after": "P1D"}, {"after": "P30D"})
"""What else work may come to where it goes smoothly."""

SOMEBODY_ELSE: Final = "somebody else"
"""Who does a step in place of whoever did it."""

Goals = list[tuple[s.Node, bool]]


class Tongue(NamedTuple):
    """How a case of one version is said for the other: ids that change, and what steps need that only the other has."""

    source: Process
    ids: Mapping[str, str]
    plain: Mapping[str, Mapping[str, Json]]

    def said(self, case: Case) -> dict[str, Json]:
        """Return a case in the ids of the other version; what only this version asks is left out."""
        found = dict(case)
        for word in ("answers", "services"):
            part = case.get(word)
            steps = part if isinstance(part, Mapping) else {}
            told = {name: value for key, value in steps.items() if (name := self._step(key))}
            told = {**self.plain.get(word, {}), **told}
            if told or word in case:
                found[word] = told
        expected = case.get("expect")
        rest = expected.get("waits_at") if isinstance(expected, Mapping) else None
        if isinstance(rest, list):
            found["expect"] = {"waits_at": [self._step(str(name)) or name for name in rest]}
        messages = case.get("messages")
        if isinstance(messages, Sequence) and not isinstance(messages, str):
            found["messages"] = [self._sent(message) for message in messages]
        return found

    def _step(self, key: str) -> str:
        """Return what a step is called there, empty if it is gone; what is no step is the type of a job."""
        return self.ids.get(key, "") if key in self.source.elements else key

    def _sent(self, message: Json) -> Json:
        """Return a message that comes after the same step; after one that is gone it comes as soon as it is waited for."""
        if not isinstance(message, Mapping) or not isinstance(after := message.get("after"), str):
            return message
        meant = next((e.id for e in self.source.elements.values() if after in (e.id, e.label)), None)
        if meant is None:
            return message
        if meant in self.ids:
            return {**message, "after": self.ids[meant]}
        return {word: part for word, part in message.items() if word != "after"}


def tongue(source: Search, target: Search, ids: Mapping[str, str]) -> Tongue:
    """Return how cases of one version are said for another; steps that only that one has are answered plainly."""
    model, kept = target.stage.model, set(ids.values())
    plain: dict[str, dict[str, Json]] = {"answers": {}, "services": {}}
    for key, element in model.elements.items():
        if key in kept or key == model.id:
            continue
        if isinstance(element.details, UserTask):
            plain["answers"][key] = [schemas.example(form_of(model, key)) or {}]
        elif results := target.world.results(key):
            plain["services"][key] = list(results)
    return Tongue(source.stage.model, ids, plain)


class Aim:
    """Plays cases on one version that may show a change of it; after each play it is asked whether to go on."""

    def __init__(self, search: Search, other: Process, ids: Mapping[str, str]) -> None:
        self._search = search
        self._other = other
        self._ids = ids

    def at(self, change: Change, *, now: bool) -> Iterator[None]:
        """Play cases that may show a change, and stop after each; `now` tells that this is the newer version."""
        own = change.element if now else change.before
        if change.what.startswith(("condition", "default")) or change.what == "way":
            yield from self._at_turns(own)
        elif change.what == "checks" and own:
            yield from self._at_checks_of(own)
        elif change.what == "checks of the start":
            yield from self._at_start()
        elif change.what == "exclusions":
            yield from self._by_others(own, [*_steps_named(change.was), *_steps_named(change.now)])
        if own:
            yield from self._provoked(own)

    def _at_turns(self, element: str) -> Iterator[None]:
        """Play cases in which a condition of one version holds and that of the other does not."""
        bases = [
            (tried, turn)
            for tried in self._search.tried
            for turn in tried.trace.turns
            if turn.element.id == element and element in self._ids
        ]
        for tried, turn in bases[:BASES_MAX]:
            for goals in self._parting(turn):
                for change in islice(Solver(turn.view).all_hold(goals), TRIES):
                    if change:
                        self._search.pursue(tried, turn.number, change)
                        yield

    def _parting(self, turn: Turn) -> Iterator[Goals]:
        """Give what must hold at a turn so that two versions of it go different ways."""
        other = self._other.elements[self._ids[turn.element.id]]
        theirs = [flow.condition for flow in other.outgoing if flow.condition is not None]
        ours = [flow.condition for flow in turn.element.outgoing if flow.condition is not None]
        known = {condition.text for condition in theirs}
        nodes = [node for condition in theirs if (node := node_of(condition)) is not None]
        for condition in ours:
            if condition.text not in known and (node := node_of(condition)) is not None:
                for their in nodes:
                    yield [(node, True), (their, False)]
                    yield [(node, False), (their, True)]

    def _at_start(self) -> Iterator[None]:
        """Play cases in which one version refuses the start and the other does not."""
        process = self._search.stage.model
        for tried in list(self._search.tried)[:BASES_MAX]:
            for goals in _checked(process.checks, self._other.checks):
                solver = Solver(self._search.given(tried.case))
                for change in islice(solver.all_hold(goals), TRIES):
                    self._search.play(case_with(tried.case, change))
                    yield

    def _at_checks_of(self, element: str) -> Iterator[None]:
        """Play cases in which one version refuses an answer and the other does not."""
        if element not in self._ids:
            return
        ours = getattr(self._search.stage.model.elements[element].details, "checks", ())
        theirs = getattr(self._other.elements[self._ids[element]].details, "checks", ())
        for tried in self._bases(element):
            view = self._search.entered(tried.case, element)
            for goals in _checked(ours, theirs):
                for change in islice(Solver(view).all_hold(goals), TRIES):
                    self._search.play(case_with(tried.case, change))
                    yield

    def _by_others(self, element: str, steps: Sequence[str]) -> Iterator[None]:
        """Play cases in which others than usual did the steps whose performers a task excludes: at once, or once escalated."""
        for tried in self._bases(element):
            for step in dict.fromkeys(steps):
                known = found_at(tried.case, ("answers", step, 0))
                if not isinstance(known, Mapping):
                    continue
                for after in ("", *_times_of(tried, step)):
                    late: dict[str, Json] = {"after": after} if after else {}
                    answer: dict[str, Json] = {**known, "by": SOMEBODY_ELSE, **late}
                    self._search.play(case_with(tried.case, {("answers", step): [answer]}))
                    yield

    def _provoked(self, element: str) -> Iterator[None]:
        """Play cases in which a step fails, lasts, is answered late or not at all, and those at the limits of its times."""
        details = self._search.stage.model.elements[element].details
        word = "answers" if isinstance(details, UserTask) else "services"
        for tried in self._bases(element):
            known = found_at(tried.case, (word, element, 0))
            answer = known if isinstance(known, Mapping) else {}
            for more in PROVOKED:
                if word == "services" or "after" in more:
                    again: list[Json] = [{**more}, answer] if "fail" in more else [{**answer, **more}]
                    self._search.play(case_with(tried.case, {(word, element): again}))
                    yield
            silent: Case = {
                word: {**_steps(tried.case, word), element: None},
                "clock": [NEXT, NEXT, NEXT, NEXT],
            }
            self._search.play({**tried.case, **silent})
            yield
            for limit in limits_of(self._search, tried):
                if limit.element == element:
                    for case in limit.cases:
                        self._search.play(case)
                        yield

    def _bases(self, element: str) -> list[Tried]:
        return [tried for tried in self._search.tried if element in tried.trace.entered][:BASES_MAX]


def _steps_named(exclusions: Json) -> Iterator[str]:
    """Give the steps that exclusions name."""
    for each in exclusions if isinstance(exclusions, list) else ():
        if isinstance(each, Mapping) and isinstance(step := each.get("step"), str) and step:
            yield step


def _times_of(tried: Tried, step: str) -> Iterator[str]:
    """Give times just after the reminders and deadlines of a step."""
    for entry in tried.played.history:
        match entry.event:
            case ev.WaitOpened(wait=TimerWait(element=element, due=due, since=since)) if element == step:
                yield lasting(due - since + MINUTE)
            case _:
                continue


def _steps(case: Case, word: str) -> Mapping[str, Json]:
    part = case.get(word)
    return part if isinstance(part, Mapping) else {}


def _checked(ours: Sequence[InputCheck], theirs: Sequence[InputCheck]) -> Iterator[Goals]:
    """Give what must hold so that one list of checks refuses and the other does not: first with all that both ask."""
    known = {check.condition.text for check in ours} & {check.condition.text for check in theirs}
    shared: Goals = [
        (node, True)
        for check in ours
        if check.condition.text in known and (node := node_of(check.condition)) is not None
    ]
    one, two = (
        [
            node
            for check in side
            if (node := node_of(check.condition)) is not None and check.condition.text not in known
        ]
        for side in (ours, theirs)
    )
    for more in (shared, []) if shared else ([],):
        for mine, other in ((one, two), (two, one)):
            for node in mine:
                yield [(node, False), *((each, True) for each in other), *more]
