"""Elements that compute or hand out work: scripts, rules, jobs, called processes (BPMN 2.0.2, 13.3.3)."""

from collections.abc import Mapping, Sequence

from flowmaster.engine.elements.plain import Plain
from flowmaster.engine.events import ChildCancelRequested, ChildRequested, DecisionMade
from flowmaster.engine.execution import Execution, Fault
from flowmaster.engine.feel.expression import to_json
from flowmaster.engine.jobs import open_job
from flowmaster.engine.library import DecisionAnswer, LinkedDecision
from flowmaster.engine.model import Call, Element, Job, Rule, Script
from flowmaster.engine.scope import visible
from flowmaster.engine.state import ChildWait, Node
from flowmaster.engine.values import Json


class WorkTask(Plain):
    """A script or service: evaluates FEEL and sets the result, or hands out a job where the model names a type."""

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Evaluate and finish with the result variable, or open the job."""
        details = element.details
        if isinstance(details, Job):
            open_job(run, node, element, details)
        else:
            assert isinstance(details, Script)
            run.finish(node, {details.result: run.value(node, details.expression)})


class BusinessRuleTask(Plain):
    """Evaluates a DMN decision over the variables in sight; what it used and matched goes on record."""

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Look the decision up, evaluate it, and finish with its result."""
        details = element.details
        if isinstance(details, Job):
            open_job(run, node, element, details)
            return
        assert isinstance(details, Rule)
        name = run.text(node, details.decision, "The decision")
        linked = run.model.library.decision(name, details.version)
        if linked is None:
            raise Fault(
                "rule.unknown", f"No decision {name!r} is in force; save it with `rule_save` and retry."
            )
        seen = run.see(node)
        answer = linked.decision.evaluate(seen, run.at)
        _refuse_fault(linked, answer)
        output = to_json(answer.value)
        used = {name: plain(seen[name]) for name in linked.decision.inputs if name in seen}
        matched = tuple(plain(rule._asdict()) for rule in answer.matched)
        if not used and matched:
            used = _asked(matched[0])
        run.emit(DecisionMade(node.key, element.id, linked.id, linked.version, used, matched, output))
        run.finish(node, {details.result: output})


class CallActivity(Plain):
    """Calls another process as a child instance and waits until it has ended."""

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Ask for the child; it is started after this step is stored."""
        details = element.details
        assert isinstance(details, Call)
        process = run.text(node, details.process, "The called process")
        variables = visible(run.state, node.key) if details.pass_all else dict(node.variables or {})
        key = run.key()
        run.wait(ChildWait(key, node.key, element.id, run.at, process, ""))
        run.emit(ChildRequested(key, element.id, process, details.version, variables))

    def returned(self, run: Execution, node: Node, element: Element, variables: Mapping[str, Json]) -> None:
        """Take over what the child gave: all its variables, or what the output mappings pick."""
        details = element.details
        assert isinstance(details, Call)
        keep = details.return_all or bool(element.outputs)
        run.finish(node, variables if keep else None)

    def withdraw(self, run: Execution, node: Node, element: Element) -> None:
        """Ask for the child to be cancelled."""
        for key in node.waits:
            wait = run.state.waits[key]
            if isinstance(wait, ChildWait):
                run.emit(ChildCancelRequested(key, element.id, wait.child))


def _refuse_fault(linked: LinkedDecision, answer: DecisionAnswer) -> None:
    """Refuse an answer that is null since rules or inputs are at fault; that no rule matches is an answer."""
    fault = next((fault for fault in answer.faults if fault.kind != "no_match"), None)
    if answer.value is None and fault is not None:
        raise Fault(f"rule.{fault.kind}", f"{linked.id} (version {linked.version}): {fault.text}.")


def _asked(rule: Json) -> dict[str, Json]:
    """Return what a table asked for, where no information requirement names it."""
    asked = rule.get("inputs") if isinstance(rule, Mapping) else None
    return dict(asked) if isinstance(asked, Mapping) else {}


def plain(value: object) -> Json:
    """Return a value of an expression as JSON."""
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(inner) for inner in value]
    return to_json(value)
