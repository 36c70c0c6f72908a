"""Which behaviour runs which family of elements: adding a family is one line here and its module."""

from collections.abc import Mapping

from flowmaster.engine.behaviour import Behaviour, Join
from flowmaster.engine.elements.adhoc import AdHocSubProcess
from flowmaster.engine.elements.compensation import CancelEnd, Compensating, CompensationThrow
from flowmaster.engine.elements.complex_gateway import ComplexGateway
from flowmaster.engine.elements.ends import ErrorEnd, TerminateEnd
from flowmaster.engine.elements.gateways import (
    EventGateway,
    ExclusiveGateway,
    InclusiveGateway,
    ParallelGateway,
    Quantity,
)
from flowmaster.engine.elements.happenings import Catch, LinkThrow, MessageCatch, SignalCatch, TimerEvent
from flowmaster.engine.elements.loops import LoopBody
from flowmaster.engine.elements.multiple import ConditionalCatch, MultipleCatch, MultipleThrow, StartOfAll
from flowmaster.engine.elements.people import HumanTask
from flowmaster.engine.elements.plain import Plain
from flowmaster.engine.elements.scopes import SubProcess, WholeProcess
from flowmaster.engine.elements.throwing import Throw
from flowmaster.engine.elements.work import BusinessRuleTask, CallActivity, WorkTask
from flowmaster.engine.execution import COMPENSATING, LOOP, QUANTITY

PLAIN = Plain()
HUMAN = HumanTask()
CALL = CallActivity()
SCOPE = SubProcess()
TOOL_BOX = AdHocSubProcess()
_WORK = WorkTask()
_TIMER = TimerEvent()
_CATCH = MessageCatch()
_THROW = Throw()
_LISTENS = Catch()
_SIGNAL_CATCH = SignalCatch()
_INCLUSIVE = InclusiveGateway()
_PARALLEL = ParallelGateway()
_COMPLEX = ComplexGateway()
_CONDITION = ConditionalCatch()
_UNDO = CompensationThrow()
_CATCHES: Mapping[str, Behaviour] = {
    "timer": _TIMER,
    "message": _CATCH,
    "signal": _SIGNAL_CATCH,
    "conditional": _CONDITION,
    "error": _LISTENS,
    "escalation": _LISTENS,
    "compensate": _LISTENS,
    "cancel": _LISTENS,
}
"""What catching events do, by their definition: on a boundary, in the flow, behind an event-based gateway."""
_SEVERAL = MultipleCatch(_CATCHES)

BEHAVIOURS: Mapping[str, Behaviour] = {
    "process": WholeProcess(),
    LOOP: LoopBody(),
    COMPENSATING: Compensating(),
    "subProcess": SCOPE,
    "startEvent": PLAIN,
    "startEvent/message": PLAIN,
    "startEvent/timer": PLAIN,
    "endEvent": PLAIN,
    "endEvent/terminate": TerminateEnd(),
    "endEvent/error": ErrorEnd(),
    "endEvent/message": _THROW,
    "startEvent/signal": PLAIN,
    "endEvent/signal": _THROW,
    "intermediateThrowEvent/signal": _THROW,
    "intermediateCatchEvent/signal": _SIGNAL_CATCH,
    "boundaryEvent/signal": _SIGNAL_CATCH,
    "intermediateThrowEvent/link": LinkThrow(),
    "intermediateCatchEvent/link": PLAIN,
    "task": PLAIN,
    "manualTask": PLAIN,
    "userTask": HUMAN,
    "serviceTask": _WORK,
    "sendTask": _THROW,
    "receiveTask": _CATCH,
    "scriptTask": _WORK,
    "businessRuleTask": BusinessRuleTask(),
    "callActivity": CALL,
    "inclusiveGateway": _INCLUSIVE,
    "eventBasedGateway": EventGateway(),
    "exclusiveGateway": ExclusiveGateway(),
    "parallelGateway": _PARALLEL,
    "intermediateThrowEvent": PLAIN,
    "intermediateThrowEvent/message": _THROW,
    "intermediateCatchEvent/timer": _TIMER,
    "intermediateCatchEvent/message": _CATCH,
    "boundaryEvent/timer": _TIMER,
    "boundaryEvent/message": _CATCH,
    "boundaryEvent/error": _LISTENS,
    "boundaryEvent/escalation": _LISTENS,
    "startEvent/error": PLAIN,
    "startEvent/escalation": PLAIN,
    "startEvent/conditional": PLAIN,
    "startEvent/compensate": PLAIN,
    "startEvent/multiple": PLAIN,
    "startEvent/parallelMultiple": StartOfAll(_CATCHES),
    "intermediateCatchEvent/conditional": _CONDITION,
    "intermediateCatchEvent/multiple": _SEVERAL,
    "intermediateCatchEvent/parallelMultiple": _SEVERAL,
    "boundaryEvent/conditional": _CONDITION,
    "boundaryEvent/multiple": _SEVERAL,
    "boundaryEvent/parallelMultiple": _SEVERAL,
    "boundaryEvent/compensate": _LISTENS,
    "boundaryEvent/cancel": _LISTENS,
    "intermediateThrowEvent/compensate": _UNDO,
    "intermediateThrowEvent/multiple": MultipleThrow(),
    "endEvent/compensate": _UNDO,
    "endEvent/cancel": CancelEnd(),
    "endEvent/multiple": MultipleThrow(),
    "transaction": SCOPE,
    "adHocSubProcess": TOOL_BOX,
    "complexGateway": _COMPLEX,
    "endEvent/escalation": _THROW,
    "intermediateThrowEvent/escalation": _THROW,
}

JOINS: Mapping[str, Join] = {
    "inclusiveGateway": _INCLUSIVE,
    "parallelGateway": _PARALLEL,
    "complexGateway": _COMPLEX,
    QUANTITY: Quantity(),
}
"""The families at which tokens wait for each other."""

RUNNABLE = frozenset(BEHAVIOURS) - {LOOP, COMPENSATING}
"""The families that the engine runs; everything else is kept in the model and reported."""
