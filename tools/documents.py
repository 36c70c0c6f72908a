"""Operations on documents: add one and read its fields, and look into it again later."""

import re
from asyncio import to_thread
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import Field

from flowmaster.engine.errors import FlowMasterError, Hint, did_you_mean
from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.stores.protocol import Reader, Transaction
from flowmaster.stores.rows import DocumentFilter, DocumentRow
from flowmaster.tools.document_source import Source, from_base64, from_path, from_url
from flowmaster.tools.models import (
    Arguments,
    Result,
    ResultList,
    Shape,
    Variables,
    WriteArguments,
    Written,
    follow_up,
)
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import store_once
from flowmaster.tools.steps import Steps, in_steps

if TYPE_CHECKING:
    from flowmaster.knowledge.documents.extraction import Extraction
    from flowmaster.knowledge.documents.model import ReadDocument
    from flowmaster.knowledge.documents.work import Work

ROWS_FIRST, ROWS_MATCHING_MAX, ROWS_SHOWN_MAX = 3, 20, 500
"""How many rows of a table an answer shows: unasked, to a question, and when its page is asked for."""
TEXT_SHOWN_MAX = 6_000
"""How many characters of text one answer shows."""
PASSAGES_MAX = 3
_KNOWN_MAX = 500


class DocumentAdd(WriteArguments):
    """A document to keep, and the fields wanted of it."""

    path: str = Field(default="", max_length=4_000, description="File below an allowed folder.")
    url: str = Field(default="", max_length=4_000, description="Public address to fetch.")
    content_base64: str = Field(default="", description="The bytes; needs `filename`.")
    filename: str = Field(default="", max_length=300, description="Their name.")
    document_schema: Written = Field(
        default=None,
        alias="schema",
        description="Field names and types, or 'invoice'; default: recognised.",
        examples=[{"invoice_number": "string", "total": "amount", "lines": [{"quantity": "number"}]}],
    )


class DocumentView(Result):
    """A document and what was read from it."""

    document: str = Field(description="Readable id.")
    filename: str = Field(description="Its name.")
    type: str = Field(description="pdf, docx, csv, xlsx, html or text.")
    pages: int = Field(description="Pages or sheets.")
    duplicate: bool = Field(
        default=False, description="These bytes were here already; this is that document."
    )
    same_invoice: list[str] = Field(
        default=[], description="Documents of the same supplier, number and total."
    )
    schema_used: str = Field(default="", description="The built-in schema that was recognised.")
    fields: dict[str, Any] = Field(
        default={}, description="Per field: value, confidence, page, box, quote, method, alternatives."
    )
    values: Variables = Field(default={}, description="Name and value, ready as start variables.")
    missing: list[str] = Field(default=[], description="Fields that were not found.")
    conflicts: list[str] = Field(default=[], description="Fields with another value as likely.")
    checks: list[dict[str, Any]] = Field(default=[], description="Sums that were checked.")
    columns: list[dict[str, Any]] = Field(default=[], description="Of a table: names and types.")
    rows: list[Variables] = Field(default=[], description="Of a table: its first or matching rows.")
    rows_total: int = Field(default=0, description="How many rows the table has, or match.")
    text: str = Field(default="", description="Text of the asked pages, page by page.")
    passages: list[dict[str, Any]] = Field(default=[], description="Lines that answer the question.")
    warnings: list[str] = Field(default=[], description="What was odd or left out.")


class _Learned(NamedTuple):
    """What one reading of a document brought."""

    document: "ReadDocument"
    extraction: "Extraction | None"
    recognised: str
    columns: list[dict[str, Any]]
    rows: list[dict[str, Json]]


async def _recover(call: Call, arguments: DocumentAdd, subject: str) -> DocumentView:
    row, data = stored_document(call.app.runtime.reader, call.caller.tenant, subject)
    learned = await in_steps(
        call, lambda steps: _learn(Source(data, row.name), arguments.document_schema, _work(steps))
    )
    return _view(row, learned)


