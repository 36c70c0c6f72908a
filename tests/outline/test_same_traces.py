"""A process that was shown as an outline and built from it again does what it did before, whatever happens to it."""

from pathlib import Path
from random import Random

import pytest

from flowmaster.engine.bpmn.checks import check_process
from flowmaster.engine.bpmn.document import BpmnDocument, parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.bpmn.vocabulary import FLOW_NODE_KINDS
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.outline.decompile import decompile
from flowmaster.engine.outline.problems import OutlineRefused
from tests.engine.random_models import draw
from tests.outline.traces import can_start, difference, executable
from tests.shared_material import ROOT, shared

SAMPLE = 8
SOAKED = 600
SEEDS = range(4)


def rewritten(document: BpmnDocument, process: str) -> BpmnDocument:
    """Return the document of the outline of a process, whose own outline is the same."""
    shown = decompile(document, process)
    again = compile_outline(shown, picture=False).document
    assert decompile(again, process) == shown
    return again


def check_same(document: BpmnDocument, process: str) -> None:
    """Play a process before and after."""
    after = rewritten(document, process)
    assert difference(executable(document, process), executable(after, process), SEEDS) == ""


def check_drawn(number: int) -> None:
    """Rewrite a random process, unless two races wait for the same event, which an outline cannot say."""
    _, text = draw(Random(number))
    told = ""
    try:
        check_same(parse_bpmn(text), "p")
    except OutlineRefused as refused:
        told = refused.message
    except AssertionError as broken:
        raise AssertionError(f"random process {number}: {broken}") from broken
    assert not told or "Each branch of `first`" in told, (number, told)


@pytest.mark.parametrize("first", range(0, SAMPLE, SAMPLE // 2))
def test_random_processes_do_the_same_after_a_rewrite(first: int) -> None:
    for number in range(first, first + SAMPLE // 2):
        check_drawn(number)


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(12, id="a flow in XML leads to the last end"),
        pytest.param(18, id="a start waits for time to pass"),
        pytest.param(40, id="a start leads to an end at once"),
        pytest.param(208, id="a start leads to a decision by its id"),
        pytest.param(314, id="a start leads nowhere"),
    ],
)
def test_what_once_changed_stays_as_it_is(number: int) -> None:
    check_drawn(number)


@pytest.mark.soak
@pytest.mark.parametrize("first", range(0, SOAKED, 48))
def test_many_random_processes_do_the_same_after_a_rewrite(first: int) -> None:
    for number in range(first, first + 48):
        check_drawn(number)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "examples").glob("*/process.bpmn")), ids=lambda path: path.parent.name
)
def test_the_examples_do_the_same_after_a_rewrite(path: Path) -> None:
    document = parse_bpmn(path.read_bytes())
    check_same(document, document.processes[0].id)


def startable(path: Path) -> list[tuple[BpmnDocument, str]]:
    """Return the processes of a file without errors that begin, and whose elements all have ids to know them by."""
    try:
        document = parse_bpmn(path.read_bytes())
        reads = read_processes(document, RUNNABLE)
    except FlowMasterError:
        return []
    found = []
    for read in reads:
        errors = [one for one in check_process(read) if one.severity == "error"]
        nodes = document.element(read.process.id).descendants(*FLOW_NODE_KINDS)
        named = all(node.id for node in nodes)
        if not errors and named and can_start(executable(document, read.process.id)):
            found.append((document, read.process.id))
    return found


def corpus(part: int, parts: int) -> list[Path]:
    """Return every so many files of the corpus."""
    files = sorted(one for one in shared("corpus").rglob("*") if one.suffix in (".bpmn", ".xml"))
    return files[part::parts]


def rewrite_all(paths: list[Path]) -> tuple[int, list[str]]:
    """Rewrite all processes of files; return how many were, and what was refused: foreign expressions and ids."""
    done, refused = 0, []
    for path in paths:
        for document, process in startable(path):
            try:
                check_same(document, process)
                done += 1
            except OutlineRefused as told:
                refused.append(f"{path.name}: {told.message}")
            except AssertionError as broken:
                raise AssertionError(f"{path.name}, {process}: {broken}") from broken
    return done, refused


@pytest.mark.shared
def test_models_of_other_tools_do_the_same_after_a_rewrite() -> None:
    done, refused = rewrite_all(corpus(3, 48))
    assert done > 3
    assert all("is no valid FEEL" in one or "cannot be an id" in one for one in refused), refused


@pytest.mark.soak
@pytest.mark.shared
def test_all_models_of_other_tools_do_the_same_after_a_rewrite() -> None:
    done, refused = rewrite_all(corpus(0, 1))
    assert done > 290
    assert len(refused) < 30
    assert all("is no valid FEEL" in one or "cannot be an id" in one for one in refused), refused
