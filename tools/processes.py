"""Operations on processes: create, edit, read, find and test."""

from typing import Any, Literal

from pydantic import Field

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.outline.examples import EDITS_EXAMPLE, OUTLINE_EXAMPLE
from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.engine.words.reading import is_words, read_words
from flowmaster.runtime.lines import MARK, Line, line_at
from flowmaster.stores.protocol import Reader, Transaction
from flowmaster.stores.rows import DefinitionFilter
from flowmaster.tools.approvals import possible
from flowmaster.tools.bounds import leading, left_out
from flowmaster.tools.draft_edits import back_to, edited
from flowmaster.tools.draft_problems import (
    PROBLEMS_BYTES,
    SIDE_BYTES,
    after_test,
    shown_problems,
)
from flowmaster.tools.draft_tests import draft_tested
from flowmaster.tools.drafts import (
    KIND,
    ProcessFile,
    check_ids,
    draft_of,
    known_line,
    one_of_two,
    read_file,
    save_draft,
)
from flowmaster.tools.json_text import write_json
from flowmaster.tools.models import (
    Arguments,
    Edit,
    Result,
    ResultList,
    Shape,
    Value,
    Variables,
    WriteArguments,
    Written,
    follow_up,
)
from flowmaster.tools.outline_text import OutlineText, read_outline_text
from flowmaster.tools.pages import page_of
from flowmaster.tools.pdf_book import pdf_url
from flowmaster.tools.process_views import VIEWS, Shown, book_of, render
from flowmaster.tools.raster import png_url
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import journal_process, store_once
from flowmaster.tools.scenarios import (
    OUTCOMES_BYTES,
    Tested,
    in_short,
    run_scenarios,
    scenarios_of,
    told_in_short,
)
from flowmaster.tools.versions import VersionName, named_version

TRIES_SHOWN = 3
"""For how many branches that no scenario covers a test makes a scenario ready."""

LAWS_BYTES = 2_000
"""How long the laws of an answer may be."""

GENERATED_BYTES = 1_000
"""How long the outcomes of an answer may be that suggests scenarios."""


class ProcessCreate(WriteArguments):
    """An outline or a BPMN file."""

    outline: Written = Field(
        default=None,
        description=f"Process as outline: YAML, JSON, object or words. Example:\n{OUTLINE_EXAMPLE}",
    )
    bpmn: str = Field(default="", description="Process as BPMN 2.0 XML.")
    process: str = Field(default="", max_length=200, description="Which of the file.")
    name: str = Field(default="", max_length=200, description="Its name.")


class ProcessSaved(Result):
    """A saved draft."""

    process: str = Field(description="Its id.")
    draft: int = Field(description="Number of the draft.")
    problems: list[dict[str, Any]] = Field(description="What is wrong; errors refuse publishing.")
    open_questions: list[str] = Field(default=[], description="What the outline leaves open.")
    defaults: list[str] = Field(default=[], description="What was decided where the outline is silent.")
    summary: str = Field(description="What was saved, in words.")
    scenarios: str = Field(default="", description="How its scenarios go, unless it has errors.")
    failing: list[dict[str, Any]] = Field(default=[], description="Those that fail, with what differs.")
    processes: list[str] = Field(default=[], description="All processes of the file.")


