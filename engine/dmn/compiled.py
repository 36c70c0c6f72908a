"""A compiled model: the graph of requirements, with the logic of each part as a closure."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from flowmaster.engine.dmn import model as m
from flowmaster.engine.dmn.graph import DecisionNode, Graph, KnowledgeNode, Node, ServiceNode
from flowmaster.engine.dmn.run import NOTHING, DecisionResult, DmnRun
from flowmaster.engine.dmn.table import CompiledTable
from flowmaster.engine.dmn.types import TypeBook, read_typed
from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.feel.calling import call_value
from flowmaster.engine.feel.evaluation import DEFAULT, NOWHERE, FeelLimitExceeded, Limits

_T = TypeVar("_T", bound=Node)


class CompiledModel:
    """A model ready to be evaluated; shareable between threads."""

    def __init__(self, definitions: m.Definitions, imports: Sequence[m.Definitions]) -> None:
        self._graph = Graph(definitions, imports)

    @property
    def errors(self) -> tuple[FlowMasterError, ...]:
        """What is wrong with single decisions; evaluating those raises it, the others work."""
        return tuple(self._graph.errors)

    @property
    def types(self) -> TypeBook:
        """The types that the model itself knows."""
        return self._graph.main.types

    @property
    def decisions(self) -> "tuple[CompiledDecision, ...]":
        """The decisions of the model itself, in the order of the document."""
        return tuple(
            CompiledDecision(node)
            for node in self._graph.main.nodes.values()
            if isinstance(node, DecisionNode)
        )

    def decision(self, name: str) -> "CompiledDecision":
        """Return a decision by name or id."""
        return CompiledDecision(self._find(name, DecisionNode, "decision"))

    def service(self, name: str) -> "CompiledFunction":
        """Return a decision service by name or id."""
        return CompiledFunction(self._find(name, ServiceNode, "service"))

    def knowledge(self, name: str) -> "CompiledFunction":
        """Return a business knowledge model by name or id."""
        return CompiledFunction(self._find(name, KnowledgeNode, "knowledge"))

    def _find(self, name: str, kind: type[_T], word: str) -> _T:
        wanted = " ".join(name.split())
        known = [node for node in self._graph.main.nodes.values() if isinstance(node, kind)]
        for node in known:
            if wanted in (node.name, node.key[1]):
                return node
        names = [node.name for node in known]
        raise FlowMasterError(
            f"{word}.unknown",
            f"The model has no {word} {name!r}.{did_you_mean(name, names)}",
            path=word,
            expected=names[:50],
            status=404,
        )

    def table(self, name: str) -> CompiledTable | None:
        """Return the compiled table of a decision that is one."""
        node = self._find(name, DecisionNode, "decision")
        return node.table


class CompiledDecision:
    """A decision ready to be evaluated."""

    __slots__ = ("_node",)

    def __init__(self, node: DecisionNode) -> None:
        self._node = node

    @property
    def id(self) -> str:
        """The id of the decision."""
        return self._node.key[1]

    @property
    def name(self) -> str:
        """The name of the decision."""
        return self._node.name

    @property
    def inputs(self) -> tuple[tuple[str, str], ...]:
        """The input data that the decision needs, itself or through others: names and types."""
        return self._node.input_names()

    def evaluate(
        self,
        inputs: Mapping[str, object],
        at: int = 0,
        *,
        zone: str = "UTC",
        limits: Limits = DEFAULT,
        surroundings: Mapping[str, object] = NOTHING,
        decisions: Mapping[str, object] = NOTHING,
    ) -> DecisionResult:
        """Evaluate with the values of input data by name.

        `decisions` are values that stand for decisions of those names, which are then not evaluated.
        `surroundings` are variables that expressions see although no information requirement names them, as
        process engines have it.
        """
        node = self._node
        if node.direct is not None and node.error is None and not decisions:
            found = node.direct(inputs)
            if found is not None:
                return found
        run = DmnRun(inputs, at, zone, limits)
        run.surroundings = surroundings
        run.decisions = decisions
        try:
            value = node.compute(run)
        except RecursionError:
            raise FeelLimitExceeded("nested calls", limits.depth) from None
        return DecisionResult(value, tuple(run.matched), tuple(run.warnings), tuple(run.faults))


class CompiledFunction:
    """A decision service or a knowledge model ready to be called."""

    __slots__ = ("_node",)

    def __init__(self, node: ServiceNode | KnowledgeNode) -> None:
        self._node = node

    @property
    def name(self) -> str:
        """The name of the function."""
        return self._node.name

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters."""
        return self._node.function.parameters

    def evaluate(
        self, inputs: Mapping[str, object], at: int = 0, *, zone: str = "UTC", limits: Limits = DEFAULT
    ) -> DecisionResult:
        """Call with arguments by name; those that are not given are null."""
        if self._node.error is not None:
            raise self._node.error
        run = DmnRun({}, at, zone, limits)
        function = self._node.function
        types = function.types or (None,) * len(function.parameters)
        values = [
            read_typed(inputs.get(name), kind) for name, kind in zip(function.parameters, types, strict=True)
        ]
        try:
            value = call_value(function, values, None, run, NOWHERE)
        except RecursionError:
            raise FeelLimitExceeded("nested calls", limits.depth) from None
        return DecisionResult(value, tuple(run.matched), tuple(run.warnings), tuple(run.faults))
