"""Cases for two versions at once: played on one, said in the ids of the other, and sought where conditions part."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from flowmaster.engine.compare.changes import Change
from flowmaster.engine.feel import syntax as s
from flowmaster.engine.model import Element, Process, UserTask
from flowmaster.engine.proof import schemas
from flowmaster.engine.proof.solving import Solver
from flowmaster.engine.values import Json
from flowmaster.tools.cases_origins import form_of
from flowmaster.tools.cases_search import Case, Search, case_with
from flowmaster.tools.cases_trace import Turn, node_of

TRIES: Final = 6
"""How many ways are tried to one place where two conditions part, from one case."""

TARGETS_MAX: Final = 60
"""How many cases are sought where conditions part."""

Goals = list[tuple[s.Node, bool]]


class Tongue(NamedTuple):
    """How a case of one version is said for the other: ids that change, and what steps need that only the other has."""

    source: Process
    target: Process
    ids: Mapping[str, str]
    plain: Case

    def said(self, case: Case) -> dict[str, Json]:
        """Return a case in the ids of the other version; what only this version asks is left out."""
        found = dict(case)
        for word in ("answers", "services"):
            part = case.get(word)
            steps = part if isinstance(part, Mapping) else {}
            told = {self._step(key): value for key, value in steps.items() if self._step(key)}
            more = self.plain.get(word)
            for key, value in (more if isinstance(more, Mapping) else {}).items():
                told.setdefault(key, value)
            if told or word in case:
                found[word] = told
        messages = case.get("messages")
        if isinstance(messages, Sequence) and not isinstance(messages, str):
            found["messages"] = [self._sent(message) for message in messages]
        return found

    def _step(self, key: str) -> str:
        """Return what a step is called there, empty if it is gone; what is no step is the type of a job."""
        return self.ids.get(key, "") if key in self.source.elements else key

    def _sent(self, message: Json) -> Json:
        """Return a message that comes after the same step."""
        if not isinstance(message, Mapping) or not isinstance(after := message.get("after"), str):
            return message
        meant = next((e.id for e in self.source.elements.values() if after in (e.id, e.label)), "")
        return {**message, "after": self.ids[meant]} if meant in self.ids else message


def tongue(source: Search, target: Search, ids: Mapping[str, str]) -> Tongue:
    """Return how cases of one version are said for another; steps that only that one has are answered plainly."""
    model, kept = target.stage.model, set(ids.values())
    more: dict[str, dict[str, Json]] = {"answers": {}, "services": {}}
    for key, element in model.elements.items():
        if key in kept or key == model.id:
            continue
        if isinstance(element.details, UserTask):
            more["answers"][key] = [schemas.example(form_of(model, key)) or {}]
        elif results := target.world.results(key):
            more["services"][key] = results
    return Tongue(source.stage.model, model, ids, {word: part for word, part in more.items() if part})


def parting_cases(
    search: Search, other: Process, ids: Mapping[str, str], changes: Sequence[Change]
) -> Iterator[Case]:
    """Give cases in which a condition of one version holds and that of the other does not, from cases that came there."""
    touched = {one.before for one in changes} | {one.element for one in changes}
    count = 0
    for tried in list(search.tried):
        for turn in tried.trace.turns:
            if turn.element.id not in touched or turn.element.id not in ids:
                continue
            for goals in _parting(turn, other.elements[ids[turn.element.id]], ids):
                for change in islice(Solver(turn.view).all_hold(goals), TRIES):
                    if change and count < TARGETS_MAX:
                        count += 1
                        yield case_with(tried.case, change)


def _parting(turn: Turn, other: Element, ids: Mapping[str, str]) -> Iterator[Goals]:
    """Give what must hold at a turn so that two versions of it go different ways."""
    conditions = [flow.condition for flow in other.outgoing if flow.condition is not None]
    nodes = [node for condition in conditions if (node := node_of(condition)) is not None]
    texts = {condition.text for condition in conditions}
    own = [flow.condition for flow in turn.element.outgoing if flow.condition is not None]
    for condition in own:
        if condition.text in texts or (node := node_of(condition)) is None:
            continue
        for theirs in nodes:
            yield [(node, True), (theirs, False)]
            yield [(node, False), (theirs, True)]