@operation(right="process.write", core=True)
async def process_create(call: Call, arguments: ProcessCreate) -> ProcessSaved:
    """Create a process, or the next draft of one, from an outline or BPMN."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    if (arguments.outline is None) == (not arguments.bpmn):
        raise FlowMasterError(
            "arguments.invalid", "Give either `outline` or `bpmn`.", path="outline", fix="Give one of them."
        )
    questions: list[str] = []
    defaults: list[str] = []
    if arguments.bpmn:
        document = parse_bpmn(arguments.bpmn)
    else:
        compiled = compile_outline(*_outline(arguments.outline))
        document, questions, defaults = (
            compiled.document,
            list(compiled.open_questions),
            list(compiled.defaults),
        )
    now = runtime.clock.now(runtime.reader)
    file = read_file(document, call.app.registry, runtime.reader, tenant, at=now)
    check_ids(file)
    line = known_line(runtime.reader, tenant, arguments.process) if MARK in arguments.process else Line("")
    main = file.main(line.process or arguments.process)
    line = line.sibling(main)
    if arguments.name:
        document.element(main).set("name", arguments.name)
        file = read_file(document, call.app.registry, runtime.reader, tenant, at=now)

    def work(transaction: Transaction) -> int:
        at = runtime.clock.now(transaction)
        if line.branch:
            known_line(transaction, tenant, line.address)
        note, main_line = arguments.reason or "created", line.address
        numbers = save_draft(
            transaction, tenant, file, by=call.caller.person, at=at, note=note, main=main_line
        )
        told: Json = {"draft": numbers[main]}
        journal_process(transaction, call, main_line, "process_create", at, told, arguments.reason)
        store_once(transaction, call, subject=main_line)
        return numbers[main]

    known = runtime.reader.find_definition(tenant, line.kind, line.address)
    draft = await runtime.write(work, dry_run=arguments.dry_run)
    if known is not None:
        is_live = known.version and not line.branch
        stays = f"; version {known.version} stays in force until it is published" if is_live else ""
        defaults.insert(0, f"{line.address!r} exists: this is its draft {draft}{stays}.")
    problems = shown_problems(file.problems[main])
    asked, decided = leading(questions, SIDE_BYTES), leading(defaults, SIDE_BYTES)
    tested = await draft_tested(call, file, main, line.branch)
    return ProcessSaved(
        process=line.address,
        draft=draft,
        problems=problems,
        open_questions=asked,
        defaults=decided,
        left_out=left_out(
            {
                "problems": (len(file.problems[main]), len(problems)),
                "open_questions": (len(questions), len(asked)),
                "defaults": (len(defaults), len(decided)),
            }
        ),
        summary=_summary(file, main),
        scenarios=tested.told,
        failing=tested.failing,
        processes=file.processes if len(file.processes) > 1 else [],
        next=[follow_up(hint) for hint in tested.hints],
    )


def _outline(given: Json) -> OutlineText:
    """Return what an outline says, or a process in words: both come as a text."""
    if isinstance(given, str) and is_words(given):
        return OutlineText(*read_words(given))
    return read_outline_text(given) if isinstance(given, str) else OutlineText(given, {})


def _summary(file: ProcessFile, main: str) -> str:
    process = file.process(main)
    kinds: dict[str, int] = {}
    for element in process.elements.values():
        if element.kind not in ("process", "startEvent", "endEvent"):
            kinds[element.kind] = kinds.get(element.kind, 0) + 1
    parts = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    tests = len(scenarios_of(process))
    told = f"{tests} scenarios" if tests != 1 else "1 scenario"
    return f"{process.name or process.id}: {parts or 'no steps'}; {told}."


class ProcessEdit(WriteArguments):
    """Which process, and what to change."""

    process: str = Field(description="Process id.")
    edits: list[Edit] = Field(
        min_length=1, max_length=500, description=f"All or none are made. Example:\n{EDITS_EXAMPLE}"
    )
    base_draft: int | None = Field(default=None, ge=1, description="Refuse if not the newest.")


class ProcessEdited(Result):
    """What the edits changed."""

    process: str = Field(description="Its id.")
    draft: int = Field(description="Number of the new draft.")
    diff: list[dict[str, Any]] = Field(description="What was added, removed and changed.")
    problems: list[dict[str, Any]] = Field(description="What is wrong now; errors refuse publishing.")
    scenarios: str = Field(default="", description="How its scenarios go, unless it has errors.")
    failing: list[dict[str, Any]] = Field(default=[], description="Those that fail, with what differs.")


@operation(right="process.write", core=True)
async def process_edit(call: Call, arguments: ProcessEdit) -> ProcessEdited:
    """Change a draft by operations on element ids or names, all or none."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    line = line_at(arguments.process)

    def work(transaction: Transaction) -> tuple[int, ProcessFile, list[dict[str, Any]]]:
        draft = draft_of(transaction, tenant, arguments.process)
        base = draft.number if arguments.base_draft is None else arguments.base_draft
        made = edited(transaction, tenant, arguments.process, draft, arguments.edits)
        file = read_file(
            made.document, call.app.registry, transaction, tenant, at=runtime.clock.now(transaction)
        )
        at = runtime.clock.now(transaction)
        note = arguments.reason or f"{len(arguments.edits)} edits"
        numbers = save_draft(
            transaction,
            tenant,
            file,
            by=call.caller.person,
            at=at,
            note=note,
            base=base,
            main=arguments.process,
            back_to=back_to(transaction, tenant, arguments.process, draft, arguments.edits),
        )
        data: Json = {"draft": numbers[line.process], "edits": arguments.edits}
        journal_process(transaction, call, arguments.process, "process_edit", at, data, arguments.reason)
        store_once(transaction, call, subject=arguments.process)
        return numbers[line.process], file, [dict(change) for change in made.diff]

    number, file, diff = await runtime.write(work, dry_run=arguments.dry_run)
    problems = file.problems[line.process]
    changes, wrong = (
        leading(diff, PROBLEMS_BYTES - 1_500),
        leading(shown_problems(problems), PROBLEMS_BYTES - 1_500),
    )
    tested = await draft_tested(call, file, line.process, line.branch)
    return ProcessEdited(
        process=arguments.process,
        draft=number,
        diff=changes,
        problems=wrong,
        scenarios=tested.told,
        failing=tested.failing,
        left_out=left_out({"diff": (len(diff), len(changes)), "problems": (len(problems), len(wrong))}),
        next=[follow_up(hint) for hint in tested.hints],
    )


