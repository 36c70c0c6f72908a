"""What the parts of the reader share while one process is read."""

from flowmaster.engine.bpmn.data_elements import FileData
from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element as XmlElement
from flowmaster.engine.bpmn.findings import Findings, called
from flowmaster.engine.bpmn.fixes import Edit
from flowmaster.engine.bpmn.reader_values import Values
from flowmaster.engine.bpmn.vocabulary import ACTIVITI, CAMUNDA, FLOWABLE
from flowmaster.engine.values import Json

_CAMUNDA_FAMILY = (CAMUNDA, FLOWABLE, ACTIVITI)


class Reading:
    """One process under way: its document, the problems so far, and the ids given to nameless elements."""

    def __init__(self, document: BpmnDocument, process: XmlElement, findings: Findings) -> None:
        self.document = document
        self.process = process
        self.findings = findings
        self.values = Values(findings, document.root.get("expressionLanguage"))
        self.data = FileData(document)
        self.forms: dict[str, Json] = {}
        self._made: dict[XmlElement, str] = {}
        self._numbers: dict[str, int] = {}
        self._associated: dict[XmlElement, list[XmlElement]] | None = None

    def id_of(self, xml: XmlElement) -> str:
        """Return the id of an element, a made one where the file gives none."""
        if xml.id:
            return xml.id
        if xml not in self._made:
            number = self._numbers.get(xml.kind, 0) + 1
            while self.document.find(made := f"{xml.kind}_{number}") is not None:
                number += 1
            self._numbers[xml.kind] = number
            self._made[xml] = made
        return self._made[xml]

    def called(self, xml: XmlElement) -> str:
        """Return how messages call an element: its name with its id, or the id alone."""
        return called(self.id_of(xml), " ".join(xml.name.split()))

    def add(
        self, code: str, xml: XmlElement, message: str, *, fix: str = "", fix_edit: Edit | None = None
    ) -> None:
        """Note a problem of an element of the file."""
        self.findings.add(code, self.id_of(xml), message, line=xml.line, fix=fix, fix_edit=fix_edit)

    def associated(self, xml: XmlElement) -> list[XmlElement]:
        """Return what associations connect with an element, in either direction."""
        if self._associated is None:
            self._associated = {}
            for association in self.document.root.descendants("association"):
                ends = self.document.source(association), self.document.target(association)
                for one, other in (ends, ends[::-1]):
                    if one is not None and other is not None:
                        self._associated.setdefault(one, []).append(other)
        return self._associated.get(xml, [])

    def resolve(self, xml: XmlElement, attribute: str, owner: XmlElement, *kinds: str) -> XmlElement | None:
        """Return what a reference names; note a problem at `owner` where it names nothing of these kinds."""
        reference = xml.get(attribute) or xml.text_of(attribute)
        if not reference:
            return None
        found = self.document.find(reference)
        if found is None or (kinds and found.kind not in kinds):
            what = " or ".join(f"`{kind}`" for kind in kinds) or "element"
            self.add(
                "reference.unknown",
                owner,
                f"{self.called(owner)} names {reference!r} in `{attribute}`, but the file has no such {what}.",
            )
            return None
        return found


def says(xml: XmlElement, attribute: str) -> bool:
    """Return whether an element names something in a reference attribute or child."""
    return bool(xml.get(attribute) or xml.text_of(attribute))


def camunda_attribute(xml: XmlElement, name: str) -> str:
    """Return an attribute of Camunda 7 or of one of its relatives (Flowable, Activiti)."""
    return next((found for space in _CAMUNDA_FAMILY if (found := xml.get(f"{{{space}}}{name}"))), "")


def camunda_extension(xml: XmlElement, name: str) -> XmlElement | None:
    """Return the first extension element of that name in the vocabulary of Camunda 7 or a relative."""
    for space in _CAMUNDA_FAMILY:
        found = xml.extension(f"{{{space}}}{name}")
        if found is not None:
            return found
    return None


def camunda_extensions(xml: XmlElement, name: str) -> list[XmlElement]:
    """Return all extension elements of that name in the vocabulary of Camunda 7 or a relative."""
    return xml.extensions(*(f"{{{space}}}{name}" for space in _CAMUNDA_FAMILY))


def is_camunda(name: str) -> bool:
    """Return whether a qualified name belongs to Camunda 7 or one of its relatives."""
    return name.startswith("{") and name[1:].partition("}")[0] in _CAMUNDA_FAMILY
