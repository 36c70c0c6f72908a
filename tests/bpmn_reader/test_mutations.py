"""Models that were damaged at random are read, checked and started without a fault of ours."""

import random
from pathlib import Path

import pytest
from lxml import etree

from flowmaster.engine.bpmn.checks import check_process
from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.commands import StartInstance
from flowmaster.engine.decide import decide
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.library import LinkedDecision
from flowmaster.engine.model import Executable
from tests.shared_material import shared

MUTANTS = 100
TEXTS = ["=1", "", "x y", "=(", "PT1H", "${a}", "é", "ghost", "true", "-3", "99999999999999999999"]


class NoDecisions:
    """A library without decisions."""

    def decision(self, decision: str, version: str) -> LinkedDecision | None:
        """Know none."""
        return None


def damaged(path: Path, chance: random.Random) -> bytes:
    """Return a model with one to four elements or attributes taken away, changed or moved."""
    root = etree.parse(path).getroot()
    elements = list(root.iter(etree.Element))
    ids = [element.get("id") for element in elements if element.get("id")]
    for _ in range(chance.randint(1, 4)):
        element, other = chance.choice(elements), chance.choice(elements)
        names = [name for name in element.attrib if name != "id"]
        parent = element.getparent()
        match chance.choice(["forget", "change", "remove", "move", "write"]):
            case "forget" if element.attrib:
                del element.attrib[chance.choice(list(element.attrib))]
            case "change" if names:
                element.set(chance.choice(names), chance.choice([*TEXTS, *map(str, ids)]))
            case "remove" if parent is not None:
                parent.remove(element)
            case "move" if (
                element is not root and other is not element and element not in other.iterancestors()
            ):
                other.append(element)
            case _:
                element.text = chance.choice(TEXTS)
    return etree.tostring(root)


@pytest.mark.shared
@pytest.mark.parametrize("seed", range(4))
def test_damaged_models_are_refused_or_run(seed: int) -> None:
    chance = random.Random(seed)
    paths = [
        path for path in sorted(shared("suite/scenarios").rglob("*.bpmn")) if path.stat().st_size < 50_000
    ]
    paths = [path for path in paths if b"<!DOCTYPE" not in path.read_bytes()]
    ran = 0
    for _ in range(MUTANTS):
        try:
            reads = read_processes(parse_bpmn(damaged(chance.choice(paths), chance)), RUNNABLE)
        except FlowMasterError:
            continue
        for read in reads:
            if not any(problem.severity == "error" for problem in check_process(read)):
                decide(Executable(read.process, 1, NoDecisions()), None, StartInstance(0, "ann", "i"))
                ran += 1
    assert ran > MUTANTS // 10
