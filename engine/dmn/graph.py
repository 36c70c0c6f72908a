"""The graph of requirements: input data, decisions, knowledge models and services, each with its compiled logic."""

from collections.abc import Mapping, Sequence

from flowmaster.engine.dmn import model as m
from flowmaster.engine.dmn.boxed import BoxCompiler
from flowmaster.engine.dmn.imports import import_paths
from flowmaster.engine.dmn.run import NOTHING, DmnRun
from flowmaster.engine.dmn.shortcut import Direct, Step, direct_of, steps_of
from flowmaster.engine.dmn.table import CompiledTable
from flowmaster.engine.dmn.types import TypeBook, read_typed
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel.compiler import Code
from flowmaster.engine.feel.evaluation import NOWHERE, Evaluation
from flowmaster.engine.feel.expression import BUILTIN_NAMES
from flowmaster.engine.feel.names import NameSet
from flowmaster.engine.feel.types import ANY, FeelType, classes_of, coerce
from flowmaster.engine.feel.values import Function, kind_of

Key = tuple[str, str]
"""Namespace and id of an element."""

_MISSING = object()


class Graph:
    """The elements of a model and of those it imports, connected and compiled."""

    def __init__(self, definitions: m.Definitions, imports: Sequence[m.Definitions]) -> None:
        self._units: dict[str, Unit] = {}
        self.errors: list[FlowMasterError] = []
        for part in (definitions, *imports):
            self._units.setdefault(part.namespace, Unit(part, self))
        self.main = self._units[definitions.namespace]
        imported = {space: unit.imports for space, unit in self._units.items()}
        for space, paths in import_paths(definitions.namespace, imported).items():
            self._units[space].paths = paths
        self.nodes: dict[Key, Node] = {}
        for unit in self._units.values():
            unit.declare()
        for node in tuple(self.nodes.values()):
            node.link()
        self._refuse_circles()

    def unit(self, namespace: str) -> "Unit | None":
        """Return the part of a namespace."""
        return self._units.get(namespace)

    def _refuse_circles(self) -> None:
        """Note decisions that require themselves by some way."""
        state: dict[Key, int] = {}
        for start in self.nodes.values():
            stack: list[tuple[Node, int]] = [(start, 0)]
            while stack:
                node, index = stack.pop()
                if index == 0:
                    if state.get(node.key):
                        continue
                    state[node.key] = 1
                needs = node.needs
                if index < len(needs):
                    stack.append((node, index + 1))
                    following = needs[index]
                    if state.get(following.key) == 1:
                        self._circle(following)
                    elif not state.get(following.key):
                        stack.append((following, 0))
                else:
                    state[node.key] = 2

    def _circle(self, node: "Node") -> None:
        error = FlowMasterError(
            "dmn.circular",
            f"The decision {node.name!r} requires itself.",
            path=f"element:{node.key[1]}",
            fix="Remove one of the requirements of the circle.",
            status=422,
        )
        node.error = error
        self.errors.append(error)


class Unit:
    """One document within a compiled model."""

    def __init__(self, definitions: m.Definitions, whole: Graph) -> None:
        self.definitions = definitions
        self.whole = whole
        self.imports = {item.namespace: item.name for item in definitions.imports}
        self.paths: tuple[tuple[str, ...], ...] = ()
        """The ways of import names that lead here from the main document."""
        self.types = TypeBook(definitions, self._types_of)
        self.nodes: dict[Key, Node] = {}

    def _types_of(self, prefix: str) -> TypeBook | None:
        for item in self.definitions.imports:
            unit = self.whole.unit(item.namespace) if item.name == prefix else None
            if unit is not None:
                return unit.types
        return None

    def declare(self) -> None:
        """Make the nodes of the document, without their requirements."""
        found = self.definitions
        nodes: list[Node] = [InputNode(self, item) for item in found.inputs]
        nodes += [DecisionNode(self, item) for item in found.decisions]
        nodes += [KnowledgeNode(self, item) for item in found.knowledge]
        nodes += [ServiceNode(self, item) for item in found.services]
        for node in nodes:
            self.nodes[node.key] = node
            self.whole.nodes[node.key] = node

    def resolve(self, reference: str, owner: "Node") -> "Node | None":
        """Return the node of a reference `#id` or `namespace#id`; note when there is none."""
        space, _, name = reference.rpartition("#")
        node = self.whole.nodes.get((space or self.definitions.namespace, name))
        if node is None:
            owner.error = FlowMasterError(
                "dmn.reference_unknown",
                f"{owner.name!r} requires {reference!r}, which is not there.",
                path=f"element:{owner.key[1]}",
                fix="Give the imported model too, or correct the reference.",
                status=422,
            )
            self.whole.errors.append(owner.error)
        return node


