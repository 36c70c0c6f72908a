"""Listeners of an element: jobs that are done before its work and behind it (zeebe:executionListeners)."""

from collections.abc import Mapping

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.events import VariablesSet
from flowmaster.engine.execution import Execution, Fault
from flowmaster.engine.jobs import END, START, open_job
from flowmaster.engine.state import JobWait, Node
from flowmaster.engine.values import Json


def listener_done(run: Execution, node: Node, wait: JobWait, result: Mapping[str, Json]) -> None:
    """Go on after a listener: with the next one, with the work of the element, or out of it.

    What a listener before the work gives belongs to the element; what one after it gives goes where outputs go.
    """
    element = run.element(node)
    when, _, number = wait.purpose.partition(":")
    jobs = element.at_start if when == START else element.at_end
    if when == END:
        run.write(run.state.nodes[node.scope], result)
    elif result:
        run.emit(VariablesSet(node.key, element.id, result))
    following = int(number) + 1
    if following < len(jobs):
        try:
            open_job(run, node, element, jobs[following], f"{when}:{following}")
        except (Fault, FlowMasterError) as fault:
            stage = "entering" if when == START else "completing"
            run.raise_incident(node, stage, fault.code, fault.message)
    elif when == START:
        run.activate(node, element)
    else:
        run.finish(node, mapped=True)
