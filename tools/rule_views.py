"""Operations that show rules: the list of decisions, and one decision as a table, as DMN, as a file, as a picture."""

import base64
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from anyio import to_thread
from pydantic import Field

from flowmaster.engine.dmn.analysis import problems
from flowmaster.engine.dmn.compact import dmn_to_table
from flowmaster.engine.dmn.drd import draw_requirements, mermaid_of, with_diagram
from flowmaster.engine.dmn.matrix_csv import write_csv
from flowmaster.engine.dmn.matrix_writing import table_to_matrix
from flowmaster.engine.dmn.reader import DmnModel, read_dmn
from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import DefinitionFilter
from flowmaster.tools.extras import extra_missing, is_installed
from flowmaster.tools.models import Arguments, Result, ResultList, Shape, Value, follow_up
from flowmaster.tools.naming import instant_of
from flowmaster.tools.pages import page_of
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.rule_tests import kept_cases
from flowmaster.tools.rule_versions import KIND, version_of

VIEWS: TypeAlias = Literal["table", "dmn", "csv", "xlsx", "problems", "tests", "versions", "drd"]


class RuleFind(Arguments):
    """Which decisions."""

    query: str = Field(default="", max_length=200, description="Words in id or name.", examples=["approval"])
    limit: int = Field(default=20, ge=1, le=1000, description="Page size.")
    cursor: str | None = Field(default=None, description="Its next_cursor.")


class RuleItem(Shape):
    """A decision in a list."""

    decision: str = Field(description="Its id.")
    name: str = Field(description="What people call it.")
    in_force: int | None = Field(description="The version in force now, null if none is.")
    version: int = Field(description="The newest version.")
    updated: str = Field(description="When it was last saved.")
    updated_by: str = Field(description="By whom.")


@operation(right="rule.read", read_only=True)
async def rule_find(call: Call, arguments: RuleFind) -> ResultList[RuleItem]:
    """List decisions with the version in force."""
    reader, tenant, now = call.app.runtime.reader, call.caller.tenant, call.app.runtime.now()
    which = DefinitionFilter(kind=KIND, query=arguments.query, limit=arguments.limit, cursor=arguments.cursor)
    page = reader.find_definitions(tenant, which)
    items = [
        RuleItem(
            decision=row.key,
            name=row.name,
            in_force=reader.version_number(tenant, KIND, row.key, at=now),
            version=row.version,
            updated=iso(row.updated),
            updated_by=row.updated_by,
        )
        for row in page.items
    ]
    return ResultList[RuleItem](items=items, total=page.total, next_cursor=page.next_cursor)


class RuleRead(Arguments):
    """Which decision, and how to show it."""

    decision: str = Field(max_length=200, description="Decision id.", examples=["approval_level"])
    version: int | str | None = Field(default=None, description="Number or tag; default: the one in force.")
    at: str = Field(
        default="",
        max_length=60,
        description="The version in force then; default: now.",
        examples=["2026-12-31"],
    )
    view: VIEWS = Field(default="table", description="How to show it.")
    format: Literal["svg", "mermaid"] = Field(default="svg", description="Form of the view `drd`.")
    cursor: str | None = Field(default=None, description="Its next_cursor.")


class RuleShown(Result):
    """A decision in one view."""

    decision: str = Field(description="Its id.")
    version: int = Field(description="The version shown.")
    valid_from: str = Field(description="From when on it is valid.")
    view: str = Field(description="The view.")
    content: Value = Field(description="The view: an object, a list, text; of `xlsx` the bytes as base64.")
    filename: str = Field(default="", description="A name for the content as a file.")
    next_cursor: str | None = Field(default=None, description="Give it as `cursor` for the rest.")


class _Asked(NamedTuple):
    """What a view is made of."""

    reader: Reader
    tenant: str
    decision: str
    format: str
    model: DmnModel


@operation(right="rule.read", read_only=True)
async def rule_read(call: Call, arguments: RuleRead) -> RuleShown:
    """Show a decision: compact table, DMN with diagram, CSV, XLSX, problems, tests, versions or requirements."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    told = instant_of(arguments.at, "at")
    version = version_of(
        runtime.reader, tenant, arguments.decision, arguments.version, runtime.now() if told is None else told
    )
    model = read_dmn(version.content)
    asked = _Asked(runtime.reader, tenant, arguments.decision, arguments.format, model)
    content = await to_thread.run_sync(_RENDERERS[arguments.view], asked)
    page, cursor = page_of(content, arguments.cursor)
    suffix = {
        "dmn": "dmn",
        "csv": "csv",
        "xlsx": "xlsx",
        "drd": "svg" if arguments.format == "svg" else "mmd",
    }
    return RuleShown(
        decision=arguments.decision,
        version=version.version,
        valid_from=iso(version.valid_from),
        view=arguments.view,
        content=page,
        filename=f"{arguments.decision}.{suffix[arguments.view]}" if arguments.view in suffix else "",
        next_cursor=cursor,
        next=[follow_up(hint) for hint in _after(arguments, model)],
    )


def _after(arguments: RuleRead, model: DmnModel) -> list[Hint]:
    if arguments.view == "tests":
        return [Hint("rule_test", {"decision": arguments.decision}, "Play its tests.")]
    return []


def _table(asked: _Asked) -> Json:
    try:
        return dmn_to_table(asked.model, asked.decision)
    except FlowMasterError as error:
        if error.code != "decision.unknown":
            raise
        raise FlowMasterError(
            "rule.no_table",
            f"The decision {asked.decision!r} is no decision table.",
            path="view",
            expected=["dmn", "problems", "tests", "versions", "drd"],
            fix="Ask for another view.",
            next=[Hint("rule_read", {"decision": asked.decision, "view": "dmn"}, "See it as DMN.")],
            status=422,
        ) from None


def _csv(asked: _Asked) -> Json:
    return write_csv(table_to_matrix(_plain_table(asked)))


def _xlsx(asked: _Asked) -> Json:
    if not is_installed("documents"):
        raise extra_missing("rule_read", "documents")
    from flowmaster.knowledge.documents.sheets import write_sheet

    table = _plain_table(asked)
    return base64.b64encode(write_sheet(table_to_matrix(table), asked.decision)).decode()


def _plain_table(asked: _Asked) -> Mapping[str, Any]:
    table = _table(asked)
    assert isinstance(table, Mapping)
    return table


def _drd(asked: _Asked) -> Json:
    return draw_requirements(asked.model) if asked.format == "svg" else mermaid_of(asked.model)


def _versions(asked: _Asked) -> Json:
    return [
        {
            "version": version.version,
            "valid_from": iso(version.valid_from),
            "tag": version.tag,
            "by": version.by,
            "at": iso(version.at),
            "note": version.note,
        }
        for version in asked.reader.versions(asked.tenant, KIND, asked.decision)
    ]


_RENDERERS: Mapping[str, Callable[[_Asked], Json]] = {
    "table": _table,
    "dmn": lambda asked: with_diagram(asked.model),
    "csv": _csv,
    "xlsx": _xlsx,
    "problems": lambda asked: [problem.body() for problem in problems(asked.model)],
    "tests": lambda asked: list(kept_cases(asked.reader, asked.tenant, asked.decision)),
    "versions": _versions,
    "drd": _drd,
}

OPERATIONS = (rule_find, rule_read)
"""What this module offers."""
