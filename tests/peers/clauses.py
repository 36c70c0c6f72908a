"""By which clause of BPMN 2.0.2 SpiffWorkflow 3.2 has come elsewhere in a step than FlowMaster.

Each explanation is a claim about the tokens, and holds only if these show that the clause applies at this very place
and that nothing differs but what lies behind it. A difference that none of them explains is a fault.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flowmaster.engine import events as ev
from tests.peers.choices import Choice
from tests.peers.ours import FlowMasterPlayer, Graph, Log
from tests.peers.theirs import SpiffPlayer
from tests.peers.tokens import Marking, behind, behind_scope, inside

TOKENS_OF_JOINS = {"parallelGateway": "13.4.1", "inclusiveGateway": "13.4.3"}
_THROWN = (ev.ErrorThrown, ev.EscalationThrown)


@dataclass(frozen=True)
class Step:
    """One step of both engines: what could come next before it, the choice, and the events it made in ours."""

    ours: FlowMasterPlayer
    theirs: SpiffPlayer
    offered: Counter[Choice]
    choice: Choice
    begun: int

    @property
    def graph(self) -> Graph:
        """Return the processes that are played."""
        return self.ours.graph

    @property
    def events(self) -> Log:
        """Return what happened in the step."""
        return self.ours.log[self.begun :]

    def cancelled(self) -> set[str]:
        """Return the elements that were interrupted or terminated in the step."""
        return {event.element for _, event in self.events if isinstance(event, ev.ElementCancelled)}

    def has_signal(self) -> bool:
        """Return whether a signal was broadcast in the step."""
        return self.choice.word == "signal" or any(
            isinstance(event, ev.SignalSent) for _, event in self.events
        )

    def takes_tasks_out(self) -> bool:
        """Return whether SpiffWorkflow may take out tasks that it goes on with, in this step.

        A scope that runs several times was interrupted, a token came to a join, or a gateway was passed again.
        """
        elements = (self.graph.elements[key] for key in self.cancelled())
        joined = any(isinstance(event, ev.TokenJoined) for _, event in self.events)
        return (
            joined
            or bool(self.passed_again())
            or any(one.loop is not None and (one.starts or self.graph.called(one)) for one in elements)
        )

    def passed_again(self) -> dict[str, str]:
        """Return the parallel and inclusive gateways that were passed in this step and before, with their clauses."""
        done = [event.element for _, event in self.events if isinstance(event, ev.ElementCompleted)]
        kinds = {key: self.graph.elements[key].kind for key in done if self.ours.completed()[key] > 1}
        return {key: TOKENS_OF_JOINS[kind] for key, kind in kinds.items() if kind in TOKENS_OF_JOINS}

    def outlived(self) -> set[str]:
        """Return the activities and borders that wait in SpiffWorkflow more often, and of which a visit has ended.

        It ended in this step or, where a condition is waited for, which does not show before the scope ends, in any: the
        activity completed, or an event on its border interrupted it.
        """
        elements = self.graph.elements
        now, ever = _completed_in(self.events), _completed_in(self.ours.log)
        found: set[str] = set()
        for key in self.theirs.waiting() - self.ours.waiting():
            host = elements[key].host or key
            ends = {host, *(border.id for border in elements[host].boundaries if border.interrupting)}
            if ends & (ever if elements[key].family.endswith("/conditional") else now):
                found.add(key)
        return found

    def rest(self) -> set[str]:
        """Return what differs, save what each of three other explanations holds for by itself.

        That is what outlived its activity, what went on in an interrupted one (`goes_on`), and the event sub-processes
        that can no longer begin where the instance is over.
        """
        gone_on = set(self.more()) & inside(self.graph, self.cancelled())
        over = self.graph.begins() if self.theirs.is_over() else set[str]()
        return self.differing() - self.outlived() - gone_on - over

    def more(self) -> Counter[str]:
        """Return what completed more often in SpiffWorkflow."""
        return self.theirs.completed() - self.ours.completed()

    def less(self) -> Counter[str]:
        """Return what completed more often in FlowMaster."""
        return self.ours.completed() - self.theirs.completed()

    def differing(self) -> set[str]:
        """Return the elements that completed, or that wait, more often in one engine than in the other.

        In which of the visits that stand side by side is left out: they count anew when one ends.
        """
        ours, theirs = (
            Counter(choice._replace(turns=()) for choice in player.choices().elements())
            for player in (self.ours, self.theirs)
        )
        waiting = {choice for pair in (ours - theirs, theirs - ours) for choice in pair}
        return {*self.more(), *self.less(), *(element for one in waiting for element in self.places(one))}

    def misplaced(self) -> set[str]:
        """Return the elements that wait in other visits in one engine than in the other."""
        ours, theirs = self.ours.choices(), self.theirs.choices()
        return {choice.element for pair in (ours - theirs, theirs - ours) for choice in pair}

    def places(self, choice: Choice) -> set[str]:
        """Return the elements that a choice is about: a signal is about all that wait for it."""
        if choice.word != "signal":
            return {choice.element}
        waiting = {*self.ours.waiting(), *self.theirs.waiting(), *self.graph.begins()}
        return self.graph.listening("signal", choice.element) & waiting

    def begins(self, choice: Choice) -> bool:
        """Return whether a choice may begin an event sub-process."""
        return any(self.graph.elements[key].kind == "startEvent" for key in self.places(choice))

    def is_apart(self) -> bool:
        """Return whether the engines stand otherwise after the step."""
        ours, theirs = self.ours, self.theirs
        return (
            ours.choices() != theirs.choices() or bool(self.differing()) or ours.is_over() != theirs.is_over()
        )


def _completed_in(log: Log) -> set[str]:
    return {event.element for _, event in log if isinstance(event, ev.ElementCompleted)}


def clause(step: Step) -> str:
    """Return the clause that explains why the engines parted in a step, and what it says."""
    ours, theirs = step.ours, step.theirs
    is_misplaced = not step.differing() and ours.is_over() == theirs.is_over()
    for explains in (_happened_again,) if is_misplaced else _EXPLANATIONS:
        if found := explains(step):
            return found
    raise AssertionError(
        f"no clause tells why they part: ours {ours.choices() - theirs.choices()}, {step.less()}, {ours.is_over()};"
        f" theirs {theirs.choices() - ours.choices()}, {step.more()}, {theirs.is_over()}"
    )


def goes_on(step: Step) -> bool:
    """Return whether all that differs completed in activities that were interrupted in this step.

    By BPMN 2.0.2, 13.5.3, nothing in an interrupted activity goes on. SpiffWorkflow first lets the tokens in it move to
    their next waits, those that throw to the ends of their scopes; then it takes them away. Where a signal comes both to
    the border and to something inside, which is first is open (10.5.5), in FlowMaster for a called process.
    """
    ours, theirs = step.ours, step.theirs
    is_elsewhere = ours.choices() != theirs.choices() or ours.is_over() != theirs.is_over()
    if is_elsewhere or not step.differing() or (step.less() and not step.has_signal()):
        return False
    return step.differing() <= inside(step.graph, step.cancelled())


def _passed_too_early(step: Step) -> str:
    """Say that SpiffWorkflow passed a join that has to wait for a token, wherever one has come to it."""
    marking = Marking(step.graph, step.ours.log)
    for join in step.more():
        if number := TOKENS_OF_JOINS.get(step.graph.elements[join].kind):
            waits = marking.waits(join)
            if waits and all(waits) and step.rest() <= behind(step.graph, join):
                return f"{number} has to wait"
    return ""


def _passed_too_often(step: Step) -> str:
    """Say that SpiffWorkflow passed a join again though FlowMaster, rightly, used up all tokens that have come to it."""
    for join in step.more():
        if number := TOKENS_OF_JOINS.get(step.graph.elements[join].kind):
            is_left = Marking(step.graph, step.ours.log).waits(join)
            if not is_left and _passed_rightly(step, join) and step.rest() <= behind(step.graph, join):
                return f"{number} uses tokens up"
    return ""


def _waited_too_long(step: Step) -> str:
    """Say that SpiffWorkflow waits at a join that had nothing to wait for when FlowMaster passed it in this step."""
    for join in step.less():
        number = TOKENS_OF_JOINS.get(step.graph.elements[join].kind)
        if number and _passed_rightly(step, join) and step.rest() <= behind(step.graph, join):
            return f"{number} has not to wait"
    return ""


def _passed_rightly(step: Step, join: str) -> bool:
    """Return whether FlowMaster passed a join in this step, and each time with nothing to wait for."""
    log = step.ours.log
    places = [
        place
        for place, (_, event) in enumerate(log)
        if place >= step.begun and isinstance(event, ev.ElementEntered) and event.element == join
    ]
    before = [Marking(step.graph, log[:place]).waits(join) for place in places]
    return bool(before) and all(waits and not any(waits) for waits in before)


def _took_others_along(step: Step) -> str:
    """Say that tokens that waited elsewhere are gone in SpiffWorkflow since a gateway was passed once more.

    A gateway uses up the tokens at its own incoming flows. These stood in activities and events that nothing in the
    step interrupts or terminates, and they came there from that gateway. What completed more comes after scopes that
    ended in SpiffWorkflow since they held no others.
    """
    lost = step.ours.choices() - step.theirs.choices()
    stood = step.offered - Counter([step.choice])
    if not lost or lost - stood or step.theirs.choices() - step.ours.choices():
        return ""
    if (
        step.less()
        or step.differing() & step.cancelled()
        or (step.more() and not _held_no_others(step, lost))
    ):
        return ""
    for gateway, number in step.passed_again().items():
        comes_after = set(step.more()) <= behind_scope(step.graph, gateway)
        if comes_after and step.differing() <= behind(step.graph, gateway):
            return f"{number} takes no others"
    return ""


def _held_no_others(step: Step, lost: Counter[Choice]) -> bool:
    """Return whether the scopes that ended in SpiffWorkflow alone hold nothing in FlowMaster but what is lost there."""
    elements = step.graph.elements
    ended = {key for key in step.more() if elements[key].starts or step.graph.called(elements[key])}
    if step.theirs.is_over():
        ended.add("p")
    left = {key: number for key, number in step.ours.waiting().items() if key in inside(step.graph, ended)}
    missing: Counter[str] = Counter()
    for choice, number in lost.items():
        missing[choice.element] += number
    return bool(ended) and left == missing


def _dropped_behind(step: Step) -> str:
    """Say that tokens passed a join one right after the other, and that SpiffWorkflow then dropped what was behind it."""
    done = [event.element for _, event in step.events if isinstance(event, ev.ElementCompleted)]
    if step.more() or step.theirs.choices() - step.ours.choices():
        return ""
    for join in set(done):
        number = TOKENS_OF_JOINS.get(step.graph.elements[join].kind)
        is_again = done.count(join) > 1 and join not in step.less() and _passed_rightly(step, join)
        if number and is_again and step.differing() <= behind(step.graph, join):
            return f"{number} each goes on"
    return ""


def _outlived_its_end(step: Step) -> str:
    """Say that an activity or its borders still wait in SpiffWorkflow though a visit of it has ended.

    An event on the border lives as long as its activity, which ends when one interrupts it. What else differs comes
    when the scope around has ended, as it has not where something waits.
    """
    left = step.outlived()
    if not left or step.more():
        return ""
    hosts = {step.graph.elements[key].host or key for key in left}
    is_all = step.differing() <= left | behind_scope(step.graph, *hosts)
    return "13.5.3 ends with its activity" if is_all else ""


def _forgot_what_remains(step: Step) -> str:
    """Say that a scope has ended in SpiffWorkflow while tokens remain there at flows into a join that has to wait."""
    if step.less():
        return ""
    marking = Marking(step.graph, step.ours.log)
    for join in marking.joins():
        waits, around = marking.waits(join), step.graph.around(join)
        is_over = not around and step.theirs.is_over() and not step.ours.is_over()
        has_ended = is_over or bool(set(around) & set(step.more()))
        if waits and all(waits) and has_ended and step.rest() <= behind_scope(step.graph, join):
            return "13.4.1 tokens remain"
    return ""


def _caught_beside(step: Step) -> str:
    """Say that in SpiffWorkflow the border of an activity caught what was thrown elsewhere: nearer ones do not matter.

    The border is not around what throws, or several visits of its activity stood side by side.
    """
    graph = step.graph
    thrown = [(event.element, event.code) for _, event in step.events if isinstance(event, _THROWN)]
    ended = _completed_in(step.events)
    thrown += [(key, "") for key in ended if graph.elements[key].family == "endEvent/cancel"]
    before = Marking(graph, step.ours.log[: step.begun])
    rightly = {event.caught_by for _, event in step.events if isinstance(event, _THROWN) and event.caught_by}
    rightly |= {key for key in ended if graph.elements[key].family == "boundaryEvent/cancel"}
    for border in step.more():
        element = graph.elements[border]
        if element.family not in ("boundaryEvent/error", "boundaryEvent/escalation", "boundaryEvent/cancel"):
            continue
        codes = [code for code in thrown if graph.code(border) in ("", code[1])]
        is_elsewhere = all(element.host not in graph.above(key) for key, _ in codes)
        hosts = [graph.elements[key].host for key in {border, *rightly}]
        may_differ = behind(graph, border, *rightly) | inside(graph, hosts)
        if codes and (is_elsewhere or before.visits(element.host) > 1) and step.differing() <= may_differ:
            return "10.5.6 caught around what throws"
    return ""


def _happened_again(step: Step) -> str:
    """Say that an event beside an activity happened once more in FlowMaster, as it has before on the same visit."""
    for place, (instance, event) in enumerate(step.events, step.begun):
        if not isinstance(event, ev.ElementEntered) or step.graph.elements[event.element].interrupting:
            continue
        border = step.graph.elements[event.element]
        before = [
            each.element
            for one, each in step.ours.log[:place]
            if isinstance(each, ev.ElementEntered)
            and (one, each.scope) == (instance, event.scope)
            and each.element in (border.host, border.id)
        ]
        may_differ = behind(step.graph, border.id)
        if border.host and border.id in before[-1:] and (step.differing() or step.misplaced()) <= may_differ:
            return "10.5.4 may happen again"
    return ""


def _reached_all(step: Step) -> str:
    """Say that a message came to several places in SpiffWorkflow, and in FlowMaster rightly to one of them."""
    for name in {event.name for _, event in step.events if isinstance(event, ev.MessageSent)}:
        places = step.graph.listening("message", name)
        came = [
            event
            for _, event in step.events
            if isinstance(event, ev.ElementCompleted) and event.element in places
        ]
        places |= {flow.source for key in places for flow in step.graph.elements[key].incoming}
        if len(came) == 1 and places & set(step.more()) and step.differing() <= behind(step.graph, *places):
            return "10.5.1 a message is for one"
    return ""


_EXPLANATIONS: Sequence[Callable[[Step], str]] = (
    _passed_too_early,
    _passed_too_often,
    _waited_too_long,
    _took_others_along,
    _dropped_behind,
    _outlived_its_end,
    _forgot_what_remains,
    _happened_again,
    _reached_all,
    _caught_beside,
)
