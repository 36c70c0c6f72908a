"""Whatever two sides do to a random process: each change is in the merge or named in a conflict, and nothing is lost."""

from typing import Any, Final

import pytest
from hypothesis import assume, given, seed
from hypothesis import strategies as st

from flowmaster.engine.bpmn.document import BpmnDocument, parse_bpmn
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.bpmn.vocabulary import FLOW_NODE_KINDS
from flowmaster.engine.edits.diff import Snapshot
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.merging.conflict import EVERY, Side
from flowmaster.engine.merging.merging import Merge, merge
from flowmaster.engine.merging.words import Names, told
from tests.edits.batches import Numbers, batches
from tests.edits.test_random_batches import (
    OUTLINES,
    check_drawn,
    foreign,
    is_drawn,
    is_listed,
    many,
    noted,
    readable,
    tried,
)
from tests.merging.cases import says
from tests.outline.outlines import HEAD

EXAMPLES: Final = 15
EXAMPLES_SOAKED: Final = 2_000
CORPUS: Final = 8
CORPUS_SOAKED: Final = 400
BATCHES: Final = 3
SIDES: Final[tuple[Side, ...]] = ("base", "ours", "theirs")
ABSENT: Final = None


class Others(Numbers):
    """Gives new steps names that the other side does not give."""

    def new(self, word: str) -> str:
        """Return a name that was not given before."""
        return f"{super().new(word)} b"


@seed(20271)
@many(EXAMPLES)
@given(OUTLINES, st.data())
def test_random_merges_lose_nothing(steps: list[Any], data: st.DataObject) -> None:
    merge_outline(steps, data)


@pytest.mark.soak
@seed(20272)
@many(EXAMPLES_SOAKED)
@given(OUTLINES, st.data())
def test_two_thousand_random_merges_lose_nothing(steps: list[Any], data: st.DataObject) -> None:
    merge_outline(steps, data)


@pytest.mark.shared
@seed(20273)
@many(CORPUS)
@given(st.data())
def test_random_merges_of_models_of_other_tools_lose_nothing(data: st.DataObject) -> None:
    merge_foreign(data)


@pytest.mark.soak
@pytest.mark.shared
@seed(20274)
@many(CORPUS_SOAKED)
@given(st.data())
def test_four_hundred_random_merges_of_models_of_other_tools(data: st.DataObject) -> None:
    merge_foreign(data)


def merge_outline(steps: list[Any], data: st.DataObject) -> None:
    """Edit the process of an outline on two sides at random, and merge them."""
    base = noted({**HEAD, "steps": steps})
    assume(base is not None)
    assert base is not None
    merge_at_random(base, data)


def merge_foreign(data: st.DataObject) -> None:
    """Edit a model of the corpus on two sides at random, and merge them."""
    base = readable(data.draw(st.sampled_from(foreign())))
    assume(base is not None)
    assert base is not None
    assume(len(base.processes) == 1 and list(base.processes[0].descendants(*FLOW_NODE_KINDS)))
    merge_at_random(base, data)


def merge_at_random(base: BpmnDocument, data: st.DataObject) -> None:
    """Edit both sides, merge them, and check what comes of it."""
    ours = side(base, data, Numbers())
    theirs = side(base, data, data.draw(st.sampled_from((Numbers(), Others()))))
    found = merge(base, ours, theirs, {})
    check_readable(found.document)
    check_nothing_lost(base, ours, theirs, found)
    check_symmetric(base, ours, theirs, found)
    check_one_sided(base, ours, theirs)
    check_resolved(base, ours, theirs, found)
    if is_drawn(base) and is_drawn(ours) and is_drawn(theirs):
        check_drawn(found.document)
    if is_listed(base) and is_listed(ours) and is_listed(theirs):
        assert is_listed(found.document)


def side(base: BpmnDocument, data: st.DataObject, numbers: Numbers) -> BpmnDocument:
    """Return a document that some batches of edits were made on."""
    document = base
    for _ in range(data.draw(st.integers(1, BATCHES))):
        result, _ = tried(document, data.draw(batches(document, numbers)))
        document = document if result is None else result.document
    return document


