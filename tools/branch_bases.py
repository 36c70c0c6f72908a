"""What two lines of drafts have in common: the state at which they were cut or last merged, kept with the branch.

The published versions of a branch are these states, each noting the line that it is shared with. Two branches keep what
they share with each other at both, so that what one of them had with a deleted namesake of the other does not count.
"""

from collections.abc import Mapping
from typing import NamedTuple

from flowmaster.runtime.lines import Line, line_at
from flowmaster.stores.protocol import Reader, Transaction
from flowmaster.stores.rows import Draft, Version
from flowmaster.tools.drafts import BACK_TO


class Base(NamedTuple):
    """A state that a branch shares with another line: its content, and from which draft of each line on they differ."""

    content: str
    told: str
    here: int
    there: int


def put_base(
    transaction: Transaction, tenant: str, line: Line, other: Line, content: str, *, draft: Draft, there: int, told: str,
    here: int = 0,
) -> None:  # fmt: skip
    """Keep that a branch shares a state with another line; `draft` is the newest of the branch, as `here` unless given."""
    transaction.put_version(
        tenant,
        line.kind,
        line.address,
        name=draft.name,
        content=content,
        by=draft.by,
        at=draft.at,
        note=told,
        meta={"with": other.address, "here": here or draft.number, "there": there},
    )


def pass_on(transaction: Transaction, tenant: str, source: Line, target: Line, number: int) -> None:
    """Keep that what a merged branch shares with others is shared by what it was merged into, whose draft is `number`."""
    others = {
        line_at(str(each.meta.get("with", "")))
        for each in transaction.versions(tenant, source.kind, source.address)
        if isinstance(each.meta, Mapping)
    }
    for other in sorted(others - {source, target}):
        draft = transaction.draft(tenant, other.kind, other.address) if other.branch else None
        shared = base_of(transaction, tenant, source, other) if draft is not None else None
        known = base_of(transaction, tenant, other, target) if shared is not None else None
        if draft is None or shared is None or (known is not None and shared.there <= known.here):
            continue
        told, here = f"merged with {source.address} at draft {number}", shared.there
        put_base(
            transaction,
            tenant,
            other,
            target,
            shared.content,
            draft=draft,
            there=number,
            told=told,
            here=here,
        )
        mine = transaction.draft(tenant, target.kind, target.address)
        if target.branch and mine is not None:
            put_base(
                transaction, tenant, target, other, shared.content, draft=mine, there=here, told=told, here=number
            )  # fmt: skip


def base_of(reader: Reader, tenant: str, line: Line, other: Line) -> Base | None:
    """Return the newest state that a branch shares with another line; None if they have nothing in common."""
    found = _standing(reader, tenant, line, other)
    if not other.branch:
        return _base(found[0]) if found else None
    theirs = {each.digest for each in _shared(reader, tenant, other, line)}
    both = next((each for each in found if each.digest in theirs), None)
    if both is not None:
        return _base(both)
    main = Line(line.process)
    ends = [_standing(reader, tenant, each, main) for each in (line, other)]
    if not all(ends):
        return None
    return _base(min((each[0] for each in ends), key=lambda each: _numbers(each)[1]))


def _standing(reader: Reader, tenant: str, line: Line, other: Line) -> list[Version]:
    """Return the states that a branch shares with another line, without those whose merges were undone since."""
    found = _shared(reader, tenant, line, other)
    if not found:
        return []
    here, there = (_lineage(reader, tenant, each) for each in (line, other))
    standing = [each for each in found if _numbers(each)[0] in here and _numbers(each)[1] in {*there, 0}]
    return standing or found[-1:]


def _lineage(reader: Reader, tenant: str, line: Line) -> set[int]:
    """Return the drafts that the newest draft of a line has come from; what was undone is not among them."""
    kept = {each.number: each for each in reader.drafts(tenant, line.kind, line.address)}
    number, found = max(kept, default=0), set[int]()
    while number > 0:
        found.add(number)
        draft = kept.get(number)
        meta = draft.meta if draft is not None and isinstance(draft.meta, Mapping) else {}
        back = meta.get(BACK_TO)
        number = back if isinstance(back, int) and 0 < back < number else number - 1
    return found


def _shared(reader: Reader, tenant: str, line: Line, other: Line) -> list[Version]:
    """Return the states that a branch noted as shared with another line, the newest first."""
    return [
        each
        for each in reader.versions(tenant, line.kind, line.address)
        if isinstance(each.meta, Mapping) and each.meta.get("with") == other.address
    ]


def _base(version: Version) -> Base:
    return Base(version.content, version.note, *_numbers(version))


def _numbers(version: Version) -> tuple[int, int]:
    meta = version.meta if isinstance(version.meta, Mapping) else {}
    here, there = meta.get("here"), meta.get("there")
    return (here if isinstance(here, int) else 0, there if isinstance(there, int) else 0)
