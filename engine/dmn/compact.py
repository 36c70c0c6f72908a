r"""Decision tables in a compact form and back: what an agent writes, and what a DMN editor opens.

The form is a dictionary::

    {"decision": "approver", "name": "Approver", "hit": "FIRST",
     "inputs": [{"name": "amount", "type": "number"}, {"name": "country", "type": "string"}],
     "outputs": [{"name": "approver", "type": "string", "values": ["clerk", "cfo"]}],
     "rules": [["<= 1000", "-", "\"clerk\""], ["> 1000", "\"DE\", \"FR\"", "\"cfo\""]]}

A row has a FEEL cell for each input, each output, and each annotation; annotations may be left out.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from lxml import etree

from flowmaster.engine.bpmn.identifiers import NOT_XML
from flowmaster.engine.dmn import model as m
from flowmaster.engine.dmn.reader import DmnModel
from flowmaster.engine.dmn.xml import Element
from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.feel.convert import literal
from flowmaster.engine.feel.expression import BUILTIN_NAMES, compile_expression, compile_unary_tests
from flowmaster.engine.feel.lexer import FeelSyntaxError
from flowmaster.engine.feel.names import NameSet
from flowmaster.engine.values import Json

MODEL = "https://www.omg.org/spec/DMN/20191111/MODEL/"
"""DMN 1.3, which has all that a table needs and which every editor opens."""
DMNDI = "https://www.omg.org/spec/DMN/20191111/DMNDI/"
DC = "http://www.omg.org/spec/DMN/20180521/DC/"
DI = "http://www.omg.org/spec/DMN/20180521/DI/"
RULES_MAX = 10_000
_PREFIXES: dict[str | None, str] = {None: MODEL, "dmndi": DMNDI, "dc": DC, "di": DI}
_KEYS = ("decision", "name", "hit", "inputs", "outputs", "rules", "annotations", "description")
HITS = {
    "U": ("UNIQUE", ""),
    "F": ("FIRST", ""),
    "P": ("PRIORITY", ""),
    "A": ("ANY", ""),
    "R": ("RULE ORDER", ""),
    "O": ("OUTPUT ORDER", ""),
    "C": ("COLLECT", ""),
    "C+": ("COLLECT", "SUM"),
    "C<": ("COLLECT", "MIN"),
    "C>": ("COLLECT", "MAX"),
    "C#": ("COLLECT", "COUNT"),
}
_PATH = re.compile(r"[.()\[\]]")
"""What tells a path or call that stands for a name (`invoice.total`) from a name with blanks in it."""
_SHORT = {value: key for key, value in HITS.items()}


def table_to_dmn(table: Mapping[str, Json]) -> str:
    """Write a compact table as DMN 1.3 with diagram data, or refuse it with the path of what is wrong."""
    _refuse_unwritable(table, "")
    return _Writer(table).document()


def _refuse_unwritable(value: Json, path: str) -> None:
    """Refuse a text, anywhere in a table, with a character that XML cannot hold."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            _refuse_unwritable(key, path)
            _refuse_unwritable(each, f"{path}.{key}" if path else key)
    elif isinstance(value, str):
        if bad := NOT_XML.search(value):
            message = f"The character {bad[0]!r} at position {bad.start()} cannot stand in a table."
            raise refuse(path, message, "Leave the control character out.")
    elif isinstance(value, Sequence):
        for index, each in enumerate(value):
            _refuse_unwritable(each, f"{path}[{index}]")


def dmn_to_table(model: DmnModel, decision: str | None = None) -> dict[str, Json]:
    """Return the table of a decision, by id or name, or of the only one, in the compact form."""
    tables = [item for item in model.definitions.decisions if isinstance(item.logic, m.DecisionTable)]
    for item in tables:
        if decision in (item.id, item.name) or (decision is None and len(tables) == 1):
            assert isinstance(item.logic, m.DecisionTable)
            return _compact(item, item.logic)
    names: list[Json] = [item.name for item in tables]
    raise FlowMasterError(
        "decision.unknown" if decision else "decision.ambiguous",
        f"The model has no decision table {decision!r}." if decision else "The model has not just one table.",
        path="decision",
        expected=names,
        status=404,
    )


