"""Listeners of an element or a process: jobs that are done before its work and behind it (zeebe:executionListeners)."""

from collections.abc import Mapping

from flowmaster.engine.elements.scopes import begin_as
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.events import InstanceEnded, VariablesSet
from flowmaster.engine.execution import Execution, Fault
from flowmaster.engine.jobs import END, START, open_job
from flowmaster.engine.state import ROOT, JobWait, Node
from flowmaster.engine.stops import INSIDE
from flowmaster.engine.values import Json


def listener_done(run: Execution, node: Node, wait: JobWait, result: Mapping[str, Json]) -> None:
    """Go on after a listener: with the next one, with the work of the element, or out of it.

    What a listener before the work gives belongs to the element; what one after it gives goes where outputs go.
    """
    element = run.element(node)
    when, number, *begun = wait.purpose.split(":", 2)
    jobs = element.at_start if when == START else element.at_end
    if when == END and node.key != ROOT:
        run.write(run.state.nodes[node.scope], result)
    elif result:
        run.emit(VariablesSet(node.key, element.id, result))
    following = int(number) + 1
    if following < len(jobs):
        try:
            open_job(run, node, element, jobs[following], ":".join([when, str(following), *begun]))
        except (Fault, FlowMasterError) as fault:
            run.raise_incident(node, _stage(node, when, begun), fault.code, fault.message)
    elif when == START and begun:
        begin_as(run, node, begun[0], heard=True)
    elif when == START:
        run.activate(node, element)
    elif node.key == ROOT:
        run.emit(InstanceEnded("completed", "", ""))
    else:
        run.finish(node, mapped=True)


def _stage(node: Node, when: str, begun: list[str]) -> str:
    """Return the stage at which all listeners are tried again."""
    if when == START:
        return begun[0] if begun else "entering"
    return INSIDE if node.key == ROOT else "completing"
