"""A decision model as it stands in its document: frozen data, nothing evaluated yet."""

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias


class HitPolicy(Enum):
    """What a decision table answers when rules match."""

    UNIQUE = "UNIQUE"
    FIRST = "FIRST"
    PRIORITY = "PRIORITY"
    ANY = "ANY"
    COLLECT = "COLLECT"
    RULE_ORDER = "RULE ORDER"
    OUTPUT_ORDER = "OUTPUT ORDER"


@dataclass(frozen=True, slots=True)
class Literal:
    """FEEL text, with the line on which it begins."""

    text: str
    type_ref: str = ""
    line: int = 0
    language: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class TableInput:
    """An input column of a table."""

    expression: Literal
    values: str = ""
    label: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class TableOutput:
    """An output column of a table."""

    name: str
    type_ref: str = ""
    values: str = ""
    default: Literal | None = None
    label: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of a table."""

    id: str
    inputs: tuple[Literal, ...]
    outputs: tuple[Literal, ...]
    annotations: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """A decision table."""

    inputs: tuple[TableInput, ...]
    outputs: tuple[TableOutput, ...]
    rules: tuple[Rule, ...]
    hit_policy: HitPolicy = HitPolicy.UNIQUE
    aggregation: str = ""
    annotations: tuple[str, ...] = ()
    type_ref: str = ""
    id: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """A named part of a context, or the result when the name is empty."""

    name: str
    type_ref: str
    body: "Boxed"


@dataclass(frozen=True, slots=True)
class BoxedContext:
    """A boxed context."""

    entries: tuple[Entry, ...]
    type_ref: str = ""


@dataclass(frozen=True, slots=True)
class BoxedList:
    """A boxed list."""

    items: tuple["Boxed", ...]
    type_ref: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """A boxed list of contexts with the same names."""

    columns: tuple[str, ...]
    rows: tuple[tuple["Boxed", ...], ...]
    type_ref: str = ""


@dataclass(frozen=True, slots=True)
class Invocation:
    """A boxed call with arguments by name."""

    function: "Boxed"
    arguments: tuple[tuple[str, "Boxed"], ...]
    type_ref: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Parameter:
    """A formal parameter."""

    name: str
    type_ref: str = ""


@dataclass(frozen=True, slots=True)
class FunctionBox:
    """A boxed function definition; `kind` is FEEL, Java or PMML."""

    parameters: tuple[Parameter, ...]
    body: "Boxed | None"
    kind: str = "FEEL"
    type_ref: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Conditional:
    """A boxed `if`."""

    condition: "Boxed"
    yes: "Boxed"
    no: "Boxed"
    type_ref: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class FilterBox:
    """A boxed filter."""

    source: "Boxed"
    match: "Boxed"
    type_ref: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Loop:
    """A boxed `for`, `some` or `every`."""

    kind: str
    variable: str
    source: "Boxed"
    body: "Boxed"
    type_ref: str = ""
    line: int = 0


Boxed: TypeAlias = (
    Literal
    | DecisionTable
    | BoxedContext
    | BoxedList
    | Relation
    | Invocation
    | FunctionBox
    | Conditional
    | FilterBox
    | Loop
)


@dataclass(frozen=True, slots=True)
class ItemDefinition:
    """A type that a model defines."""

    name: str
    type_ref: str = ""
    is_collection: bool = False
    components: tuple["ItemDefinition", ...] = ()
    allowed_values: str = ""
    type_constraint: str = ""
    function: tuple[tuple[Parameter, ...], str] | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Import:
    """Another model under a name."""

    name: str
    namespace: str
    import_type: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class InputData:
    """A value that whoever evaluates must give."""

    id: str
    name: str
    type_ref: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision: what it requires, and its logic."""

    id: str
    name: str
    type_ref: str = ""
    requires: tuple[str, ...] = ()
    """References to input data and decisions."""
    knows: tuple[str, ...] = ()
    """References to business knowledge models and decision services."""
    logic: Boxed | None = None
    question: str = ""
    answers: str = ""
    description: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class KnowledgeModel:
    """A business knowledge model: a named function."""

    id: str
    name: str
    type_ref: str = ""
    knows: tuple[str, ...] = ()
    logic: FunctionBox | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Service:
    """A decision service: some decisions as a function of others and of input data."""

    id: str
    name: str
    type_ref: str = ""
    outputs: tuple[str, ...] = ()
    encapsulated: tuple[str, ...] = ()
    input_decisions: tuple[str, ...] = ()
    input_data: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Definitions:
    """The content of one document."""

    id: str
    name: str
    namespace: str
    version: str
    imports: tuple[Import, ...] = ()
    types: tuple[ItemDefinition, ...] = ()
    inputs: tuple[InputData, ...] = ()
    decisions: tuple[Decision, ...] = ()
    knowledge: tuple[KnowledgeModel, ...] = ()
    services: tuple[Service, ...] = ()
    names: frozenset[str] = field(default_factory=frozenset)
    """All names that expressions of this document may use after a dot or within a filter."""
