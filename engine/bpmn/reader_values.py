"""The expressions of a model: FEEL with a leading `=`, literals without, and simple `${...}` of Camunda 7."""

import re
from collections.abc import Iterable, Mapping, Sequence

from flowmaster.engine.bpmn.element import Element as XmlElement
from flowmaster.engine.bpmn.findings import Findings
from flowmaster.engine.bpmn.juel import feel_of_juel, is_juel
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel.declared import Read, reader_of
from flowmaster.engine.feel.expression import BUILTIN_NAMES, compile_expression
from flowmaster.engine.feel.names import NameSet
from flowmaster.engine.model import Constant, DataItem, Value
from flowmaster.engine.values import Json

NULL = Constant(None)
"""Stands where an expression cannot be read; the problem that says so refuses publishing."""

_SAME_EVERYWHERE = frozenset({"true", "false"})
_PATH = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


class Values:
    """Compiles the expressions of one process and notes what is wrong with them.

    `language` is the file's `expressionLanguage`. Modellers write XPath there whatever they use, so an expression
    counts as foreign only if it is no FEEL and has no leading `=`.
    """

    def __init__(self, findings: Findings, language: str = "") -> None:
        self._findings = findings
        self._foreign_by_default = bool(language) and "feel" not in language.lower()
        self._compiled: dict[str, Value] = {}
        self._names = NameSet((), BUILTIN_NAMES)
        self._declared: dict[str, Read] = {}

    def know(self, data: Sequence[DataItem], forms: Mapping[str, Json], names: Iterable[str] = ()) -> None:
        """Make variables known: FEEL names may hold blanks, and texts of declared types or forms stand for dates."""
        self._names = NameSet([*(item.name for item in data), *names], BUILTIN_NAMES)
        schemas = {item.name: item.schema for item in data}
        for form in forms.values():
            fields = form.get("properties") if isinstance(form, Mapping) else None
            for name, schema in fields.items() if isinstance(fields, Mapping) else ():
                if isinstance(schema, Mapping):
                    schemas.setdefault(name, schema)
        read = {name: reader_of(schema) for name, schema in schemas.items()}
        self._declared = {name: found for name, found in read.items() if found is not None}

    def literal_or_feel(self, text: str, owner: XmlElement, element: str, what: str) -> Value | None:
        """Read an attribute that is FEEL with a leading `=` and a literal without; None where it is empty."""
        text = text.strip()
        if not text:
            return None
        if text.startswith("=") or is_juel(text):
            return self.feel(text, owner, element, what)
        return Constant(text)

    def optional_feel(self, text: str, owner: XmlElement, element: str, what: str) -> Value | None:
        """Read what is FEEL with or without its leading `=`; None where it is empty."""
        return self.feel(text, owner, element, what) if text.strip() else None

    def feel(self, text: str, owner: XmlElement, element: str, what: str, language: str = "") -> Value:
        """Compile what is FEEL with or without its leading `=`."""
        source = text.strip()
        if is_juel(source) or (
            language and "feel" not in language.lower() and source not in _SAME_EVERYWHERE
        ):
            translated = feel_of_juel(source)
            if translated is None:
                return self._foreign(source, owner, element, what)
            source = translated
        bare = source.removeprefix("=")
        found = self._compiled.get(bare)
        if found is None:
            try:
                found = compile_expression(bare, names=self._names, declared=self._declared)
            except FlowMasterError as error:
                if self._foreign_by_default and bare == source:
                    return self._foreign(source, owner, element, what)
                self._findings.add(
                    "feel.syntax",
                    element,
                    f"{what} of {element!r} is no valid FEEL: {error.message}, in {short(bare)!r}.",
                    line=owner.line,
                    fix=error.fix,
                )
                return NULL
            self._compiled[bare] = found
        return found

    def _foreign(self, source: str, owner: XmlElement, element: str, what: str) -> Value:
        self._findings.add(
            "expression.language_unknown",
            element,
            f"{what} of {element!r} is not FEEL: {short(source)!r}.",
            line=owner.line,
        )
        return NULL

    def expression(self, holder: XmlElement, element: str, what: str) -> Value:
        """Compile a BPMN expression element such as `conditionExpression`."""
        return self.feel(holder.text, holder, element, what, holder.get("language"))

    def path(self, text: str, owner: XmlElement, element: str, what: str) -> tuple[str, ...]:
        """Read the variable path that a mapping writes to: `order.total`."""
        name = text.strip().removeprefix("=").strip()
        if not _PATH.fullmatch(name):
            self._findings.add(
                "variable.target_malformed",
                element,
                f"{what} of {element!r} is {short(text)!r}, which is no variable name.",
                line=owner.line,
            )
            return ()
        return tuple(name.split("."))


def short(text: str) -> str:
    """Return an expression on one line, cut where it is long."""
    flat = " ".join(text.split())
    return flat if len(flat) <= 100 else f"{flat[:97]}..."
