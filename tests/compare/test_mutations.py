"""Every mutation of the examples that some input reveals is found, and its cause names what was changed."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

import pytest

from examples.load import examples, load
from flowmaster.tools import behaviour_play
from tests.acceptance.agent import Agent, played
from tests.compare.mutations import KINDS, PROCESSES, Mutation, drawn, example_of, of_kind
from tests.compare.unrevealed import UNREVEALED
from tests.house.tree import ROOT

SEED = 24
SAMPLE = 12

SECONDS = 120.0
"""How long one comparison may take here: what it finds may not hang on how busy the machine is."""

Verdict = Literal["refused", "found", "missed", "alike", "unrevealed", "another cause"]
"""`alike` is a row of a decision that, as is proved, changes no answer; `unrevealed` stands in a list, with the reason."""


class Judged(NamedTuple):
    """What came of a mutation, and what the comparison tells."""

    mutation: Mutation
    verdict: Verdict
    told: str

    @property
    def name(self) -> str:
        """Return what the mutation is called."""
        return f"{self.mutation.process} {self.mutation.kind} {self.mutation.key}"


async def judged(agent: Agent, mutation: Mutation) -> Judged:
    """Make a mutation the draft, or the next version of its decision, and compare it with what is published."""
    asked: dict[str, Any] = {"process": mutation.process, "what": "behaviour"}
    if mutation.decision:
        given = {"decision": mutation.decision, "valid_from": "2099-01-01", "tests": [], **mutation.content}
        made = await agent.answer("rule_save", given)
    else:
        made = await agent.answer("process_create", {"outline": mutation.outline})
    if made.refused:
        return Judged(mutation, "refused", made.text)
    if mutation.decision:
        version = json.loads(made.text)["version"]
        asked |= {"from": 1, "to": 1, "rules": {mutation.decision: {"from": 1, "to": version}}}
    answer = await agent.answer("process_compare", asked)
    assert not answer.refused, (mutation.key, answer.text)
    body = json.loads(answer.text)
    causes = [each["cause"] for each in body["behaviour"]["differences"]]
    if not causes:
        if behaviour_play.ALIKE in answer.text:
            return Judged(mutation, "alike", answer.text)
        models = await agent.ask("process_compare", **{**asked, "what": "structure", "rules": {}})
        is_same = models["same_behaviour"] and not mutation.decision
        judged = Judged(mutation, "unrevealed" if is_same else "missed", answer.text)
        return judged._replace(verdict="unrevealed") if judged.name in UNREVEALED else judged
    said = " ".join(json.dumps(cause, ensure_ascii=False) for cause in causes).replace("\\", "")
    named = not mutation.about or any(name in said for name in mutation.about)
    rule = {cause.get("decision", "") for cause in causes} == {mutation.decision}
    return Judged(mutation, "found" if named and rule else "another cause", said)


def all_judged(chosen: Iterable[Mutation], most: int, names: Iterable[str]) -> list[Judged]:
    """Load examples and judge mutations of them, until so many were accepted."""
    found: list[Judged] = []

    async def play(agent: Agent) -> None:
        for name in names:
            await load(lambda operation, given: agent.ask(operation, **given), ROOT / "examples" / name)
        for mutation in chosen:
            if sum(each.verdict != "refused" for each in found) < most:
                found.append(await judged(agent, mutation))

    played(play)
    return found


def test_a_drawn_sample_of_mutations_is_found_with_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behaviour_play, "SECONDS_MAX", SECONDS)
    found = all_judged(drawn(SEED), SAMPLE, examples())
    assert [each for each in found if each.verdict in ("missed", "another cause")] == []
    assert {each.name for each in found if each.verdict == "unrevealed"} <= set(UNREVEALED)
    assert sum(each.verdict == "found" for each in found) > SAMPLE - 5


@pytest.mark.soak
@pytest.mark.parametrize("process", PROCESSES)
def test_all_mutations_are_found_but_those_that_nothing_reveals(
    process: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(behaviour_play, "SECONDS_MAX", SECONDS)
    chosen = [each for kind in KINDS for each in of_kind(process, kind)]
    found = all_judged(chosen, len(chosen), [example_of(process)])
    counts = Counter((each.mutation.kind, each.verdict) for each in found)
    assert [each for each in found if each.verdict in ("missed", "another cause")] == [], counts
    unrevealed = {each.name for each in found if each.verdict == "unrevealed"}
    assert unrevealed == {name for name in UNREVEALED if name.startswith(f"{process} ")}
    assert sum(count for (_, verdict), count in counts.items() if verdict == "found") > len(chosen) // 2
