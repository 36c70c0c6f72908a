"""Which behaviour runs which family of elements: adding a family is one line here and its module."""

from collections.abc import Mapping

from flowmaster.engine.elements.ends import ErrorEnd, EscalationThrow, TerminateEnd
from flowmaster.engine.elements.gateways import (
    EventGateway,
    ExclusiveGateway,
    InclusiveGateway,
    ParallelGateway,
)
from flowmaster.engine.elements.happenings import (
    Catch,
    LinkThrow,
    MessageCatch,
    MessageThrow,
    SignalCatch,
    SignalThrow,
    TimerEvent,
)
from flowmaster.engine.elements.people import HumanTask
from flowmaster.engine.elements.plain import Plain
from flowmaster.engine.elements.scopes import SubProcess
from flowmaster.engine.elements.work import BusinessRuleTask, CallActivity, WorkTask
from flowmaster.engine.execution import Behaviour, Join

PLAIN = Plain()
HUMAN = HumanTask()
CALL = CallActivity()
SCOPE = SubProcess()
_WORK = WorkTask()
_TIMER = TimerEvent()
_CATCH = MessageCatch()
_THROW = MessageThrow()
_LISTENS = Catch()
_ESCALATE = EscalationThrow()
_SIGNAL = SignalThrow()
_SIGNAL_CATCH = SignalCatch()
_INCLUSIVE = InclusiveGateway()
_PARALLEL = ParallelGateway()

BEHAVIOURS: Mapping[str, Behaviour] = {
    "process": SCOPE,
    "subProcess": SCOPE,
    "startEvent": PLAIN,
    "startEvent/message": PLAIN,
    "startEvent/timer": PLAIN,
    "endEvent": PLAIN,
    "endEvent/terminate": TerminateEnd(),
    "endEvent/error": ErrorEnd(),
    "endEvent/message": _THROW,
    "startEvent/signal": PLAIN,
    "endEvent/signal": _SIGNAL,
    "intermediateThrowEvent/signal": _SIGNAL,
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
    "endEvent/escalation": _ESCALATE,
    "intermediateThrowEvent/escalation": _ESCALATE,
}

JOINS: Mapping[str, Join] = {"inclusiveGateway": _INCLUSIVE, "parallelGateway": _PARALLEL}
"""The families at which tokens wait for each other."""

RUNNABLE = frozenset(BEHAVIOURS)
"""The families that the engine runs; everything else is kept in the model and reported."""
