"""DMN XML to a model. The tree itself is kept, so that nothing of the document is lost."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from lxml import etree

from flowmaster.engine.dmn import model as m
from flowmaster.engine.dmn.compiled import CompiledModel
from flowmaster.engine.dmn.xml import (
    DEPTH_MAX,
    NAMESPACES,
    Element,
    child,
    children,
    content,
    line_of,
    local,
    namespace,
    parse,
    refuse,
    text_line,
    text_of,
)

LOGIC = (
    "literalExpression",
    "decisionTable",
    "context",
    "invocation",
    "relation",
    "functionDefinition",
    "list",
    "conditional",
    "for",
    "filter",
    "some",
    "every",
)


class DecisionName(NamedTuple):
    """A decision as a list shows it."""

    id: str
    name: str


class DmnModel:
    """A decision model: what it defines, and the tree it was read from."""

    def __init__(self, root: Element, definitions: m.Definitions) -> None:
        self._root = root
        self.definitions = definitions

    @property
    def root(self) -> Element:
        """The tree that the model was read from; it is not to be changed."""
        return self._root

    @property
    def decisions(self) -> tuple[DecisionName, ...]:
        """The decisions with their ids and names."""
        return tuple(DecisionName(decision.id, decision.name) for decision in self.definitions.decisions)

    @property
    def name(self) -> str:
        """The name of the model."""
        return self.definitions.name

    @property
    def namespace(self) -> str:
        """The namespace by which other models import this one."""
        return self.definitions.namespace

    def to_xml(self) -> bytes:
        """Return the document with everything that stood in it, diagrams and foreign content included."""
        return etree.tostring(self._root.getroottree(), xml_declaration=True, encoding="UTF-8")

    def compile(self, imports: "Sequence[DmnModel]" = ()) -> CompiledModel:
        """Compile the model; `imports` are the models that it or they import, in any order."""
        return CompiledModel(self.definitions, [model.definitions for model in imports])


def read_dmn(xml: bytes | str) -> DmnModel:
    """Read a DMN 1.1 to 1.6 document, or refuse it with a code `dmn.*` that names line and element."""
    root = parse(xml)
    return DmnModel(root, _Reader(root).definitions())


class _Reader:
    def __init__(self, root: Element) -> None:
        self.root = root
        self.names: set[str] = set()

    def definitions(self) -> m.Definitions:
        root = self.root
        imports = tuple(self._import(item) for item in children(root, "import"))
        types = tuple(self._item_definition(item, 0) for item in children(root, "itemDefinition"))
        inputs = tuple(
            m.InputData(item.get("id", ""), self._name(item), self._variable_type(item))
            for item in children(root, "inputData")
        )
        decisions = tuple(map(self._decision, children(root, "decision")))
        knowledge = tuple(map(self._knowledge, children(root, "businessKnowledgeModel")))
        services = tuple(map(self._service, children(root, "decisionService")))
        result = m.Definitions(
            root.get("id", ""),
            root.get("name", ""),
            root.get("namespace", ""),
            NAMESPACES[namespace(root)],
            imports,
            types,
            inputs,
            decisions,
            knowledge,
            services,
            frozenset(self.names),
        )
        self._check_ids(result)
        return result

    def _check_ids(self, found: m.Definitions) -> None:
        seen: set[str] = set()
        for element in children(
            self.root, "decision", "inputData", "businessKnowledgeModel", "decisionService"
        ):
            name = element.get("id", "")
            if not name and not element.get("name"):
                raise refuse(
                    "dmn.element_unnamed", "The element has neither id nor name", element, "Give it an id."
                )
            if name and name in seen:
                raise refuse(
                    "dmn.id_twice", f"The id {name!r} stands there twice", element, "Give each its own."
                )
            seen.add(name)

    def _import(self, element: Element) -> m.Import:
        return m.Import(
            element.get("name", ""),
            element.get("namespace", ""),
            element.get("importType", ""),
            element.get("locationURI", ""),
        )

    def _name(self, element: Element) -> str:
        return " ".join(element.get("name", "").split())

    def _type(self, element: Element) -> str:
        """Return a type reference: an attribute, an element in item definitions, a prefix of FEEL dropped."""
        reference = element.get("typeRef")
        if reference is None:
            inner = child(element, "typeRef")
            reference = content(inner)
        reference = reference.strip()
        prefix, colon, rest = reference.partition(":")
        if colon and (prefix == "feel" or "FEEL" in (element.nsmap.get(prefix) or "")):
            return rest
        return rest if colon and prefix in element.nsmap else reference

    def _variable_type(self, element: Element) -> str:
        variable = child(element, "variable")
        return self._type(variable) if variable is not None else ""

    def _item_definition(self, element: Element, depth: int) -> m.ItemDefinition:
        if depth > DEPTH_MAX:
            raise refuse("dmn.too_deep", "Types are nested too deeply", element, "Give inner types a name.")
        name = self._name(element)
        if depth:
            self.names.add(name)
        function = child(element, "functionItem")
        parameters: tuple[tuple[m.Parameter, ...], str] | None = None
        if function is not None:
            kinds = tuple(
                m.Parameter(self._name(item), self._type(item)) for item in children(function, "parameters")
            )
            parameters = kinds, function.get("outputTypeRef", "")
        return m.ItemDefinition(
            name,
            self._type(element),
            element.get("isCollection") == "true",
            tuple(self._item_definition(item, depth + 1) for item in children(element, "itemComponent")),
            text_of(child(element, "allowedValues")),
            text_of(child(element, "typeConstraint")),
            parameters,
            line_of(element),
        )

    def _references(self, element: Element, *names: str) -> tuple[str, ...]:
        found = []
        for item in children(element, *names):
            if item.get("href"):
                found.append(item.get("href", ""))
            else:
                found.extend(inner.get("href", "") for inner in children(item))
        return tuple(reference for reference in found if reference)

    def _decision(self, element: Element) -> m.Decision:
        logic = child(element, *LOGIC)
        return m.Decision(
            element.get("id", ""),
            self._name(element),
            self._variable_type(element),
            self._references(element, "informationRequirement"),
            self._references(element, "knowledgeRequirement"),
            self._boxed(logic, 0) if logic is not None else None,
            content(child(element, "question")),
            content(child(element, "allowedAnswers")),
            content(child(element, "description")),
            line_of(element),
        )

    def _knowledge(self, element: Element) -> m.KnowledgeModel:
        logic = child(element, "encapsulatedLogic")
        return m.KnowledgeModel(
            element.get("id", ""),
            self._name(element),
            self._variable_type(element),
            self._references(element, "knowledgeRequirement"),
            self._function(logic, 0) if logic is not None else None,
            line_of(element),
        )

    def _service(self, element: Element) -> m.Service:
        return m.Service(
            element.get("id", ""),
            self._name(element),
            self._variable_type(element),
            self._references(element, "outputDecision"),
            self._references(element, "encapsulatedDecision"),
            self._references(element, "inputDecision"),
            self._references(element, "inputData"),
            line_of(element),
        )

    def _boxed(self, element: Element | None, depth: int) -> m.Boxed:
        if element is None:
            return m.Literal("null")
        if depth > DEPTH_MAX:
            fix = "Make a decision of its own of an inner part."
            raise refuse("dmn.too_deep", "Expressions are nested too deeply", element, fix)
        kind = local(element)
        if kind in ("for", "some", "every"):
            return self._loop(element, kind, depth)
        read: dict[str, Callable[[Element, int], m.Boxed]] = {
            "context": self._context,
            "list": self._list,
            "relation": self._relation,
            "invocation": self._invocation,
            "functionDefinition": self._function,
            "conditional": self._conditional,
            "filter": self._filter,
        }
        if kind in read:
            return read[kind](element, depth)
        return self._table(element) if kind == "decisionTable" else self._literal(element)

    def _context(self, element: Element, depth: int) -> m.BoxedContext:
        entries = tuple(self._entry(item, depth) for item in children(element, "contextEntry"))
        return m.BoxedContext(entries, self._type(element))

    def _list(self, element: Element, depth: int) -> m.BoxedList:
        items = tuple(self._boxed(item, depth + 1) for item in children(element, *LOGIC))
        return m.BoxedList(items, self._type(element))

    def _conditional(self, element: Element, depth: int) -> m.Conditional:
        parts = [self._part(element, name, depth) for name in ("if", "then", "else")]
        return m.Conditional(parts[0], parts[1], parts[2], self._type(element), line_of(element))

    def _filter(self, element: Element, depth: int) -> m.FilterBox:
        source, match = self._part(element, "in", depth), self._part(element, "match", depth)
        return m.FilterBox(source, match, self._type(element), line_of(element))

    def _loop(self, element: Element, kind: str, depth: int) -> m.Loop:
        variable = " ".join(element.get("iteratorVariable", "").split())
        source = self._part(element, "in", depth)
        body = self._part(element, "return" if kind == "for" else "satisfies", depth)
        return m.Loop(kind, variable, source, body, self._type(element), line_of(element))

    def _part(self, element: Element, name: str, depth: int) -> m.Boxed:
        part = child(element, name)
        if part is None:
            raise refuse("dmn.part_missing", f"The element needs <{name}>", element, "Add it.")
        return self._boxed(child(part, *LOGIC), depth + 1)

    def _literal(self, element: Element) -> m.Literal:
        return m.Literal(
            text_of(element),
            self._type(element),
            text_line(element),
            element.get("expressionLanguage", ""),
            element.get("id", ""),
        )

    def _entry(self, element: Element, depth: int) -> m.Entry:
        variable = child(element, "variable")
        name = self._name(variable) if variable is not None else ""
        if name:
            self.names.add(name)
        kind = self._type(variable) if variable is not None else ""
        return m.Entry(name, kind, self._boxed(child(element, *LOGIC), depth + 1))

    def _relation(self, element: Element, depth: int) -> m.Relation:
        columns = tuple(self._name(item) for item in children(element, "column"))
        self.names.update(columns)
        rows = []
        for row in children(element, "row"):
            cells = tuple(self._boxed(item, depth + 1) for item in children(row, *LOGIC))
            if len(cells) != len(columns):
                message = f"The row has {len(cells)} cells, not {len(columns)}"
                raise refuse("dmn.row_length", message, row, "Give a cell for each column.")
            rows.append(cells)
        return m.Relation(columns, tuple(rows), self._type(element))

    def _invocation(self, element: Element, depth: int) -> m.Invocation:
        arguments = []
        for binding in children(element, "binding"):
            parameter = child(binding, "parameter")
            name = self._name(parameter) if parameter is not None else ""
            arguments.append((name, self._boxed(child(binding, *LOGIC), depth + 1)))
        function = self._boxed(child(element, *LOGIC), depth + 1)
        return m.Invocation(function, tuple(arguments), self._type(element), line_of(element))

    def _function(self, element: Element, depth: int) -> m.FunctionBox:
        parameters = tuple(
            m.Parameter(self._name(item), self._type(item)) for item in children(element, "formalParameter")
        )
        logic = child(element, *LOGIC)
        body = self._boxed(logic, depth + 1) if logic is not None else None
        kind = element.get("kind", "FEEL")
        return m.FunctionBox(parameters, body, kind, self._type(element), line_of(element))

    def _table(self, element: Element) -> m.DecisionTable:
        policy = element.get("hitPolicy", "UNIQUE")
        known = [item.value for item in m.HitPolicy]
        if policy not in known:
            fix = f"Take one of {', '.join(known)}."
            raise refuse("dmn.hit_policy_unknown", f"There is no hit policy {policy!r}", element, fix)
        inputs = tuple(map(self._table_input, children(element, "input")))
        outputs = tuple(map(self._table_output, children(element, "output")))
        if not outputs:
            raise refuse(
                "dmn.output_missing", "A decision table needs an output", element, "Add an <output>."
            )
        rules = tuple(self._rule(item, len(inputs), len(outputs)) for item in children(element, "rule"))
        annotations = tuple(self._name(item) for item in children(element, "annotation"))
        return m.DecisionTable(
            inputs,
            outputs,
            rules,
            m.HitPolicy(policy),
            element.get("aggregation", ""),
            annotations,
            self._type(element),
            element.get("id", ""),
            line_of(element),
        )

    def _table_input(self, element: Element) -> m.TableInput:
        expression = child(element, "inputExpression")
        if expression is None:
            fix = "Add an <inputExpression> with the value that its cells test."
            raise refuse("dmn.input_expression_missing", "An input column needs an expression", element, fix)
        return m.TableInput(
            self._literal(expression),
            text_of(child(element, "inputValues")),
            element.get("label", ""),
            element.get("id", ""),
        )

    def _table_output(self, element: Element) -> m.TableOutput:
        default = child(element, "defaultOutputEntry")
        if element.get("name"):
            self.names.add(self._name(element))
        return m.TableOutput(
            self._name(element),
            self._type(element),
            text_of(child(element, "outputValues")),
            self._literal(default) if default is not None else None,
            element.get("label", ""),
            element.get("id", ""),
        )

    def _rule(self, element: Element, inputs: int, outputs: int) -> m.Rule:
        conditions = tuple(map(self._literal, children(element, "inputEntry")))
        conclusions = tuple(map(self._literal, children(element, "outputEntry")))
        if len(conditions) != inputs or len(conclusions) != outputs:
            message = f"The rule has {len(conditions)} inputs and {len(conclusions)} outputs, not {inputs} and {outputs}"
            raise refuse(
                "dmn.rule_length", message, element, "Give an entry for each column; `-` fits any value."
            )
        notes = tuple(content(child(item, "text")) for item in children(element, "annotationEntry"))
        return m.Rule(element.get("id", ""), conditions, conclusions, notes, line_of(element))
