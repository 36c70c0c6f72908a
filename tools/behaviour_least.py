"""The smallest way to say a case: only what differs from a scenario, or what is left when nothing more can be taken away."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, Generic, TypeVar

from flowmaster.engine.model import Process
from flowmaster.engine.outline import scenarios as written
from flowmaster.engine.values import Json
from flowmaster.tools.behaviour_view import CASE_BYTES
from flowmaster.tools.cases_search import Case
from flowmaster.tools.cases_shown import overlay
from flowmaster.tools.json_text import write_json
from flowmaster.tools.scenarios import case_of

TRIES_MAX: Final = 16
"""How many parts of one case are tried to be left out."""

SHORT_BYTES: Final = 80
"""How long a case may be without being made shorter."""

LIKE_BYTES: Final = 20
"""How much shorter it must be to say it by what differs from a scenario."""


Whole = dict[str, Json]


T = TypeVar("T")


class Least(Generic[T]):
    """Makes one case shorter, as long as it still `shows` what it is an example of."""

    def __init__(self, process: Process, shows: Callable[[Case], T | None], case: Case, proof: T) -> None:
        self._process = process
        self._shows = shows
        self._whole = {word: part for word, part in case.items() if part or word == "given"}
        self.said = self._bounded(self._like(self._whole))
        """The shortest way to say it so far; one that is too long says so instead."""
        self.proof = proof
        """What playing it has shown."""

    def shorten(self, came: set[str]) -> None:
        """Take away what can be taken away; `came` are the elements that the case comes to."""
        whole, tries = self._whole, TRIES_MAX
        for less in self._parts(whole, came):
            if len(write_json(self.said)) <= SHORT_BYTES or tries <= 0:
                return
            left = less(whole)
            proof = None if left == whole else self._shows(left)
            tries -= left != whole
            if proof is not None:
                whole, short = left, self._like(left)
                if len(write_json(short)) < len(write_json(self.said)) or "too_long" in self.said:
                    self.said, self.proof = self._bounded(short), proof

    def _like(self, whole: dict[str, Json]) -> dict[str, Json]:
        """Return what a case says differently than the scenario that is most like it, if that is shorter."""
        best = whole
        carried = [one for one in self._process.scenarios if isinstance(one, Mapping)]
        for raw in written.resolved_scenarios(carried, carried):
            over = overlay(case_of(self._process, raw), whole)
            if over is not None and len(write_json(over)) + LIKE_BYTES < len(write_json(best)):
                best = {"like": raw["name"], **over}
        return best

    @staticmethod
    def _bounded(case: dict[str, Json]) -> dict[str, Json]:
        return case if len(write_json(case)) <= CASE_BYTES else {"given": {}, "too_long": True}

    def _parts(self, whole: Case, came: set[str]) -> Iterator[Callable[[Whole], Whole]]:
        """Give ways to say less: without what nobody was asked for, then without single steps, messages, and inputs."""
        asked = {
            (word, key)
            for word in ("answers", "services")
            for key in _inner(whole, word)
            if key in came or key not in self._process.elements
        }
        yield partial(_asked_only, asked)
        yield from (partial(_without, word, key) for word, key in sorted(asked))
        yield from (partial(_bare, word) for word in ("clock", "messages", "business_key", "at"))
        yield from (partial(_once, word, key) for word, key in sorted(asked))
        yield from (partial(_without, "given", name) for name in _inner(whole, "given"))


def _asked_only(asked: set[tuple[str, str]], case: Whole) -> Whole:
    """Return a case without the answers that nobody was asked for."""
    found = dict(case)
    for word in ("answers", "services"):
        if kept := {key: each for key, each in _inner(case, word).items() if (word, key) in asked}:
            found[word] = kept
        else:
            found.pop(word, None)
    return found


def _bare(word: str, case: Whole) -> Whole:
    return {each: part for each, part in case.items() if each != word}


def _inner(case: Case, word: str) -> Mapping[str, Json]:
    part = case.get(word)
    return part if isinstance(part, Mapping) else {}


def _without(word: str, key: str, case: Whole) -> Whole:
    left = {name: each for name, each in _inner(case, word).items() if name != key}
    return {**case, word: left} if left or word == "given" else _bare(word, case)


def _once(word: str, key: str, case: Whole) -> Whole:
    """Return a case in which the first answer of a step is the only one."""
    visits = _inner(case, word).get(key)
    if not isinstance(visits, Sequence) or isinstance(visits, str) or len(visits) < 2:
        return case
    return {**case, word: {**_inner(case, word), key: [visits[0]]}}
