"""What was read runs: every accepted model starts without a fault, and what cannot run stops with an incident."""

import pytest

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.commands import StartInstance
from flowmaster.engine.decide import Decided, decide
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.library import LinkedDecision
from flowmaster.engine.model import Executable, Process
from tests.bpmn_reader.models import bpmn, flow, line, read
from tests.shared_material import shared

TIMER = "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"


class NoDecisions:
    """A library without decisions."""

    def decision(self, decision: str, version: str) -> LinkedDecision | None:
        """Know none."""
        return None


def start(process: Process, at: str = "") -> Decided:
    """Start an instance at a start event, or at the plain start."""
    return decide(Executable(process, 1, NoDecisions()), None, StartInstance(0, "ann", "i", {}, "", at))


def test_a_read_process_runs_to_its_end() -> None:
    assert start(read(bpmn(line('<task id="a"/>'))).process).state.status == "completed"


def test_a_process_that_cannot_run_as_a_whole_stops_wherever_it_is_started() -> None:
    body = (
        '<startEvent id="s"><messageEventDefinition messageRef="m"/></startEvent><endEvent id="e"/>'
        + flow("s", "e")
        + f'<subProcess id="es" triggeredByEvent="true"><startEvent id="x">{TIMER}</startEvent></subProcess>'
    )
    file = bpmn(body, '<message id="m" name="hello"/>')
    process = read_processes(parse_bpmn(file), RUNNABLE - {"subProcess"})[0].process
    decided = start(process, "s")
    assert [incident.code for incident in decided.state.incidents.values()] == ["element.not_executable"]
    assert decided.state.status == "active"


@pytest.mark.shared
def test_every_model_of_the_suite_starts_without_a_fault() -> None:
    for path in sorted(shared("suite/scenarios").rglob("*.bpmn")):
        if "negative" in path.parts or "limits" in path.parts:
            continue
        for read_process in read_processes(parse_bpmn(path.read_bytes()), RUNNABLE):
            process = read_process.process
            starts = [
                e.id for e in process.elements.values() if e.kind == "startEvent" and e.scope == process.id
            ]
            decided = start(process, "" if process.root.starts else next(iter(starts), ""))
            stopped = [process.elements[i.element] for i in decided.state.incidents.values()]
            if process.root.unsupported:
                assert stopped == [process.root], path.name


def test_an_unknown_start_is_refused() -> None:
    with pytest.raises(FlowMasterError) as refused:
        start(read(bpmn(line())).process, "ghost")
    assert refused.value.code == "instance.start_unknown"