class Node:
    """An element of the graph."""

    def __init__(self, unit: Unit, identity: str, name: str) -> None:
        self.unit = unit
        self.key: Key = (unit.definitions.namespace, identity or name)
        self.name = name
        self.error: FlowMasterError | None = None
        self.needs: tuple[Node, ...] = ()

    def link(self) -> None:
        """Connect to what is required and compile."""

    def resolved(self, references: Sequence[str]) -> "tuple[Node, ...]":
        """Return the nodes of references."""
        nodes = [self.unit.resolve(reference, self) for reference in references]
        return tuple(node for node in nodes if node is not None)

    def prefix_of(self, node: "Node") -> str:
        """Return the import name under which an element is seen here; empty for own ones."""
        space = node.key[0]
        return "" if space == self.key[0] else self.unit.imports.get(space, "")

    def scope_names(self, nodes: "Sequence[Node]") -> NameSet:
        """Return the names that an expression here knows."""
        names = set(self.unit.definitions.names)
        for node in nodes:
            names.add(node.name)
            prefix = self.prefix_of(node)
            if prefix:
                names.add(prefix)
            if node.key[0] != self.key[0]:
                names |= node.unit.definitions.names
        for item in self.unit.definitions.imports:
            other = self.unit.whole.unit(item.namespace)
            if other is not None:
                names |= other.definitions.names
        return NameSet(names, BUILTIN_NAMES)

    def static_scope(self, nodes: "Sequence[Node]") -> dict[str, object]:
        """Return the functions among the required nodes by name, imported ones in a context."""
        scope: dict[str, object] = {}
        for node in [one for one in nodes if isinstance(one, (KnowledgeNode, ServiceNode))]:
            prefix = self.prefix_of(node)
            if prefix:
                inner = scope.setdefault(prefix, {})
                assert isinstance(inner, dict)
                inner[node.name] = node.function
            else:
                scope[node.name] = node.function
        return scope

    def guarded(self, box: BoxCompiler, logic: m.Boxed, names: NameSet) -> Code:
        """Compile logic; what is wrong with it is noted and raised when it is needed."""
        try:
            return box.compile(logic, names)
        except FlowMasterError as error:
            error.path = error.path or f"element:{self.key[1]}"
            self.error = error
            self.unit.whole.errors.append(error)
            return lambda variables, run: None


class InputNode(Node):
    """Input data."""

    def __init__(self, unit: Unit, item: m.InputData) -> None:
        super().__init__(unit, item.id, item.name)
        self.type_ref = item.type_ref
        found = unit.types.of(item.type_ref)
        self.type: FeelType | None = None if found is ANY else found
        self.classes: frozenset[type] = frozenset() if unit.paths else classes_of(self.type)
        """The classes of values that need no further look; imported input data is always looked for."""

    def compute(self, run: DmnRun) -> object:
        """Return the given value, read and checked by the declared type."""
        value = run.values.get(self.key, _MISSING)
        if value is _MISSING:
            value = self._given(run)
            if self.type is not None and value is not None:
                value = self.fitted(value, run)
            run.values[self.key] = value
        return value

    def _given(self, run: DmnRun) -> object:
        """Return what was given by the names of imports, nested or with dots, or else by the name alone."""
        for path in self.unit.paths:
            found: object = run.inputs
            for name in (*path, self.name):
                found = found.get(name) if isinstance(found, Mapping) else None
            if found is None:
                found = run.inputs.get(".".join((*path, self.name)))
            if found is not None:
                return found
        return run.inputs.get(self.name)

    def fitted(self, value: object, run: DmnRun) -> object:
        """Read and check a given value."""
        assert self.type is not None
        result, fits = coerce(read_typed(value, self.type), self.type)
        if not fits:
            text = f"The input {self.name!r} is {kind_of(value)} but must be {self.type}"
            run.fail("input_wrong_type", text, inputs={self.name: value})
        return result