class ProcessRead(Arguments):
    """Which process, and how to show it."""

    process: str = Field(description="Process id.")
    version: VersionName | None = Field(default=None, description="Or tag; else newest draft.")
    draft: int | None = Field(default=None, ge=1, description="A draft.")
    view: VIEWS = Field(default="outline", description="How to show it.")
    performer: str | None = Field(
        default=None, max_length=200, description="Only steps of a role, agent, machine, third_party..."
    )
    cursor: str | None = Field(default=None, description="Its next_cursor.")


class ProcessShown(Result):
    """A process in one view."""

    process: str = Field(description="Its id.")
    version: int | None = Field(default=None, description="The version shown.")
    draft: int | None = Field(default=None, description="The draft shown.")
    view: str = Field(description="The view.")
    content: Value = Field(description="The view: text, or a list.")
    inputs: dict[str, Any] = Field(default={}, description="JSON Schema of the start variables.")
    next_cursor: str | None = Field(default=None, description="Give it as `cursor` for the rest.")


@operation(right="process.read", core=True, read_only=True)
async def process_read(call: Call, arguments: ProcessRead) -> ProcessShown:
    """Show a process; its `words` go back to `process_create`."""
    reader, tenant = call.app.runtime.reader, call.caller.tenant
    known_line(reader, tenant, arguments.process)
    bpmn, version, draft = _source(reader, tenant, arguments)
    if arguments.view == "pdf":
        about = f"version {version}" if version is not None else f"draft {draft}"
        book = book_of(call, bpmn, arguments.process, arguments.performer, about)
        shown = Shown(await pdf_url(book, "process_read"), {})
    else:
        shown = render(call, arguments.view, bpmn, arguments.process, arguments.performer)
    whole = await png_url(str(shown.content)) if arguments.view == "png" else shown.content
    content, cursor = page_of(whole, arguments.cursor)
    return ProcessShown(
        process=arguments.process,
        version=version,
        draft=draft,
        view=arguments.view,
        content=content,
        inputs=shown.inputs,
        next_cursor=cursor,
    )


def _source(reader: Reader, tenant: str, arguments: ProcessRead) -> tuple[str, int | None, int | None]:
    one_of_two(arguments.version, arguments.draft)
    if arguments.version is not None:
        version = named_version(reader, tenant, arguments.process, arguments.version)
        return version.content, version.version, None
    draft = draft_of(reader, tenant, arguments.process, arguments.draft)
    return draft.content, None, draft.number


class ProcessFind(Arguments):
    """Which processes."""

    query: str = Field(default="", max_length=200, description="Words in id or name.")
    state: Literal["draft", "published", "archived"] | None = Field(
        default=None, description="In this state."
    )
    limit: int = Field(default=20, ge=1, le=1000, description="Page size.")
    cursor: str | None = Field(default=None, description="Its next_cursor.")


class ProcessItem(Shape):
    """A process in a list."""

    process: str = Field(description="Its id.")
    name: str = Field(description="What people call it.")
    state: str = Field(description="draft, published or archived.")
    version: int = Field(description="Newest version, 0 if never published.")
    draft: int = Field(description="Newest draft.")
    changed: bool = Field(default=False, description="The draft is newer than the version.")
    updated: str = Field(description="When it last changed.")


@operation(right="process.read", core=True, read_only=True)
async def process_find(call: Call, arguments: ProcessFind) -> ResultList[ProcessItem]:
    """List processes."""
    page = call.app.runtime.reader.find_definitions(
        call.caller.tenant,
        DefinitionFilter(
            kind=KIND,
            state=arguments.state or "",
            query=arguments.query,
            limit=arguments.limit,
            cursor=arguments.cursor,
        ),
    )
    items = [
        ProcessItem(
            process=row.key,
            name=row.name,
            state=row.state,
            version=row.version,
            draft=row.draft,
            changed=row.changed,
            updated=iso(row.updated),
        )
        for row in page.items
    ]
    return ResultList[ProcessItem](items=items, total=page.total, next_cursor=page.next_cursor)


