"""Importing a procedure that people have written: it becomes a draft whose steps say where they come from."""

from asyncio import to_thread
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json
from flowmaster.runtime.lines import Line
from flowmaster.stores.protocol import Transaction
from flowmaster.tools.approvals import possible
from flowmaster.tools.bounds import leading, left_out
from flowmaster.tools.document_source import Source, from_base64, from_path
from flowmaster.tools.documents import stored_document
from flowmaster.tools.draft_problems import after_draft, shown_problems
from flowmaster.tools.drafts import KIND, ProcessFile, check_ids, read_file, save_draft
from flowmaster.tools.importing import Drafted, Wanted, drafted
from flowmaster.tools.models import Result, Shape, WriteArguments, follow_up
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import journal_process, store_once
from flowmaster.tools.steps import Steps, in_steps

if TYPE_CHECKING:
    from flowmaster.knowledge.procedures.candidates import Choice, Step

TEXT_NAME = "text.md"
"""The name of a text that comes without one."""
STEPS_BYTES, UNUSED_BYTES, QUESTIONS_BYTES, PROBLEMS_BYTES = 2_400, 800, 1_200, 1_000
SHOWN_LENGTH_MAX = 100
"""How much of a text that was not used an answer shows."""
READING = "document.read"
"""The right that a caller needs who imports a document that is kept here."""


class ProcessImport(WriteArguments):
    """A procedure: as a kept document, a file, a text or bytes."""

    document: str = Field(
        default="", max_length=400, description="Id of a kept document.", examples=["sop-docx:1"]
    )
    path: str = Field(default="", max_length=4_000, description="File below an allowed folder.")
    text: str = Field(
        default="",
        description="The procedure as text or Markdown.",
        examples=["1. The clerk checks the invoice.\n2. The manager approves it."],
    )
    content_base64: str = Field(default="", description="The bytes; needs `filename`.")
    filename: str = Field(default="", max_length=300, description="Their name.")
    name: str = Field(default="", max_length=200, description="Name of the process; default: its title.")
    process: str = Field(default="", max_length=200, description="Id of the process; default: from its name.")
    roles: list[str] = Field(
        default=[], max_length=60, description="Roles known here, by id.", examples=[["clerk"]]
    )
    language: Literal["en", "de"] | None = Field(default=None, description="Default: recognised.")


class ImportedStep(Shape):
    """A step of the draft with its source."""

    step: str = Field(description="Its name.")
    by: str = Field(default="", description="Roles, the kind of step, or the condition as FEEL.")
    where: str = Field(description="Place in the document.")
    confidence: str = Field(description="How sure it is, up to 1.")
    rule: str = Field(description="What recognised it.")


class ProcessImported(Result):
    """The draft that was made."""

    process: str = Field(description="Its id.")
    draft: int = Field(description="Number of the draft.")
    summary: str = Field(description="What was made, in words.")
    steps: list[ImportedStep] = Field(default=[], description="Steps with their sources.")
    not_used: list[str] = Field(
        default=[], description="Texts of which nothing was made, with place and reason."
    )
    open_questions: list[str] = Field(default=[], description="What the text leaves open, gravest first.")
    problems: list[dict[str, Any]] = Field(
        default=[], description="What is wrong with the draft; never errors."
    )


