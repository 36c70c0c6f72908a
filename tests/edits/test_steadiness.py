"""One edit changes a diagram in one place: what stood before, above or inside something still does."""

from collections import Counter
from random import Random

import pytest

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.layout import lay_out
from flowmaster.engine.bpmn.vocabulary import TASK_KINDS
from flowmaster.engine.edits.apply import apply_edits
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json
from tests.bpmn.measuring import faults
from tests.bpmn.varied import varied_model
from tests.edits.stability import Steadiness, steadiness

SEEDS = (3, 9, 16, 24, 31)
SEEDS_SOAKED = range(200)


def edited(seed: int) -> tuple[BpmnDocument, dict[str, BpmnDocument]]:
    """Return a laid out model, and what a renaming, an adding and a deleting make of it where they are allowed."""
    random = Random(seed)
    document = varied_model(seed, 6 + seed % 25)
    lay_out(document)
    tasks = [node.id for node in document.flow_nodes(document.processes[0]) if node.kind in TASK_KINDS]
    if not tasks:
        return document, {}
    one = random.choice(tasks)
    edits: dict[str, dict[str, Json]] = {
        "rename": {"rename": one, "to": "A quite different and longer name for it"},
        "add": {"add_after": one, "step": {"a step of its own": {"call": "a.b"}}},
        "delete": {"delete": one},
    }
    found: dict[str, BpmnDocument] = {}
    for name, edit in edits.items():
        try:
            found[name] = apply_edits(document.copy(), [edit], process="main").document
        except FlowMasterError as error:
            if not error.code.startswith("edit."):
                raise
    return document, found


def held(seed: int) -> tuple[dict[str, Steadiness], Counter[str]]:
    """Check what every edit must keep, and return how steady each was and how many faults it left."""
    document, results = edited(seed)
    measured = {name: steadiness(document, result) for name, result in results.items()}
    for name in measured.keys() & {"rename", "delete"}:
        assert measured[name] == Steadiness(kept=1, order=1, moved=0), (seed, name)
    if "add" in measured:
        assert measured["add"].order == 1, seed
        assert measured["add"].moved < 0.15, seed
    left = Counter({name: len(faults(result)) for name, result in results.items()})
    assert left["rename"] == 0, seed
    return measured, left


@pytest.mark.parametrize("seed", SEEDS)
def test_an_edit_keeps_the_order_and_the_places_of_all_other_steps(seed: int) -> None:
    _, left = held(seed)
    assert left.total() == 0


@pytest.mark.soak
def test_200_models_keep_their_order_and_hardly_a_line_is_wrong_after_an_edit() -> None:
    left = Counter[str]()
    for seed in SEEDS_SOAKED:
        left += held(seed)[1]
    assert left.total() <= 20