@operation(right="document.write", core=True, open_world=True, recover=_recover, lasting="may")
async def document_add(call: Call, arguments: DocumentAdd) -> DocumentView:
    """Keep a document (text PDF, CSV, XLSX, HTML, text) and read its fields, each with place and confidence."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    source = await to_thread(_source, call, arguments)
    learned = await in_steps(call, lambda steps: _learn(source, arguments.document_schema, _work(steps)))
    sha256 = learned.document.sha256
    fact = _invoice_fact(learned.extraction)

    def work(transaction: Transaction) -> tuple[DocumentRow, bool, list[str]]:
        known = transaction.find_documents(tenant, DocumentFilter(sha256=sha256, limit=1)).items
        if known:
            store_once(transaction, call, subject=known[0].document)
            return known[0], True, _others(transaction, tenant, fact, known[0].document)
        at = runtime.clock.now(transaction)
        slug = slug_of(learned.document.filename)
        row = DocumentRow(
            document=f"{slug}:{transaction.next_number(tenant, f'document:{slug}')}",
            name=learned.document.filename,
            media_type=learned.document.media_type,
            sha256=transaction.put_blob(tenant, source.data),
            size=len(source.data),
            by=call.caller.person,
            at=at,
            meta=_meta(learned, arguments),
        )
        transaction.put_document(tenant, row)
        others = _others(transaction, tenant, fact, row.document)
        if fact:
            transaction.put_setting(tenant, fact, [*others, row.document])
        transaction.journal(
            tenant,
            f"document:{row.document}",
            at=at,
            by=call.caller.person,
            agent=call.caller.agent,
            operation="document_add",
            reason=arguments.reason or "",
            data={"sha256": row.sha256, "name": row.name},
        )
        store_once(transaction, call, subject=row.document)
        return row, False, others

    row, duplicate, others = await runtime.write(work, dry_run=arguments.dry_run)
    view = _view(row, learned)
    return view.model_copy(update={"duplicate": duplicate, "same_invoice": others, "next": _next(row, view)})


class DocumentRead(Arguments):
    """Which document, and what to look for in it."""

    document: str = Field(max_length=400, description="Document id.", examples=["invoice-clean-pdf:1"])
    document_schema: Written = Field(
        default=None, alias="schema", description="Fields to read, as in `document_add`."
    )
    pages: str = Field(default="", max_length=100, description="Pages to show in full.", examples=["1-2,5"])
    question: str = Field(default="", max_length=500, description="Words to find.")


@operation(right="document.read", core=True, read_only=True)
async def document_read(call: Call, arguments: DocumentRead) -> DocumentView:
    """Read a kept document: fields by a schema, text of pages, or the lines and rows that answer a question."""
    row, data = stored_document(call.app.runtime.reader, call.caller.tenant, arguments.document)
    schema = arguments.document_schema
    if schema is None and (arguments.question or arguments.pages):
        schema = False

    def look(steps: Steps) -> DocumentView:
        work = _work(steps)
        learned = _learn(Source(data, row.name), schema, work)
        return _view(row, learned).model_copy(update=_looked_up(learned, arguments, work))

    return await in_steps(call, look)


class DocumentFind(Arguments):
    """Which documents."""

    query: str = Field(default="", max_length=200, description="Words in id or name.", examples=["invoice"])
    limit: int = Field(default=20, ge=1, le=1000, description="Page size.")
    cursor: str | None = Field(default=None, description="Its next_cursor.")


class DocumentItem(Shape):
    """A document in a list."""

    document: str = Field(description="Readable id.")
    filename: str = Field(description="Its name.")
    media_type: str = Field(description="Its kind.")
    bytes: int = Field(description="How long it is.")
    added: str = Field(description="When it was added.")
    added_by: str = Field(description="By whom.")


@operation(right="document.read", read_only=True)
async def document_find(call: Call, arguments: DocumentFind) -> ResultList[DocumentItem]:
    """List kept documents, newest first."""
    which = DocumentFilter(query=arguments.query, limit=arguments.limit, cursor=arguments.cursor)
    page = call.app.runtime.reader.find_documents(call.caller.tenant, which)
    items = [
        DocumentItem(
            document=row.document,
            filename=row.name,
            media_type=row.media_type,
            bytes=row.size,
            added=iso(row.at),
            added_by=row.by,
        )
        for row in page.items
    ]
    return ResultList[DocumentItem](items=items, total=page.total, next_cursor=page.next_cursor)


def _source(call: Call, arguments: DocumentAdd) -> Source:
    given = [name for name in ("path", "url", "content_base64") if getattr(arguments, name)]
    if len(given) != 1:
        raise FlowMasterError(
            "arguments.invalid",
            "Give exactly one of `path`, `url` and `content_base64`.",
            path=given[1] if given else "path",
            expected=["path", "url", "content_base64"],
            fix="Give one of them.",
        )
    if arguments.path:
        return from_path(arguments.path, call.app.settings.folders, call.caller)
    if arguments.url:
        return from_url(arguments.url)
    return from_base64(arguments.content_base64, arguments.filename)


def _work(steps: Steps) -> "Work":
    from flowmaster.knowledge.documents import limits
    from flowmaster.knowledge.documents.work import Work

    return Work(limits.LIMITS, steps.is_over)


def _looked_up(learned: _Learned, arguments: DocumentRead, work: "Work") -> dict[str, Any]:
    if learned.columns:
        rows = _matching(learned.rows, arguments.question, work)
        shown = ROWS_SHOWN_MAX if arguments.pages else ROWS_MATCHING_MAX if arguments.question else ROWS_FIRST
        return {"rows": rows[:shown], "rows_total": len(rows)}
    if arguments.question:
        return {"passages": _passages(learned.document, arguments.question, work)}
    if arguments.pages or learned.extraction is None:
        return {"text": _text(learned.document, arguments.pages)}
    return {}


def _learn(source: Source, schema: Json, work: "Work") -> _Learned:
    """Read a document; `schema` None takes the recognised one, False takes none."""
    from flowmaster.knowledge.documents.fields import extract_fields
    from flowmaster.knowledge.documents.read import read_document
    from flowmaster.knowledge.documents.recognise import recognised_schema
    from flowmaster.knowledge.documents.tables import table_of

    document = read_document(source.data, source.filename, work)
    recognised = recognised_schema(document) if schema is None else ""
    wanted = recognised or schema
    extraction = extract_fields(document, wanted, work) if wanted else None
    if document.type not in {"csv", "xlsx"} or extraction is not None:
        return _Learned(document, extraction, recognised, [], [])
    table = table_of(document, work=work)
    return _Learned(
        document, extraction, recognised, [column.as_json() for column in table.columns], table.records()
    )


def _view(row: DocumentRow, learned: _Learned) -> DocumentView:
    document, extraction = learned.document, learned.extraction
    view = DocumentView(
        document=row.document,
        filename=row.name,
        type=document.type,
        pages=document.pages_total,
        schema_used=learned.recognised,
        columns=learned.columns,
        rows=learned.rows[:ROWS_FIRST],
        rows_total=len(learned.rows),
        warnings=list(document.warnings),
    )
    if extraction is None:
        return view
    return view.model_copy(
        update={
            "fields": {name: field.as_json(cells=False) for name, field in extraction.fields.items()},
            "values": extraction.values,
            "missing": list(extraction.missing),
            "conflicts": list(extraction.conflicts),
            "checks": [check.as_json() for check in extraction.checks],
        }
    )


def _meta(learned: _Learned, arguments: DocumentAdd) -> Json:
    meta: dict[str, Json] = {"read": learned.document.as_json()}
    if learned.extraction is not None:
        meta["schema"] = learned.recognised or arguments.document_schema
        meta["extraction"] = learned.extraction.as_json()
    return meta


def stored_document(reader: Reader, tenant: str, document: str) -> tuple[DocumentRow, bytes]:
    """Return a document that was added, with its bytes, or refuse an unknown one."""
    row = reader.find_document(tenant, document)
    data = reader.blob(tenant, row.sha256) if row is not None else None
    if row is None or data is None:
        known = reader.find_documents(tenant, DocumentFilter(limit=_KNOWN_MAX)).items
        raise FlowMasterError(
            "document.unknown",
            f"There is no document {document!r}.{did_you_mean(document, [each.document for each in known])}",
            path="document",
            fix="Call `document_find` to see the documents.",
            next=[Hint("document_find", {}, "List the documents.")],
            status=404,
        )
    return row, data


def slug_of(filename: str) -> str:
    """Return a file's name as the beginning of an id."""
    plain = filename.lower()
    for letter, written in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        plain = plain.replace(letter, written)
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:60].strip("-") or "document"


