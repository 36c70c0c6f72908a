"""What the decisions and processes of a tenant ask for and answer, so that callers are checked against it."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.expression_types import ANY, Type
from flowmaster.engine.bpmn.reader import ReadProcess, read_processes
from flowmaster.engine.bpmn.signatures import DecisionSignature, Library, ProcessSignature
from flowmaster.engine.dmn import model as m
from flowmaster.engine.dmn.reader import read_dmn
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel.types import FeelType
from flowmaster.stores.protocol import Reader

KEPT_MAX = 64
"""How many decisions and processes stay known; a version never changes."""

TypesOf = Callable[[str], FeelType | None]
"""Returns the type of a reference."""

_LISTS = (m.HitPolicy.COLLECT, m.HitPolicy.RULE_ORDER, m.HitPolicy.OUTPUT_ORDER)
_SIMPLE = ("number", "string", "boolean", "list")


def library_of(reader: Reader, tenant: str, reads: Mapping[str, ReadProcess]) -> Library:
    """Return the signatures of the newest versions; `reads` are processes that are not saved yet."""

    def decision(key: str) -> DecisionSignature | None:
        version = reader.version(tenant, "decision", key)
        return None if version is None else decision_signature(version.content, key)

    def process(key: str) -> ProcessSignature | None:
        if key in reads:
            return ProcessSignature(reads[key].process.data)
        version = reader.version(tenant, "process", key)
        return None if version is None else process_signature(version.content, key)

    return Library(decision, process)


@lru_cache(maxsize=KEPT_MAX)
def process_signature(content: str, key: str) -> ProcessSignature | None:
    """Return what the start of a published process takes."""
    for read in read_processes(parse_bpmn(content), RUNNABLE):
        if read.process.id == key:
            return ProcessSignature(read.process.data)
    return None


@lru_cache(maxsize=KEPT_MAX)
def decision_signature(content: str, key: str) -> DecisionSignature | None:
    """Return what a decision takes and answers; None where its file cannot be compiled alone."""
    try:
        model = read_dmn(content)
        compiled = model.compile()
        decision = compiled.decision(key)
    except FlowMasterError:
        return None
    definition = next((one for one in model.definitions.decisions if key in (one.id, one.name)), None)
    if definition is None:
        return None
    inputs = {name: _type(compiled.types.of(kind)) for name, kind in decision.inputs}
    return DecisionSignature(inputs, _answer(definition, compiled.types.of))


def _answer(decision: m.Decision, types: TypesOf) -> Type:
    """Return the type of an answer: what the decision declares, else what the outputs of its table do."""
    table = decision.logic
    declared = _type(types(decision.type_ref))
    if declared.kinds or not isinstance(table, m.DecisionTable):
        return declared
    if len(table.outputs) == 1:
        row = _type(types(table.outputs[0].type_ref or table.type_ref))
    else:
        fields = {output.name or output.label: _type(types(output.type_ref)) for output in table.outputs}
        row = Type(("context",), fields=fields, closed=True)
    if table.aggregation:
        return Type(("number",)) if table.aggregation in ("SUM", "COUNT") else ANY
    return Type(("list",), row) if table.hit_policy in _LISTS else row


def _type(found: FeelType | None) -> Type:
    """Return a FEEL type as checks know it; dates come out of decisions as texts."""
    if found is None:
        return ANY
    if found.kind == "list":
        return Type(("list",), _type(found.item))
    if found.kind == "context" and found.entries:
        return Type(("context",), fields={name: _type(kind) for name, kind in found.entries}, closed=True)
    return Type((found.kind,)) if found.kind in _SIMPLE else ANY
