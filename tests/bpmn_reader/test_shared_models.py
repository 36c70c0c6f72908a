"""Every model of the conformance suite and of the corpus is read: accepted or refused, never a fault of ours."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from flowmaster.engine.bpmn.checks import check_process
from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.problem import Problem
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.errors import FlowMasterError
from tests.shared_material import shared

pytestmark = pytest.mark.shared

_AT_RUN_TIME = {"call-unknown-process.bpmn", "decision-unknown.bpmn"}
"""Models that may also end as an incident; they are refused where the caller looks the names up."""


def refusal(path: Path) -> str:
    """Return what refuses a model: the error of reading or the errors found, as text; empty if accepted."""
    try:
        reads = read_processes(parse_bpmn(path.read_bytes()), RUNNABLE)
    except FlowMasterError as error:
        return json.dumps(error.body())
    found: list[Problem] = [problem for read in reads for problem in check_process(read)]
    return json.dumps([problem.body() for problem in found if problem.severity == "error"]) if found else ""


def models(folder: str) -> list[Path]:
    """Return the BPMN files below a folder of the shared material."""
    return sorted(shared(folder).rglob("*.bpmn"))


def test_every_model_of_the_suite_is_accepted_or_meant_to_be_refused() -> None:
    refused = [path for path in models("suite/scenarios") if '"error"' in refusal(path)]
    allowed = {path.name for path in models("suite/scenarios/negative")} | {
        "feel-deep-nesting.bpmn",
        "errors.Token_CompletionQuantity_Zero.bpmn",
        "errors.Token_StartQuantity_Zero.bpmn",
    }
    assert [path.name for path in refused if path.name not in allowed] == []


def test_every_negative_model_is_refused_and_the_element_named() -> None:
    for scenario in sorted(shared("suite/scenarios/negative").glob("*.json")):
        told = json.loads(scenario.read_text(encoding="utf-8"))
        file = told["files"][0]
        if file in _AT_RUN_TIME:
            continue
        said = refusal(scenario.parent / file)
        wanted = told["expect"]["refused"]["element"]
        names = wanted if isinstance(wanted, list) else [wanted]
        assert said, file
        assert wanted is None or any(re.search(rf"\b{name}\b", said) for name in names), (file, said)


def test_every_model_of_the_corpus_is_read_or_refused_with_a_reason() -> None:
    told = Counter(bool(refusal(path)) for path in models("corpus"))
    assert told.total() > 150
    unreadable = []
    for path in models("corpus"):
        try:
            read_processes(parse_bpmn(path.read_bytes()), RUNNABLE)
        except FlowMasterError as error:
            unreadable.append((path.name, error.code))
    assert {code for _, code in unreadable} == {
        "bpmn.encoding_wrong",
        "bpmn.process_missing",
        "bpmn.root_wrong",
    }, unreadable


def test_no_element_of_the_suite_runs_that_the_engine_cannot_run() -> None:
    for path in models("suite/scenarios"):
        try:
            reads = read_processes(parse_bpmn(path.read_bytes()), RUNNABLE)
        except FlowMasterError:
            continue
        for read in reads:
            for element in read.process.elements.values():
                if element.family not in RUNNABLE:
                    assert element.unsupported, (path.name, element.id)