def _compact(decision: m.Decision, table: m.DecisionTable) -> dict[str, Json]:
    policy = table.hit_policy.value, table.aggregation
    inputs: list[Json] = []
    for column in table.inputs:
        label = column.label or column.expression.text
        entry: dict[str, Json] = {"name": label}
        if label != column.expression.text:
            entry["expression"] = column.expression.text
        inputs.append(_with(entry, type=column.expression.type_ref, values=column.values))
    outputs: list[Json] = []
    for output in table.outputs:
        default = output.default.text if output.default is not None else ""
        name = output.name or output.label or decision.name
        outputs.append(_with({"name": name}, type=output.type_ref, values=output.values, default=default))
    rules: list[Json] = [
        [*(cell.text or "-" for cell in (*rule.inputs, *rule.outputs)), *rule.annotations]
        for rule in table.rules
    ]
    result: dict[str, Json] = {
        "decision": decision.id,
        "name": decision.name,
        "hit": _SHORT.get(policy, policy[0]),
        "inputs": inputs,
        "outputs": outputs,
        "rules": rules,
    }
    if table.annotations:
        result["annotations"] = list(table.annotations)
    return _with(result, description=decision.description)


def _with(entry: dict[str, Json], **more: str) -> dict[str, Json]:
    entry.update({name: value for name, value in more.items() if value})
    return entry


def refuse(path: str, message: str, fix: str = "", expected: Json = None) -> FlowMasterError:
    """Return the refusal of a compact table."""
    if not fix and expected is None:
        fix = 'See how tables are written: call `operation_find` with "rule table".'
    return FlowMasterError("table.invalid", message, path=path, expected=expected, fix=fix, status=422)


def name_set(names: Iterable[str]) -> NameSet:
    """Return what the expressions of a table know: names of inputs, without paths and calls that stand for one."""
    return NameSet([name for name in names if not _PATH.search(name)], BUILTIN_NAMES)


