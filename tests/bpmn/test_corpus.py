"""The whole corpus of foreign models goes through without loss, and is laid out and drawn anew."""

import re
from collections import Counter
from pathlib import Path

import pytest
from lxml import etree

from benchmarks.corpus import PAGE, page, survey
from flowmaster.engine.bpmn.document import BpmnDocument, parse_bpmn
from flowmaster.engine.bpmn.layout import lay_out
from flowmaster.engine.bpmn.svg import draw_svg
from flowmaster.engine.errors import FlowMasterError
from tests.bpmn.labels import label_faults
from tests.bpmn.measuring import bends, crossings, faults
from tests.shared_material import shared

pytestmark = pytest.mark.shared

MALFORMED = {
    "f1d8fa94_C.1.0-roundtrip.bpmn": "bpmn.encoding_wrong",
    "36389cc5_C.1.0-export.bpmn": "bpmn.encoding_wrong",
    "56289902_service-task-operation.bpmn": "bpmn.root_wrong",
}


def models() -> list[Path]:
    files = sorted(path for path in shared("corpus").rglob("*") if path.suffix in (".bpmn", ".xml"))
    assert len(files) > 300
    return files


def readable() -> list[tuple[Path, BpmnDocument]]:
    return [(path, parse_bpmn(path.read_bytes())) for path in models() if path.name not in MALFORMED]


def test_every_file_comes_through_without_loss_or_is_refused_and_the_page_tells_so() -> None:
    reports = survey(shared("corpus"))
    assert {report.file: report.lost for report in reports if report.lost} == {}
    refused = {report.file.partition("/")[2]: report.refused for report in reports if report.refused}
    assert refused.keys() == MALFORMED.keys()
    told = re.compile(r"Line \d+: .*(<bpmn2:userTask id=|element is 'definitions')", re.DOTALL)
    assert all(told.match(reason) for reason in refused.values()), refused
    assert PAGE.read_text(encoding="utf-8") == page(shared("corpus"), reports), "run `make docs`"


def test_every_malformed_file_is_refused_with_its_line() -> None:
    files = {path.name: path for path in models()}
    for name, code in MALFORMED.items():
        with pytest.raises(FlowMasterError) as caught:
            parse_bpmn(files[name].read_bytes())
        assert caught.value.code == code
        assert caught.value.path.startswith("bpmn:line ")


def laid_out_well(files: list[tuple[Path, BpmnDocument]]) -> Counter[str]:
    """Lay out documents, draw them, and count crossings and covered names."""
    counted = Counter[str]()
    for path, document in files:
        lay_out(document)
        assert faults(document) == [], path.name
        counted["crossings"] += crossings(document)
        counted.update(fault.partition(":")[0] for fault in label_faults(document))
        etree.fromstring(draw_svg(document))
    return counted


def test_a_fifth_of_the_files_is_laid_out_anew_without_a_fault_and_drawn() -> None:
    counted = laid_out_well(readable()[2::5])
    assert counted["crossings"] <= 8
    assert counted["shape"] + counted["label"] == 0


@pytest.mark.soak
def test_every_file_is_laid_out_anew_without_a_fault_and_drawn() -> None:
    counted = laid_out_well(readable())
    assert counted["crossings"] <= 28
    assert counted["shape"] + counted["label"] == 0
    assert counted["border"] + counted["wire"] <= 25


def test_the_reference_models_are_no_harder_to_follow_than_their_originals() -> None:
    before, after = Counter[str](), Counter[str]()
    rows = shared("corpus/manifest.csv").read_text(encoding="utf-8").splitlines()
    names = [row.split(",")[0] for row in rows if ",Reference/" in row]
    assert names
    for name in names:
        document = parse_bpmn((shared("corpus") / name).read_bytes())
        before.update(crossings=crossings(document), bends=bends(document))
        lay_out(document)
        after.update(crossings=crossings(document), bends=bends(document))
    assert after["crossings"] <= before["crossings"]
    assert after["bends"] <= before["bends"]


def test_every_original_diagram_is_drawn() -> None:
    for path, document in readable():
        drawn = etree.fromstring(draw_svg(document))
        assert drawn.get("viewBox"), path.name
