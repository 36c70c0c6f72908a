"""Which behaviour runs which family of elements: adding a family is one line here and its module."""

from collections.abc import Mapping

from flowmaster.engine.elements.ends import ErrorEnd, TerminateEnd
from flowmaster.engine.elements.gateways import ExclusiveGateway, ParallelGateway
from flowmaster.engine.elements.happenings import ErrorCatch, MessageCatch, MessageThrow, TimerEvent
from flowmaster.engine.elements.people import HumanTask
from flowmaster.engine.elements.plain import Plain
from flowmaster.engine.elements.scopes import SubProcess
from flowmaster.engine.elements.work import BusinessRuleTask, CallActivity, JobTask, ScriptTask
from flowmaster.engine.execution import Behaviour

PLAIN = Plain()
HUMAN = HumanTask()
CALL = CallActivity()
SCOPE = SubProcess()
_JOB = JobTask()
_TIMER = TimerEvent()
_CATCH = MessageCatch()
_THROW = MessageThrow()

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
    "task": PLAIN,
    "manualTask": PLAIN,
    "userTask": HUMAN,
    "serviceTask": _JOB,
    "sendTask": _THROW,
    "receiveTask": _CATCH,
    "scriptTask": ScriptTask(),
    "businessRuleTask": BusinessRuleTask(),
    "callActivity": CALL,
    "exclusiveGateway": ExclusiveGateway(),
    "parallelGateway": ParallelGateway(),
    "intermediateThrowEvent": PLAIN,
    "intermediateThrowEvent/message": _THROW,
    "intermediateCatchEvent/timer": _TIMER,
    "intermediateCatchEvent/message": _CATCH,
    "boundaryEvent/timer": _TIMER,
    "boundaryEvent/message": _CATCH,
    "boundaryEvent/error": ErrorCatch(),
}

RUNNABLE = frozenset(BEHAVIOURS)
"""The families that the engine runs; everything else is kept in the model and reported."""
