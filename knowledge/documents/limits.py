"""How much of a document is read, and the refusals when it is more or is broken."""

from dataclasses import dataclass

from flowmaster.engine.errors import FlowMasterError

READABLE = ("text PDF", "DOCX", "CSV", "XLSX", "HTML", "plain text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of one reading; crossing one is an error that names it."""

    bytes_max: int = 50_000_000
    pages_max: int = 500
    words_per_page_max: int = 20_000
    characters_per_page_max: int = 1_000_000
    words_per_sheet_max: int = 1_000_000
    characters_per_sheet_max: int = 20_000_000
    cells_max: int = 1_000_000
    columns_max: int = 1_000
    unpacked_bytes_max: int = 200_000_000
    unpacked_ratio_max: int = 200
    parts_max: int = 2_000
    table_rules_max: int = 4_000
    memory_bytes_max: int = 1_000_000_000
    seconds_max: int = 7


LIMITS = Limits()


def corrupt(filename: str, kind: str, why: str) -> FlowMasterError:
    """Return the refusal of a file that says it is of a kind but cannot be read as one."""
    return FlowMasterError(
        "document.corrupt",
        f"{filename!r} looks like {kind} but cannot be read: {why}.",
        path="filename",
        fix="Open the file in the program that made it, save it again, and add the new copy.",
        status=422,
    )


def encrypted(filename: str, kind: str) -> FlowMasterError:
    """Return the refusal of a file that needs a password."""
    return FlowMasterError(
        "document.encrypted",
        f"{filename!r} is {kind} protected by a password.",
        path="filename",
        fix="Save a copy without the password and add that copy.",
        status=422,
    )


def too_large(filename: str, *, limit: str, allowed: int, found: str) -> FlowMasterError:
    """Return the refusal of a file that crosses the named limit."""
    return FlowMasterError(
        "document.too_large",
        f"{filename!r} crosses the limit `{limit}`: {found}, allowed are {allowed:,}.",
        path="filename",
        expected={limit: allowed},
        fix="Split the file, or add only the part that the process needs.",
        status=413,
    )


def too_slow(seconds: int) -> FlowMasterError:
    """Return the refusal of a document whose reading would take longer than the limit."""
    return FlowMasterError(
        "document.too_slow",
        f"Reading the document crosses the limit `seconds_max`: allowed are {seconds} seconds.",
        path="document",
        expected={"seconds_max": seconds},
        fix="Split the file, add only the part that the process needs, or ask for fewer fields.",
        status=413,
    )


def unsupported(filename: str, what: str) -> FlowMasterError:
    """Return the refusal of a file that is whole but of a type that cannot be read."""
    return FlowMasterError(
        "document.type_unsupported",
        f"{filename!r} is {what}, which cannot be read.",
        path="filename",
        expected=list(READABLE),
        fix=f"Convert the file to one of these and add it again: {', '.join(READABLE)}.",
        status=415,
    )