@operation(right="process.write", lasting="may")
async def process_import(call: Call, arguments: ProcessImport) -> ProcessImported:
    """Make a draft of a procedure (text, Markdown, PDF, DOCX, HTML, RACI or step table); each step names its source."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    source, document = await to_thread(_source, call, arguments)
    wanted = Wanted(
        document=document,
        name=arguments.name,
        process=arguments.process,
        roles=tuple(arguments.roles),
        language=arguments.language,
    )
    now = runtime.now()

    def check(made: BpmnDocument) -> ProcessFile:
        return read_file(made, call.app.registry, runtime.reader, tenant, at=now)

    def read(steps: Steps) -> Drafted:
        from flowmaster.knowledge.documents.limits import LIMITS
        from flowmaster.knowledge.documents.work import Work

        return drafted(source, wanted, check, Work(LIMITS, steps.is_over))

    made = await in_steps(call, read)
    check_ids(made.file)
    main = made.file.main("")

    def work(transaction: Transaction) -> int:
        at = runtime.clock.now(transaction)
        note = arguments.reason or f"imported from {document}"
        numbers = save_draft(transaction, tenant, made.file, by=call.caller.person, at=at, note=note)
        told: Json = {"draft": numbers[main], "document": document}
        journal_process(transaction, call, main, "process_import", at, told, arguments.reason)
        store_once(transaction, call, subject=main)
        return numbers[main]

    known = runtime.reader.find_definition(tenant, KIND, main) is not None
    draft = await runtime.write(work, dry_run=arguments.dry_run)
    return _answer(call, made, main, draft, known=known)


def _answer(call: Call, made: Drafted, main: str, draft: int, *, known: bool) -> ProcessImported:
    steps = [_step(step) for step in made.steps]
    unused = [
        f"{each.where}: {each.text[:SHOWN_LENGTH_MAX]}{'…' if len(each.text) > SHOWN_LENGTH_MAX else ''} ({each.why})"
        for each in made.unused
    ]
    questions = list(
        dict.fromkeys(
            [
                *(f"{doubt.text} ({doubt.where}; {doubt.confidence})" for doubt in made.doubts),
                *made.compiled.open_questions,
            ]
        )
    )
    found = made.file.problems[main]
    shown = (
        leading(steps, STEPS_BYTES),
        leading(unused, UNUSED_BYTES),
        leading(questions, QUESTIONS_BYTES),
        leading(shown_problems(found), PROBLEMS_BYTES),
    )
    totals = {
        "steps": (len(steps), len(shown[0])),
        "not_used": (len(unused), len(shown[1])),
        "open_questions": (len(questions), len(shown[2])),
        "problems": (len(found), len(shown[3])),
    }
    return ProcessImported(
        process=main,
        draft=draft,
        summary=_summary(made, main, draft, known=known),
        steps=shown[0],
        not_used=shown[1],
        open_questions=shown[2],
        problems=shown[3],
        left_out=left_out(totals),
        next=[follow_up(hint) for hint in possible(call, after_draft(made.file, Line(main)))],
    )


def _step(node: "Step | Choice") -> ImportedStep:
    return ImportedStep(
        step=_name(node),
        by=_by(node),
        where=node.source.where,
        confidence=f"{node.source.confidence:.2f}",
        rule=node.source.rule,
    )


def _name(node: "Step | Choice") -> str:
    from flowmaster.knowledge.procedures.candidates import Step

    return node.name if isinstance(node, Step) else node.condition.text[:SHOWN_LENGTH_MAX]


def _by(node: "Step | Choice") -> str:
    from flowmaster.knowledge.procedures.candidates import Step

    if not isinstance(node, Step):
        return f"if {node.condition.feel}"
    if node.children:
        return "sub-steps"
    return ", ".join(node.roles) if node.kind == "ask" else node.kind


def _summary(made: Drafted, main: str, draft: int, *, known: bool) -> str:
    process = made.file.process(main)
    count = sum(hasattr(step, "kind") for step in made.steps) or sum(
        1 for element in process.elements.values() if element.kind.lower().endswith("task")
    )
    language = {"en": "English", "de": "German"}[made.language]
    how = "the numbered words of FlowMaster" if made.reader == "words" else f"{language}, by {made.reader}"
    again = f" The process was there already: this is its draft {draft}." if known else ""
    return f"{process.name or main}: {count} steps, read as {how}; {len(made.unused)} texts not used.{again}"


def _source(call: Call, arguments: ProcessImport) -> tuple[Source, str]:
    """Return the bytes and the name of what they are: the id of a kept document, or a file name."""
    given = [name for name in ("document", "path", "text", "content_base64") if getattr(arguments, name)]
    if len(given) != 1:
        raise FlowMasterError(
            "arguments.invalid",
            "Give exactly one of `document`, `path`, `text` and `content_base64`.",
            path=given[1] if given else "document",
            expected=["document", "path", "text", "content_base64"],
            fix="Give one of them.",
        )
    if arguments.document:
        if not call.caller.may(READING):
            raise FlowMasterError(
                "access.denied",
                f"{call.caller.actor!r} may not read documents: that needs the right `{READING}`.",
                path="document",
                expected=READING,
                fix="Give the procedure as `text`, or let someone who holds the right make the call.",
                status=403,
            )
        row, data = stored_document(call.app.runtime.reader, call.caller.tenant, arguments.document)
        return Source(data, row.name), row.document
    if arguments.path:
        source = from_path(arguments.path, call.app.settings.folders, call.caller)
        return source, source.filename
    if arguments.text:
        return Source(
            arguments.text.encode("utf-8", "replace"), arguments.filename or TEXT_NAME
        ), arguments.filename or "text"
    source = from_base64(arguments.content_base64, arguments.filename)
    return source, source.filename


OPERATIONS = (process_import,)
