"""An outline costs a model at most a sixth of the tokens of the same process as BPMN with its diagram."""

from pathlib import Path

import pytest

from flowmaster.engine.edits.apply import apply_edits
from flowmaster.engine.edits.head import scenarios
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.outline.decompile import decompile
from flowmaster.engine.outline.text import outline_text
from flowmaster.tools.outline_text import read_outline_text
from tests.shared_material import ROOT
from tests.token_count import token_count

TIMES_MIN = 6
OUTLINES = sorted((ROOT / "examples").glob("*/process.yaml"))


@pytest.mark.parametrize("path", OUTLINES, ids=lambda path: path.parent.name)
def test_an_outline_is_six_times_shorter_than_its_bpmn(path: Path) -> None:
    document = compile_outline(read_outline_text(path.read_text(encoding="utf-8")).value).document
    names = [str(one["name"]) for one in scenarios(document.processes[0])]
    bare = apply_edits(document, [{"remove_scenarios": names}]).document
    shown = outline_text(decompile(bare))
    bpmn, outline = (token_count(text) for text in (bare.to_xml(), shown))
    assert bpmn >= TIMES_MIN * outline, f"{bpmn} tokens of BPMN are {bpmn / outline:.1f} times {outline}"
