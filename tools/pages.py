"""A long view in pages: text by characters, a list by entries."""

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json
from flowmaster.tools.data_urls import base64_of

PAGE_ROWS = 100
"""How many entries of a view that is a list one answer holds."""

PAGE_CHARACTERS = 50_000
"""How much of a view that is a text one answer holds."""


def page_of(content: Json, cursor: str | None) -> tuple[Json, str | None]:
    """Return the page of a view at a cursor, and the cursor of the next page; a file is never cut."""
    if not isinstance(content, str | list) or (isinstance(content, str) and base64_of(content) is not None):
        return content, None
    start = offset_of(cursor)
    end = start + (PAGE_CHARACTERS if isinstance(content, str) else PAGE_ROWS)
    return content[start:end], str(end) if end < len(content) else None


def offset_of(cursor: str | None) -> int:
    """Return where a page begins, 0 without a cursor; refuse what is no cursor."""
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit()) or len(cursor) > 12:
        raise FlowMasterError(
            "cursor.invalid",
            f"{cursor[:80]!r} is no cursor of a view.",
            path="cursor",
            fix="Take `next_cursor` of the page before.",
        )
    return int(cursor)