class _Writer:
    def __init__(self, table: Mapping[str, Json]) -> None:
        for key in table:
            if key not in _KEYS:
                raise refuse(
                    key, f"A table has no entry {key!r}.{did_you_mean(key, _KEYS)}", expected=list(_KEYS)
                )
        self.name = _text(table, "name") or _text(table, "decision")
        self.id = _identifier(_text(table, "decision") or self.name)
        if not self.name:
            raise refuse("decision", "The table needs a `decision`, its id.")
        self.description = _text(table, "description")
        self.policy, self.aggregation = self._hit(_text(table, "hit") or "U")
        self.inputs = _columns(table, "inputs")
        self.outputs = _columns(table, "outputs")
        if not self.outputs:
            raise refuse("outputs", "The table needs at least one output.")
        labels = table.get("annotations") or ()
        self.annotations = (
            [str(label) for label in labels] if isinstance(labels, (list, tuple)) else [str(labels)]
        )
        self.known = name_set(_text(column, "name") for column in self.inputs)
        self.rules = self._rules(table.get("rules"))
        columns = len(self.inputs) + len(self.outputs)
        if not self.annotations and any(len(row) > columns for row in self.rules):
            self.annotations = ["Annotation"]
        for row in self.rules:
            row += [""] * (columns + len(self.annotations) - len(row))
        self.variables = self._variables()

    def _hit(self, hit: str) -> tuple[str, str]:
        wanted = " ".join(hit.replace("_", " ").upper().split())
        if wanted in HITS:
            return HITS[wanted]
        if any(wanted == policy for policy, _ in HITS.values()):
            return wanted, ""
        for policy, aggregation in HITS.values():
            if aggregation and wanted in (f"{policy} {aggregation}", aggregation):
                return policy, aggregation
        known: list[Json] = [" ".join(filter(None, policy)) for policy in HITS.values()]
        raise refuse(
            "hit", f"There is no hit policy {hit!r}.{did_you_mean(hit.upper(), list(HITS))}", expected=known
        )

    def _rules(self, rules: Json) -> list[list[str]]:
        if not isinstance(rules, (list, tuple)) or len(rules) > RULES_MAX:
            raise refuse("rules", f"`rules` is a list of at most {RULES_MAX:,} rows.")
        least = len(self.inputs) + len(self.outputs)
        most = least + max(1, len(self.annotations))
        result = []
        for number, row in enumerate(rules):
            if not isinstance(row, (list, tuple)) or not least <= len(row) <= most:
                cells = len(row) if isinstance(row, (list, tuple)) else 0
                raise refuse(
                    f"rules[{number}]",
                    f"The row has {cells} cells; it needs {len(self.inputs)} for the inputs and "
                    f"{len(self.outputs)} for the outputs, then annotations.",
                )
            result.append([self._cell(cell, number, column) for column, cell in enumerate(row)])
        return result

    def _cell(self, cell: Json, row: int, column: int) -> str:
        """Return a cell as FEEL text, checked."""
        path = f"rules[{row}][{column}]"
        least = len(self.inputs) + len(self.outputs)
        if column >= least:
            return "" if cell is None else str(cell)
        is_input = column < len(self.inputs)
        if cell is None or cell == "":
            return "-" if is_input else "null"
        text = cell.strip() if isinstance(cell, str) else literal(cell)
        try:
            if is_input:
                compile_unary_tests(text, names=self.known)
            elif text != "-":
                compile_expression(text, names=self.known)
        except FeelSyntaxError as error:
            raise FlowMasterError(
                "feel.syntax",
                f"Row {row + 1}, column {column + 1}: {error.message}",
                path=path,
                fix='Write texts in quotes, such as "DE"; several values with commas; `-` for any.',
                status=422,
            ) from None
        return "null" if not is_input and text == "-" else text

    def _variables(self) -> dict[str, str]:
        """Return the input data that the expressions read, with their types where they are columns themselves."""
        found: dict[str, str] = {}
        for index, column in enumerate(self.inputs):
            text = _text(column, "expression") or _text(column, "name")
            try:
                names = compile_expression(text, names=self.known).names
            except FeelSyntaxError as error:
                raise FlowMasterError(
                    "feel.syntax",
                    error.message,
                    path=f"inputs[{index}].expression",
                    fix=error.fix,
                    status=422,
                ) from None
            for name in sorted(names):
                kind = _text(column, "type") if name == text else ""
                found[name] = found.get(name) or kind
        return found

    def document(self) -> str:
        """Return the document."""
        root = etree.Element(f"{{{MODEL}}}definitions", nsmap=_PREFIXES)  # type: ignore[arg-type]  # The stubs of lxml forbid the default namespace.
        root.set("id", f"definitions_{self.id}")
        root.set("name", self.name)
        root.set("namespace", f"urn:flowmaster:rules:{self.id}")
        for name, kind in self.variables.items():
            data = _add(root, "inputData", id=f"input_{_identifier(name)}", name=name)
            _add(data, "variable", name=name, typeRef=kind)
        decision = _add(root, "decision", id=self.id, name=self.name)
        if self.description:
            _add(decision, "description").text = self.description
        _add(decision, "variable", name=self.name, typeRef=self._result_type())
        for name in self.variables:
            identity = _identifier(name)
            need = _add(decision, "informationRequirement", id=f"need_{identity}")
            _add(need, "requiredInput", href=f"#input_{identity}")
        self._table(decision)
        self._diagram(root)
        etree.indent(root)
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(root, encoding="unicode") + "\n"

    def _result_type(self) -> str:
        lists = self.policy in ("RULE ORDER", "OUTPUT ORDER") or (
            self.policy == "COLLECT" and not self.aggregation
        )
        return _text(self.outputs[0], "type") if len(self.outputs) == 1 and not lists else ""

    def _table(self, decision: Element) -> None:
        table = _add(decision, "decisionTable", id=f"table_{self.id}", hitPolicy=self.policy)
        if self.aggregation:
            table.set("aggregation", self.aggregation)
        for index, column in enumerate(self.inputs):
            name = _text(column, "name")
            item = _add(table, "input", id=f"in_{index + 1}", label=name)
            expression = _add(item, "inputExpression", id=f"in_{index + 1}_e", typeRef=_text(column, "type"))
            _add(expression, "text").text = _text(column, "expression") or name
            if column.get("values"):
                _add(_add(item, "inputValues"), "text").text = _values(column["values"])
        for index, column in enumerate(self.outputs):
            output = _add(
                table,
                "output",
                id=f"out_{index + 1}",
                name=_text(column, "name"),
                typeRef=_text(column, "type"),
            )
            if column.get("values"):
                _add(_add(output, "outputValues"), "text").text = _values(column["values"])
            if column.get("default") not in (None, ""):
                default = column["default"]
                text = default if isinstance(default, str) else literal(default)
                _add(_add(output, "defaultOutputEntry"), "text").text = text
        for label in self.annotations:
            _add(table, "annotation", name=label)
        for number, cells in enumerate(self.rules):
            self._rule(table, number + 1, cells)

    def _rule(self, table: Element, number: int, cells: Sequence[str]) -> None:
        rule = _add(table, "rule", id=f"rule_{number}")
        for index, cell in enumerate(cells):
            if index < len(self.inputs):
                kind = "inputEntry"
            elif index < len(self.inputs) + len(self.outputs):
                kind = "outputEntry"
            else:
                _add(_add(rule, "annotationEntry"), "text").text = cell
                continue
            _add(_add(rule, kind, id=f"rule_{number}_{index + 1}"), "text").text = cell

    def _diagram(self, root: Element) -> None:
        diagram = etree.SubElement(etree.SubElement(root, f"{{{DMNDI}}}DMNDI"), f"{{{DMNDI}}}DMNDiagram")
        diagram.set("id", f"diagram_{self.id}")
        count = max(1, len(self.variables))
        middle = 160 + (count - 1) * 90
        _shape(diagram, self.id, middle, 80, 180, 80)
        for index, name in enumerate(self.variables):
            identity = _identifier(name)
            x = 160 + index * 180
            _shape(diagram, f"input_{identity}", x + 27, 260, 125, 45)
            edge = etree.SubElement(diagram, f"{{{DMNDI}}}DMNEdge", id=f"edge_{identity}")
            edge.set("dmnElementRef", f"need_{identity}")
            for left, top in ((x + 90, 260), (middle + 90, 160)):
                etree.SubElement(edge, f"{{{DI}}}waypoint", x=str(left), y=str(top))