def _invoice_fact(extraction: "Extraction | None") -> str:
    """Return the name under which documents of one invoice are known: supplier, number and total."""
    from flowmaster.knowledge.documents.evidence import value_key

    values: Mapping[str, Json] = extraction.values if extraction is not None else {}
    parts = [values.get(name) for name in ("supplier", "invoice_number", "total")]
    if any(part is None for part in parts):
        return ""
    return "document.invoice:" + "|".join(value_key(part) for part in parts)


def _others(reader: Reader, tenant: str, fact: str, document: str) -> list[str]:
    known = reader.setting(tenant, fact) if fact else None
    if not isinstance(known, Sequence) or isinstance(known, str):
        return []
    return [each for each in known if isinstance(each, str) and each != document]


def _matching(rows: Sequence[dict[str, Json]], question: str, work: "Work") -> list[dict[str, Json]]:
    words = question.lower().split()
    return [row for row in work.each(rows) if _has_all(row, words)]


def _has_all(row: Mapping[str, Json], words: Sequence[str]) -> bool:
    texts = [str(value).lower() for value in row.values()] if words else []
    return all(any(word in text for text in texts) for word in words)


def _passages(document: "ReadDocument", question: str, work: "Work") -> list[dict[str, Any]]:
    from flowmaster.knowledge.documents.passages import find_passages

    return [passage.as_json() for passage in find_passages(document, question, work, limit=PASSAGES_MAX)]