def check_readable(document: BpmnDocument) -> None:
    """The file can be read again, and each process in it."""
    read_processes(parse_bpmn(document.to_xml()), RUNNABLE)


def check_nothing_lost(base: BpmnDocument, ours: BpmnDocument, theirs: BpmnDocument, found: Merge) -> None:
    """What either side changed is in the merge, or it is named."""
    named = names(found)
    was, result = says(base), says(found.document)
    mine, other = says(ours), says(theirs)
    for one in (mine, other):
        for key in {*was, *one}:
            if key[1] in named or f"{key[0]}:{key[1]}" in named:
                continue
            for word in {*was.get(key, {}), *one.get(key, {})}:
                before, now = value(was, key, word), value(one, key, word)
                wanted = found.renamed.get(now, now) if isinstance(now, str) and one is other else now
                assert now == before or value(result, key, word) == wanted, (key, word)


def value(found: Snapshot, key: tuple[str, str], word: str) -> Any:
    """Return what something says; an empty word says nothing."""
    return found.get(key, {}).get(word) or ABSENT


def names(found: Merge) -> set[str]:
    """Return all that a merge names."""
    named = {*found.renamed, *found.renamed.values(), *found.kept, *found.dropped}
    for conflict in found.conflicts:
        words = told(conflict, found.states, Names("ours", "theirs"))
        assert words.text
        assert words.ours
        assert words.theirs
        named |= {conflict.key, conflict.element, *conflict.used_by}
    return named


def check_symmetric(base: BpmnDocument, ours: BpmnDocument, theirs: BpmnDocument, found: Merge) -> None:
    """The other way round the same conflicts come, and without any the same process."""
    other = merge(base, theirs, ours, {})
    assert {one.key for one in other.conflicts} == {one.key for one in found.conflicts}
    assert set(other.kept) == set(found.kept)
    assert set(other.renamed) == set(found.renamed)
    if not found.conflicts and not found.renamed:
        assert says(other.document) == says(found.document)


def check_one_sided(base: BpmnDocument, ours: BpmnDocument, theirs: BpmnDocument) -> None:
    """A side that is as it was gives the other one, and two alike give what they are."""
    untouched = merge(base, ours, base, {})
    assert (untouched.conflicts, untouched.document.to_xml()) == ((), ours.to_xml())
    taken = merge(base, base, theirs, {})
    assert taken.conflicts == ()
    assert says(taken.document) == says(theirs)
    assert flows(taken.document) == flows(theirs)
    alike = merge(base, ours, ours, {})
    assert (alike.conflicts, alike.document.to_xml()) == ((), ours.to_xml())


def flows(document: BpmnDocument) -> dict[str, list[str]]:
    """Return the ways out of each step in their order."""
    found: dict[str, list[str]] = {}
    for flow in document.root.descendants("sequenceFlow"):
        found.setdefault(flow.get("sourceRef"), []).append(flow.id)
    return found


def check_resolved(base: BpmnDocument, ours: BpmnDocument, theirs: BpmnDocument, found: Merge) -> None:
    """Every conflict can be resolved, all at once or by name, and what comes of it can be read."""
    for one in SIDES:
        every = merge(base, ours, theirs, {EVERY: one})
        assert every.conflicts == ()
        check_readable(every.document)
        check_ends(every.document)
        by_name: dict[str, Side] = {}
        left = found
        while left.conflicts:
            by_name |= {conflict.key: one for conflict in left.conflicts}
            left = merge(base, ours, theirs, by_name)
        assert left.document.to_xml() == every.document.to_xml()


def check_ends(document: BpmnDocument) -> None:
    """Every flow leads from something to something, and every event on a border has its host."""
    for flow in document.root.descendants("sequenceFlow"):
        assert isinstance(document.source(flow), Element)
        assert isinstance(document.target(flow), Element)
    for event in document.root.descendants("boundaryEvent"):
        assert document.find(event.get("attachedToRef")) is not None
