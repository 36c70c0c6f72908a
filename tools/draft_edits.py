"""Makes the next draft of a process: by edits, or by going back to a draft that was there before."""

from collections.abc import Mapping, Sequence

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.edits.apply import EditResult, apply_edits, compare
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json
from flowmaster.runtime.lines import line_at
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import Draft
from flowmaster.tools.drafts import KIND, draft_of, drafts_of

UNDO = "undo"


def edited(
    reader: Reader, tenant: str, process: str, draft: Draft, edits: Sequence[Mapping[str, Json]]
) -> EditResult:
    """Return what edits make of a draft of a process or branch; one that undoes stands alone."""
    document = parse_bpmn(draft.content)
    if any(UNDO in edit for edit in edits):
        before = parse_bpmn(_back_to(reader, tenant, process, draft, edits).content)
        return EditResult(before, compare(document, before, line_at(process).process))
    found = apply_edits(document, edits, process=line_at(process).process)
    old = {one.id for one in document.processes}
    for made in found.document.processes:
        if made.id not in old and reader.find_definition(tenant, KIND, made.id) is not None:
            raise FlowMasterError(
                "edit.process_exists",
                f"There is already a process {made.id!r}.",
                path="edits",
                fix="Extract to a process of another name.",
                status=409,
            )
    return found


def back_to(
    reader: Reader, tenant: str, process: str, draft: Draft, edits: Sequence[Mapping[str, Json]]
) -> int | None:
    """Return the number of the draft that edits go back to, None for edits that go on."""
    if any(UNDO in edit for edit in edits):
        return _back_to(reader, tenant, process, draft, edits).number
    return None


def _back_to(
    reader: Reader, tenant: str, process: str, draft: Draft, edits: Sequence[Mapping[str, Json]]
) -> Draft:
    wanted = edits[0][UNDO] if len(edits) == 1 and set(edits[0]) == {UNDO} else None
    if isinstance(wanted, bool) and wanted:
        return _before(reader, tenant, process, draft)
    if isinstance(wanted, int) and not isinstance(wanted, bool) and wanted != draft.number:
        return draft_of(reader, tenant, process, wanted)
    drafts: list[Json] = [one.number for one in drafts_of(reader, tenant, process)]
    raise FlowMasterError(
        "edit.undo_wrong",
        "`undo` stands alone: true for the draft before, or the number of an earlier draft.",
        path="edits",
        expected=drafts[1:],
        fix='Send edits: [{"undo": true}], and other edits afterwards.',
        status=422,
    )


def _before(reader: Reader, tenant: str, process: str, draft: Draft) -> Draft:
    """Return the draft before the present content came about, so that several undos go further back."""
    drafts = sorted(drafts_of(reader, tenant, process), key=lambda one: one.number)
    contents = [one.content for one in drafts if one.number <= draft.number]
    first = contents.index(draft.content)
    if not first:
        raise FlowMasterError(
            "edit.nothing_to_undo",
            f"Nothing came before draft {draft.number} of {process!r}.",
            path="edits",
            fix="Edit the process, or create it anew.",
            status=409,
        )
    return drafts[first - 1]