def _text(document: "ReadDocument", pages: str) -> str:
    chosen = _page_numbers(pages, len(document.pages)) if pages else range(1, len(document.pages) + 1)
    parts = [f"[page {number}]\n{document.pages[number - 1].text}" for number in chosen]
    text = "\n".join(parts)
    if len(text) <= TEXT_SHOWN_MAX:
        return text
    return f"{text[:TEXT_SHOWN_MAX]}\n[{len(text) - TEXT_SHOWN_MAX} more characters: ask for fewer `pages`]"


def _page_numbers(pages: str, total: int) -> list[int]:
    numbers: list[int] = []
    for part in pages.split(","):
        match = re.fullmatch(r"\s*(\d{1,6})(?:\s*-\s*(\d{1,6}))?\s*", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= first <= last <= total:
            raise FlowMasterError(
                "document.page_unknown",
                f"The pages {pages!r} are not in the document, which has {total}.",
                path="pages",
                expected=f"1-{total}",
                fix="Give page numbers and ranges, such as '1-2,5'.",
            )
        numbers.extend(range(first, last + 1))
    return list(dict.fromkeys(numbers))


def _next(row: DocumentRow, view: DocumentView) -> list[Any]:
    if view.conflicts or view.missing:
        words = (view.conflicts or view.missing)[0].replace("_", " ")
        hint = Hint(
            "document_read", {"document": row.document, "question": words}, "Look at the lines in doubt."
        )
        return [follow_up(hint)]
    return []


OPERATIONS = (document_add, document_read, document_find)