def _shape(diagram: Element, reference: str, x: int, y: int, width: int, height: int) -> None:
    shape = etree.SubElement(diagram, f"{{{DMNDI}}}DMNShape", id=f"shape_{reference}")
    shape.set("dmnElementRef", reference)
    etree.SubElement(shape, f"{{{DC}}}Bounds", x=str(x), y=str(y), width=str(width), height=str(height))


def _add(parent: Element, tag: str, **attributes: str) -> Element:
    element = etree.SubElement(parent, f"{{{MODEL}}}{tag}")
    for name, value in attributes.items():
        if value:
            element.set(name, value)
    return element


def _columns(table: Mapping[str, Json], key: str) -> list[Mapping[str, Json]]:
    columns = table.get(key)
    if not isinstance(columns, (list, tuple)):
        raise refuse(key, f"`{key}` is a list of columns, such as {{'name': 'amount', 'type': 'number'}}.")
    result: list[Mapping[str, Json]] = []
    for index, column in enumerate(columns):
        entry: Json = {"name": column} if isinstance(column, str) else column
        if not isinstance(entry, Mapping) or not _text(entry, "name"):
            raise refuse(f"{key}[{index}]", "A column needs a `name`.")
        result.append(entry)
    return result


def _values(values: Json) -> str:
    return (
        values
        if isinstance(values, str)
        else ", ".join(map(literal, values if isinstance(values, (list, tuple)) else [values]))
    )


def _text(entry: Mapping[str, Json], key: str) -> str:
    value = entry.get(key)
    if isinstance(value, (Mapping, list, tuple)):
        raise refuse(key, f"`{key}` is a text.")
    return "" if value is None else str(value).strip()


def _identifier(name: str) -> str:
    """Return a name as an XML id."""
    text = re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("_") or "x"
    return text if text[0].isalpha() or text[0] == "_" else f"_{text}"
