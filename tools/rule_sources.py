"""What a decision is saved from: DMN, a compact table, CSV text, or a document that was added."""

from collections.abc import Mapping

from flowmaster.engine.dmn.compact import table_to_dmn
from flowmaster.engine.dmn.matrix import Grid, matrix_to_table
from flowmaster.engine.dmn.matrix_csv import read_csv
from flowmaster.engine.dmn.reader import DmnModel, read_dmn
from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.values import Json
from flowmaster.stores.protocol import Reader
from flowmaster.tools.documents import slug_of, stored_document
from flowmaster.tools.extras import extra_missing, is_installed
from flowmaster.tools.naming import naming

Table = Mapping[str, Json] | str | None
_DOCUMENT_KEYS = ("document", "decision", "name", "hit", "sheet")


def source_of(reader: Reader, tenant: str, dmn: str, table: Table, decision: str) -> tuple[str, DmnModel]:
    """Return the DMN text that the arguments give, and its model."""
    if bool(dmn) == (table is not None):
        raise FlowMasterError(
            "arguments.invalid", "Give either `dmn` or `table`.", path="dmn", fix="Give one of them."
        )
    with naming("dmn" if dmn else "table"):
        text = dmn or _written(_compact(reader, tenant, table, decision), table)
        return text, read_dmn(text)


def _written(compact: Mapping[str, Json], table: Table) -> str:
    """Return a table as DMN; what is wrong with one that came as an object is told by its place in there."""
    try:
        return table_to_dmn(compact)
    except FlowMasterError as error:
        given = isinstance(table, Mapping) and "document" not in table
        if (
            given
            and error.path
            and (error.path != "decision" or "decision" not in compact or table is compact)
        ):
            error.path = f"table.{error.path}"
        raise


def _compact(reader: Reader, tenant: str, table: Table, decision: str) -> Mapping[str, Json]:
    if isinstance(table, str):
        found = matrix_to_table(read_csv(table), decision=decision)
        if not found.get("decision"):
            raise FlowMasterError(
                "rule.unnamed",
                "The CSV text does not say which decision it is.",
                path="decision",
                fix="Give `decision`, its id.",
            )
        return found
    table = table or {}
    if "document" in table:
        return _from_document(reader, tenant, table, decision)
    return {"decision": decision, **table} if decision else table


def _from_document(
    reader: Reader, tenant: str, table: Mapping[str, Json], decision: str
) -> Mapping[str, Json]:
    told = {}
    for key, value in table.items():
        if key not in _DOCUMENT_KEYS or not isinstance(value, str):
            known = f"A table from a document has no entry {key!r}.{did_you_mean(key, _DOCUMENT_KEYS)}"
            raise FlowMasterError(
                "table.invalid",
                known if key not in _DOCUMENT_KEYS else f"`{key}` is a text.",
                path=f"table.{key}",
                expected=list(_DOCUMENT_KEYS),
                fix="Give the id of the document as `document`, the rest as texts.",
                status=422,
            )
        told[key] = value
    row, data = stored_document(reader, tenant, told["document"])
    grid = _grid(data, row.name, told.get("sheet", ""))
    wanted = told.get("decision") or decision
    found = matrix_to_table(grid, decision=wanted, name=told.get("name", ""), hit=told.get("hit", ""))
    return (
        found
        if found.get("decision")
        else {"decision": slug_of(row.name.rpartition(".")[0] or row.name), **found}
    )


def _grid(data: bytes, filename: str, sheet: str) -> Grid:
    if not is_installed("documents"):
        raise extra_missing("rule_save", "documents")
    from flowmaster.knowledge.documents.detect import detect
    from flowmaster.knowledge.documents.limits import LIMITS, unsupported
    from flowmaster.knowledge.documents.read import plain_name, text_of
    from flowmaster.knowledge.documents.sheets import read_first_sheet

    name = plain_name(filename)
    kind = detect(data, name, LIMITS).kind
    if kind == "xlsx":
        return read_first_sheet(data, name, sheet=sheet)
    if kind != "text":
        raise unsupported(name, f"{kind}, not a table (CSV or XLSX)")
    return read_csv(text_of(data, name))
