"""From the bytes of a procedure to the outline of a draft: reading, candidates, and a shape without errors."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.outline.compile import Compiled, compile_outline
from flowmaster.engine.outline.problems import OutlineRefused
from flowmaster.engine.words.reading import is_words, read_words
from flowmaster.tools.document_source import Source
from flowmaster.tools.drafts import ProcessFile, errors_of

if TYPE_CHECKING:
    from flowmaster.knowledge.documents.model import ReadDocument
    from flowmaster.knowledge.documents.work import Work
    from flowmaster.knowledge.procedures.candidates import Candidates, Choice, Doubt, Reader, Step, Unused
    from flowmaster.knowledge.procedures.material import Material

SHAPES: Final = ((True, True), (False, True), (False, False))
"""How a draft is tried: as it was read, then without jumps and sub-steps, then as one sequence."""


_IN_WORDS: Final = re.compile(r"The process [^\n]* in words\.")
"""How a process in words begins, unlike a procedure whose first sentence is about a process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a caller says about an import."""

    document: str
    name: str
    process: str
    roles: tuple[str, ...]
    language: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """A draft of a procedure: its file, its steps with their sources, and what is left open."""

    compiled: Compiled
    file: ProcessFile
    language: str
    reader: str
    steps: "tuple[Step | Choice, ...]"
    unused: "tuple[Unused, ...]"
    doubts: "tuple[Doubt, ...]"


def reader_of() -> "Reader":
    """Return what reads procedures."""
    from flowmaster.knowledge.procedures.rules import RulesReader

    return RulesReader()


def drafted(
    source: Source, wanted: Wanted, check: Callable[[BpmnDocument], ProcessFile], work: "Work"
) -> Drafted:
    """Read a procedure into a draft without errors, or refuse it with what was looked for."""
    from flowmaster.knowledge.documents.read import read_document, text_of

    document = read_document(source.data, source.filename, work)
    if document.type == "text":
        text = text_of(source.data, source.filename)
        if is_words(text) and _IN_WORDS.match(text.lstrip()):
            return _of_words(text, check)
    reader = reader_of()
    material = _material(source, document, wanted, work)
    if _may_be_text(document) and not reader.read(material, work).steps:
        material = _material(source, document, wanted, work, is_text=True)
    for jumps, ways in SHAPES:
        found = reader.read(material, work)
        made = _made(found, wanted, document.filename, jumps=jumps, ways=ways)
        if made is None:
            continue
        compiled, steps, doubts = made
        file = check(compiled.document)
        if not errors_of(file.problems[compiled.outline.process]):
            return Drafted(
                compiled=compiled,
                file=file,
                language=material.language,
                reader=reader.name,
                steps=steps,
                unused=tuple(found.unused),
                doubts=doubts,
            )
    raise AssertionError("a plain sequence of steps has no errors")


def _may_be_text(document: "ReadDocument") -> bool:
    """Tell whether a table is one by its signs alone: sentences with semicolons look like it."""
    return document.type == "csv" and not document.filename.lower().endswith((".csv", ".tsv"))


def _material(
    source: Source, document: "ReadDocument", wanted: Wanted, work: "Work", *, is_text: bool = False
) -> "Material":
    from flowmaster.knowledge.procedures.languages import HEADINGS, language_of
    from flowmaster.knowledge.procedures.material import Material, blocks_of

    blocks = blocks_of(source.data, document, HEADINGS, work, is_text=is_text)
    return Material(
        document=wanted.document,
        blocks=blocks,
        language=wanted.language or language_of(blocks),
        roles=wanted.roles,
    )


def _made(
    found: "Candidates", wanted: Wanted, filename: str, *, jumps: bool, ways: bool
) -> "tuple[Compiled, tuple[Step | Choice, ...], tuple[Doubt, ...]] | None":
    from flowmaster.knowledge.procedures.candidates import Choice, Step, all_in, steps_in
    from flowmaster.knowledge.procedures.draft import outline_of
    from flowmaster.knowledge.procedures.names import identifier_of, step_name
    from flowmaster.knowledge.procedures.shaping import NODES_MAX, STEPS_MAX, shaped

    count = sum(1 for _ in steps_in(found.steps))
    if not count:
        raise _no_steps(found)
    nodes = sum(1 for _ in all_in(found.steps))
    if count > STEPS_MAX or nodes > NODES_MAX:
        raise _too_many(max(count, nodes), STEPS_MAX)
    result = shaped(found, jumps=jumps, ways=ways)
    title = step_name(wanted.name or found.title or filename.rpartition(".")[0], "Imported process")
    process = wanted.process or identifier_of(title, "process")
    outline = outline_of(found, result, process=process, name=title, document=wanted.document)
    try:
        compiled = compile_outline(outline)
    except OutlineRefused:
        if wanted.process or not ways:
            raise
        return None
    steps = tuple(node for node in all_in(result.steps) if isinstance(node, Step | Choice))
    return compiled, steps, tuple(sorted(result.doubts, key=lambda doubt: doubt.confidence))


def _of_words(text: str, check: Callable[[BpmnDocument], ProcessFile]) -> Drafted:
    compiled = compile_outline(*read_words(text))
    return Drafted(
        compiled=compiled,
        file=check(compiled.document),
        language="en",
        reader="words",
        steps=(),
        unused=(),
        doubts=(),
    )


def _no_steps(found: "Candidates") -> FlowMasterError:
    left = "; ".join(f"{each.where}: {each.text[:60]!r} ({each.why})" for each in found.unused[:3])
    return FlowMasterError(
        "import.no_steps",
        f"No step was recognised in it.{f' Left unused: {left}.' if left else ''}",
        path="text",
        expected=list(found.looked_for),
        fix="Number the steps, one per line, and say who does each: `1. The clerk checks the invoice.`",
        next=[
            Hint("operation_find", {"query": "outline language"}, "Write the process as an outline instead.")
        ],
        status=422,
    )


def _too_many(count: int, allowed: int) -> FlowMasterError:
    return FlowMasterError(
        "import.too_many_steps",
        f"It has {count:,} steps and decisions; a draft takes {allowed:,}.",
        path="text",
        expected={"steps_max": allowed},
        fix="Import one procedure at a time: split the document by its chapters.",
        status=413,
    )