class ProcessTest(WriteArguments):
    """Which process, and what to play through."""

    process: str = Field(description="Process id.")
    scenarios: list[Variables] = Field(default=[], max_length=200, description="Default: its own.")
    generate: bool = Field(default=False, description="Suggest scenarios: uncovered branches, limits.")
    save: bool = Field(default=False, description="Keep given and suggested ones.")
    version: VersionName | None = Field(default=None, description="Or tag; else newest draft.")


class ProcessTested(Result):
    """How the scenarios went."""

    process: str = Field(description="Its id.")
    passed: int = Field(description="How many passed.")
    failed: int = Field(description="How many failed.")
    scenarios: list[dict[str, Any]] = Field(
        description="Each with its path; failed ones first, with differences."
    )
    coverage: dict[str, Any] = Field(
        description="Branches and rows of rules covered; without `scenarios` also those that none covers; `try` would."
    )
    suggested: list[dict[str, Any]] = Field(
        default=[],
        description="Generated scenarios; `expect` is what happened: judge it. `save` keeps all.",
    )
    laws: list[dict[str, Any]] = Field(
        default=[], description="Each law of the process; a broken one with the case that breaks it."
    )
    draft: int | None = Field(default=None, description="The draft that keeps the scenarios.")


@operation(right="process.write", core=True, lasting="may")
async def process_test(call: Call, arguments: ProcessTest) -> ProcessTested:
    """Play scenarios in a sandbox: path, outcome, differences, coverage."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    source = ProcessRead(process=arguments.process, version=arguments.version)
    content, _, _ = _source(runtime.reader, tenant, source)
    line = line_at(arguments.process)
    tested = await run_scenarios(
        call,
        content,
        line.process,
        arguments.scenarios or None,
        generate=arguments.generate,
        tries=TRIES_SHOWN,
    )
    draft = None
    kept = [*arguments.scenarios, *(dict(each.scenario) for each in tested.suggested)]
    if arguments.save and kept and arguments.version is None:
        edit = ProcessEdit(
            process=arguments.process,
            edits=[{"set_scenarios": kept}],
            dry_run=arguments.dry_run,
            reason=arguments.reason,
        )
        draft = (await process_edit.run(call, edit)).draft
    elif call.once is not None:
        await runtime.write(lambda transaction: store_once(transaction, call, subject=arguments.process))
    row = runtime.reader.find_definition(tenant, line.kind, line.address)
    newest = row is not None and row.version > 0 and not row.changed and draft is None
    file = read_file(content, call.app.registry, runtime.reader, tenant, at=runtime.clock.now(runtime.reader))
    may_publish = not (newest or arguments.version is not None)
    return _tested(call, arguments, tested, draft, file, may_publish=may_publish)


def _tested(
    call: Call,
    arguments: ProcessTest,
    tested: Tested,
    draft: int | None,
    file: ProcessFile,
    *,
    may_publish: bool,
) -> ProcessTested:
    laws = leading(sorted(tested.laws, key=lambda law: law["holds"] is True), LAWS_BYTES, least=1)
    room = OUTCOMES_BYTES - len(write_json(tested.coverage)) - len(write_json(laws))
    suggested = leading(
        [{"covers": each.covers, "scenario": dict(each.scenario)} for each in tested.suggested],
        room - GENERATED_BYTES,
    )
    shown = in_short(tested.outcomes, room if not suggested else GENERATED_BYTES)
    hints = after_test(arguments.process, arguments.version, tested, shown, file, may_publish=may_publish)
    return ProcessTested(
        process=arguments.process,
        passed=tested.passed,
        failed=tested.failed,
        scenarios=shown,
        left_out=left_out(
            {
                "scenarios": (len(tested.outcomes), len(shown)),
                "details": (told_in_short(shown), 0),
                "suggested": (len(tested.suggested), len(suggested)),
                "laws": (len(tested.laws), len(laws)),
            }
        ),
        coverage=dict(tested.coverage),
        suggested=suggested,
        laws=laws,
        draft=draft,
        next=[follow_up(hint) for hint in possible(call, hints)],
    )


OPERATIONS = (process_create, process_edit, process_read, process_find, process_test)
