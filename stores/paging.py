"""Pages: how a limit is checked and how a cursor says where the next page begins."""

from flowmaster.engine.errors import FlowMasterError
from flowmaster.stores.rows import PAGE_ITEMS_MAX


def checked_limit(limit: int) -> int:
    """Return the limit if a page may have it."""
    if 1 <= limit <= PAGE_ITEMS_MAX:
        return limit
    raise FlowMasterError(
        "limit.out_of_range",
        f"A page cannot hold {limit} items.",
        path="limit",
        expected=f"1 to {PAGE_ITEMS_MAX}",
        fix="Ask for fewer items and go on with `next_cursor`.",
        status=422,
    )


def numbers_cursor(numbers: tuple[int, ...]) -> str:
    """Return a cursor behind a row that has these numbers in the order of the list."""
    return ".".join(map(str, numbers))


def cursor_numbers(cursor: str, count: int) -> tuple[int, ...]:
    """Return what `numbers_cursor` wrote."""
    try:
        numbers = tuple(int(part) for part in cursor.split("."))
    except ValueError as error:
        raise bad_cursor(cursor) from error
    if len(numbers) != count or any(abs(number) >= 2**63 for number in numbers):
        raise bad_cursor(cursor)
    return numbers


def bad_cursor(cursor: str) -> FlowMasterError:
    """Return the refusal of a cursor that no page gave."""
    return FlowMasterError(
        "cursor.invalid",
        f"{cursor!r} is not a cursor of this list.",
        path="cursor",
        expected="the `next_cursor` of the page before",
        fix="Call again without `cursor` to begin at the first page.",
        status=422,
    )
