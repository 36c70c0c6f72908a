"""By which clause of BPMN 2.0.2 SpiffWorkflow 3.2 has come elsewhere in a step than FlowMaster.

Each explanation is a claim about the tokens, and holds only if these show that the clause applies at this very place
and that nothing differs but what lies behind it. A difference that none of them explains is a fault.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flowmaster.engine import events as ev
from flowmaster.engine.model import Process
from tests.peers.playing import Choice, FlowMasterPlayer, SpiffPlayer
from tests.peers.tokens import Marking, behind

TOKENS_OF_JOINS = {"parallelGateway": "13.4.1", "inclusiveGateway": "13.4.3"}


@dataclass(frozen=True)
class Step:
    """One step of both engines: what could come next before it, the choice, and the events it made in ours."""

    process: Process
    ours: FlowMasterPlayer
    theirs: SpiffPlayer
    offered: Counter[Choice]
    choice: Choice
    begun: int

    @property
    def events(self) -> Sequence[ev.Event]:
        """Return what happened in the step."""
        return self.ours.case.events[self.begun :]

    def cancelled(self) -> set[str]:
        """Return the elements that were interrupted or terminated in the step."""
        return {event.element for event in self.events if isinstance(event, ev.ElementCancelled)}

    def differing(self) -> set[str]:
        """Return the elements that completed, or that wait, more often in one engine than in the other."""
        found: set[str] = set()
        for one, other in ((self.ours, self.theirs), (self.theirs, self.ours)):
            found |= set(one.completed() - other.completed())
            found |= {element for _, element in one.choices() - other.choices()}
        return found


def clause(step: Step) -> str:
    """Return the clause that explains why the engines parted in a step, and what it says."""
    for explains in _EXPLANATIONS:
        if found := explains(step):
            return found
    ours, theirs = step.ours, step.theirs
    raise AssertionError(
        f"no clause tells why they part: ours {ours.choices() - theirs.choices()},"
        f" {ours.completed() - theirs.completed()}, {ours.is_over()};"
        f" theirs {theirs.choices() - ours.choices()}, {theirs.completed() - ours.completed()}, {theirs.is_over()}"
    )


def _passed_too_early(step: Step) -> str:
    """Say that SpiffWorkflow passed a join that has to wait for a token, wherever one has come to it."""
    marking = Marking(step.process, step.ours.case.events)
    for join in step.theirs.completed() - step.ours.completed():
        if number := TOKENS_OF_JOINS.get(step.process.elements[join].kind):
            waits = marking.waits(join)
            if waits and all(waits) and step.differing() <= behind(step.process, join):
                return f"{number} has to wait"
    return ""


def _passed_too_often(step: Step) -> str:
    """Say that SpiffWorkflow passed a join again though FlowMaster, rightly, used up all tokens that have come to it."""
    for join in step.theirs.completed() - step.ours.completed():
        if number := TOKENS_OF_JOINS.get(step.process.elements[join].kind):
            is_left = Marking(step.process, step.ours.case.events).waits(join)
            if not is_left and _passed_rightly(step, join) and step.differing() <= behind(step.process, join):
                return f"{number} uses tokens up"
    return ""


def _waited_too_long(step: Step) -> str:
    """Say that SpiffWorkflow waits at a join that had nothing to wait for when FlowMaster passed it in this step."""
    for join in step.ours.completed() - step.theirs.completed():
        number = TOKENS_OF_JOINS.get(step.process.elements[join].kind)
        if number and _passed_rightly(step, join) and step.differing() <= behind(step.process, join):
            return f"{number} has not to wait"
    return ""


def _passed_rightly(step: Step, join: str) -> bool:
    """Return whether FlowMaster passed a join in this step, and each time with nothing to wait for."""
    places = [
        place
        for place, event in enumerate(step.ours.case.events)
        if place >= step.begun and isinstance(event, ev.ElementEntered) and event.element == join
    ]
    before = [Marking(step.process, step.ours.case.events[:place]).waits(join) for place in places]
    return bool(before) and all(waits and not any(waits) for waits in before)


def _took_others_along(step: Step) -> str:
    """Say that tokens that waited elsewhere are gone in SpiffWorkflow since a gateway was passed once more.

    A gateway uses up the tokens at its own incoming flows. These stood in activities and events that nothing in the
    step interrupts or terminates, and they came there from that gateway.
    """
    lost = step.ours.choices() - step.theirs.choices()
    stood = step.offered - Counter([step.choice])
    if not lost or lost - stood or step.theirs.choices() - step.ours.choices():
        return ""
    if step.ours.completed() != step.theirs.completed() or step.differing() & step.cancelled():
        return ""
    for event in step.events:
        if isinstance(event, ev.ElementCompleted):
            number = TOKENS_OF_JOINS.get(step.process.elements[event.element].kind)
            is_again = step.ours.completed()[event.element] > 1
            if number and is_again and step.differing() <= behind(step.process, event.element):
                return f"{number} takes no others"
    return ""


def _outlived_its_end(step: Step) -> str:
    """Say that an activity or its borders still wait in SpiffWorkflow though every visit of it has ended in this step.

    An event on the border lives as long as its activity, which ends when one interrupts it.
    """
    chosen = step.process.elements[step.choice[1]]
    host = step.process.elements[chosen.host or chosen.id]
    is_inside = any(node.element == host.id for node in step.ours.case.state.nodes.values())
    if is_inside or step.ours.choices() - step.theirs.choices():
        return ""
    if not step.differing() or step.ours.completed() != step.theirs.completed():
        return ""
    is_left = step.differing() <= {host.id, *(one.id for one in host.boundaries)}
    return "13.5.3 ends with its activity" if is_left else ""


def _forgot_what_remains(step: Step) -> str:
    """Say that an instance is over in SpiffWorkflow while tokens remain at flows into joins that have to wait."""
    if step.differing() or not step.theirs.is_over() or step.ours.is_over() or step.ours.choices():
        return ""
    marking = Marking(step.process, step.ours.case.events)
    joins = marking.joins()
    if joins and all(all(marking.waits(join)) for join in joins):
        return "13.4.1 tokens remain"
    return ""


_EXPLANATIONS: Sequence[Callable[[Step], str]] = (
    _passed_too_early,
    _passed_too_often,
    _waited_too_long,
    _took_others_along,
    _outlived_its_end,
    _forgot_what_remains,
)