class DecisionNode(Node):
    """A decision."""

    def __init__(self, unit: Unit, item: m.Decision) -> None:
        super().__init__(unit, item.id, item.name)
        self.item = item
        self.code: Code | None = None
        self.table: CompiledTable | None = None
        self.steps: tuple[Step, ...] = ()
        self.direct: Direct | None = None
        found = unit.types.of(item.type_ref)
        self.type: FeelType | None = None if found is ANY else found
        self.classes = classes_of(self.type)
        self.static: dict[str, object] = {}
        self.values: tuple[tuple[str, str, InputNode | DecisionNode], ...] = ()
        self.inputs: tuple[tuple[str, InputNode], ...] = ()

    def link(self) -> None:
        """Connect to what is required and compile the logic; each counts as what it is, however it is required."""
        required = self.resolved((*self.item.requires, *self.item.knows))
        values = _values_among(required)
        self.needs = tuple(node for node in values if isinstance(node, DecisionNode))
        self.inputs = tuple(
            (node.name, node) for node in values if isinstance(node, InputNode) and not self.prefix_of(node)
        )
        others = [node for node in values if not isinstance(node, InputNode) or self.prefix_of(node)]
        self.values = tuple((self.prefix_of(node), node.name, node) for node in others)
        self.static = self.static_scope(required)
        box = BoxCompiler(self.name, self.unit.types)
        if self.item.logic is not None:
            code = self.guarded(box, self.item.logic, self.scope_names(required))
            self.code = box.typed(code, self.item.type_ref)
            if isinstance(self.item.logic, m.DecisionTable):
                self.table = next(iter(box.tables.values()), None)
            if self.table is not None:
                self.steps = steps_of(self.table, dict(self.inputs))
                self.direct = direct_of(self.key[1], self.type, self.table, self.steps)

    def _ask_directly(self, table: CompiledTable, run: DmnRun) -> object:
        inputs = run.inputs
        found = None if self.direct is None else self.direct(inputs)
        if found is not None:
            run.matched += found.matched
            run.values[self.key] = found.value
            return found.value
        rows = table.all_rows
        values: list[object] = []
        for name, classes, look_up in self.steps:
            value = inputs.get(name)
            if value.__class__ not in classes:
                return _MISSING
            values.append(value)
            rows &= look_up(value)
        outer = run.where, run.decision
        run.where, run.decision = self.name, self.key[1]
        value = table.choose(rows, values, run)
        if self.type is not None and value.__class__ not in self.classes:
            value, fits = coerce(value, self.type, run)
            if not fits:
                run.warn(f"The answer does not fit the type {self.type}", NOWHERE)
        run.where, run.decision = outer
        run.values[self.key] = value
        return value

    def compute(self, run: DmnRun) -> object:
        """Return the value: a given one, one found before, or what the logic answers."""
        value = run.values.get(self.key, _MISSING)
        if value is not _MISSING:
            return value
        if self.name in run.decisions:
            return self._given(run.decisions[self.name], run)
        if self.error is not None:
            raise self.error
        if self.code is None:
            return self._given(run.inputs.get(self.name), run)
        if self.steps and self.table is not None:
            value = self._ask_directly(self.table, run)
            if value is not _MISSING:
                return value
        scope = {**run.surroundings, **self.static}
        run.enter()
        inputs = run.inputs
        for name, source in self.inputs:
            value = inputs.get(name)
            scope[name] = value if value.__class__ in source.classes else source.compute(run)
        for prefix, name, node in self.values:
            if prefix:
                inner = dict(scope.get(prefix) or {})  # type: ignore[call-overload]  # Prefixes name contexts.
                inner[name] = node.compute(run)
                scope[prefix] = inner
            else:
                scope[name] = node.compute(run)
        outer = run.where, run.decision
        run.where, run.decision = self.name, self.key[1]
        value = self.code(scope, run)
        run.where, run.decision = outer
        run.depth -= 1
        run.values[self.key] = value
        return value

    def _given(self, value: object, run: DmnRun) -> object:
        value = read_typed(value, self.unit.types.of(self.item.type_ref))
        run.values[self.key] = value
        return value

    def input_names(self) -> tuple[tuple[str, str], ...]:
        """Return the input data needed, by name and type."""
        found: dict[str, str] = {}
        pending: list[DecisionNode] = [self]
        seen: set[Key] = set()
        while pending:
            node = pending.pop()
            if node.key in seen:
                continue
            seen.add(node.key)
            for name, given in node.inputs:
                found.setdefault(name, given.type_ref)
            for prefix, name, needed in node.values:
                if isinstance(needed, InputNode):
                    found.setdefault(f"{prefix}.{name}", needed.type_ref)
                else:
                    pending.append(needed)
        return tuple(found.items())


