"""Compares what the rules find in a sample with what its reader wrote down: precision and recall."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.knowledge.documents.read import read_document
from flowmaster.knowledge.documents.work import Work
from flowmaster.knowledge.procedures.candidates import Candidates, Choice, Step, all_in, steps_in
from flowmaster.knowledge.procedures.draft import outline_of
from flowmaster.knowledge.procedures.languages import HEADINGS, language_of
from flowmaster.knowledge.procedures.material import Material, blocks_of
from flowmaster.knowledge.procedures.rules import RulesReader
from flowmaster.knowledge.procedures.shaping import shaped
from tests.imports.sop import Sop
from tests.imports.written import written


@dataclass(frozen=True)
class Score:
    """How many were expected, how many were found, and how many of them are the same."""

    expected: int = 0
    found: int = 0
    right: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(self.expected + other.expected, self.found + other.found, self.right + other.right)

    @property
    def precision(self) -> float:
        """Return the share of what was found that is right."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Return the share of what was expected that was found."""
        return self.right / self.expected if self.expected else 1.0

    def __str__(self) -> str:
        return f"precision {self.precision:.2f}, recall {self.recall:.2f} ({self.right} of {self.expected}, {self.found} found)"


@dataclass(frozen=True)
class Measured:
    """The scores of one or more samples."""

    steps: Score = Score()
    roles: Score = Score()
    conditions: Score = Score()
    joins: Score = Score()

    def __add__(self, other: "Measured") -> "Measured":
        return Measured(
            self.steps + other.steps,
            self.roles + other.roles,
            self.conditions + other.conditions,
            self.joins + other.joins,
        )


def candidates_of(data: bytes, filename: str, language: str = "") -> Candidates:
    """Return what the rules find in a file."""
    work = Work()
    blocks = blocks_of(data, read_document(data, filename, work), HEADINGS, work)
    told = Material(document=filename, blocks=blocks, language=language or language_of(blocks))
    return RulesReader().read(told, work)


def document_of(found: Candidates) -> BpmnDocument:
    """Return the draft of candidates."""
    result = shaped(found, jumps=True, ways=True)
    return compile_outline(outline_of(found, result, process="p", name="P", document="d")).document


def measured(sop: Sop) -> Measured:
    """Read a sample and compare."""
    found = candidates_of(*written(sop))
    steps = list(steps_in(found.steps))
    told = [
        step.source.quote for step in steps if step.kind != "wait" or any("ait" in each for each in sop.steps)
    ]
    conditions = [
        f"{node.condition.text} {node.source.quote}"
        for node in all_in(found.steps)
        if isinstance(node, Choice)
    ]
    conditions += [step.until.text for step in steps if isinstance(step, Step) and step.until is not None]
    names = {role.name.casefold() for role in found.roles}
    wanted = set(sop.roles)
    joins = _joins(document_of(found))
    return Measured(
        Score(len(sop.steps), len(told), _pairs(sop.steps, told)),
        Score(len(wanted), len(names), len(wanted & names)),
        Score(len(sop.conditions), len(conditions), _pairs(sop.conditions, conditions)),
        Score(sop.joins, joins, min(sop.joins, joins)),
    )


def _pairs(phrases: Sequence[str], texts: Iterable[str]) -> int:
    """Return how many phrases stand in a text of their own."""
    free = list(texts)
    right = 0
    for phrase in sorted(phrases, key=len, reverse=True):
        match = next((text for text in free if phrase.casefold() in text.casefold()), None)
        if match is not None:
            free.remove(match)
            right += 1
    return right


def _joins(document: BpmnDocument) -> int:
    process = document.processes[0]
    return sum(
        len(document.incoming(node)) > 1 for node in process.children("exclusiveGateway", "parallelGateway")
    )