def _values_among(nodes: Sequence[Node]) -> tuple[InputNode | DecisionNode, ...]:
    return tuple(node for node in nodes if isinstance(node, (InputNode, DecisionNode)))


class KnowledgeNode(Node):
    """A business knowledge model as a function."""

    def __init__(self, unit: Unit, item: m.KnowledgeModel) -> None:
        super().__init__(unit, item.id, item.name)
        self.item = item
        parameters = item.logic.parameters if item.logic is not None else ()
        self._code: Code | None = None
        self._static: dict[str, object] = {}
        self._target: Function | None = None
        types = tuple(unit.types.of(parameter.type_ref) or ANY for parameter in parameters)
        result = unit.types.result_of(item.type_ref)
        self.function = Function(
            self.name, tuple(parameter.name for parameter in parameters), self._call, types, result
        )

    def link(self) -> None:
        """Connect to the knowledge required and compile the function."""
        known = self.resolved(self.item.knows)
        self._static = self.static_scope(known)
        if self.item.logic is not None:
            names = self.scope_names((*known, self))
            self._static.setdefault(self.name, self.function)
            box = BoxCompiler(self.name, self.unit.types)
            try:
                self._code = box.function(self.item.logic, names, self.name)
            except FlowMasterError as error:
                self.error = error
                self.unit.whole.errors.append(error)

    def _call(self, run: Evaluation, values: Sequence[object]) -> object:
        if self.error is not None:
            raise self.error
        if self._code is None:
            return None
        if self._target is None:
            target = self._code(self._static, run)
            self._target = target if isinstance(target, Function) else None
        return None if self._target is None else self._target.call(run, values)


class ServiceNode(Node):
    """A decision service as a function of its input decisions and input data."""

    def __init__(self, unit: Unit, item: m.Service) -> None:
        super().__init__(unit, item.id, item.name)
        self.item = item
        self._outputs: tuple[InputNode | DecisionNode, ...] = ()
        self._given: tuple[InputNode | DecisionNode, ...] = ()
        self.function = self._function(())

    def _function(self, types: tuple[FeelType, ...]) -> Function:
        spaces = self.unit.definitions
        names = {item.id: item.name for item in spaces.inputs} | {
            item.id: item.name for item in spaces.decisions
        }
        references = (*self.item.input_data, *self.item.input_decisions)
        labels = tuple(names.get(reference.rpartition("#")[2], reference) for reference in references)
        return Function(self.name, labels, self._call, types, self.unit.types.result_of(self.item.type_ref))

    def link(self) -> None:
        """Connect to the decisions."""
        self._outputs = _values_among(self.resolved(self.item.outputs))
        self._given = _values_among(self.resolved((*self.item.input_data, *self.item.input_decisions)))
        types = self.unit.types
        kinds = [
            types.of(node.type_ref if isinstance(node, InputNode) else node.item.type_ref) or ANY
            for node in self._given
        ]
        if len(kinds) == len(self.function.parameters):
            object.__setattr__(self.function, "types", tuple(kinds))

    def _call(self, run: Evaluation, values: Sequence[object]) -> object:
        if self.error is not None:
            raise self.error
        if not isinstance(run, DmnRun):
            own = DmnRun(NOTHING, run.at, run.zone, run.limits)
            own.steps, own.depth, own.warnings = run.steps, run.depth, run.warnings
            answer = self._call(own, values)
            run.steps = own.steps
            return answer
        outer = run.inputs, run.values, run.decisions
        run.inputs, run.decisions = NOTHING, NOTHING
        run.values = {node.key: value for node, value in zip(self._given, values, strict=True)}
        try:
            found = [(node.name, node.compute(run)) for node in self._outputs]
        finally:
            run.inputs, run.values, run.decisions = outer
        return found[0][1] if len(found) == 1 else dict(found)
