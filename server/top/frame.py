"""One picture of how a server is doing, as lines of text.

What comes out of a store is somebody's text: nothing in it reaches the terminal but what can be printed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

Load = Mapping[str, Any]
"""What `server_load` answers."""

GAP: Final = "   "
BESIDE_MIN: Final = 110
"""From this width on, processes stand beside operations."""

_RED: Final = "\x1b[31m"
_BOLD: Final = "\x1b[1m"
_DIM: Final = "\x1b[2m"
_PLAIN: Final = "\x1b[0m"


def lines_of(
    load: Load, *, place: str, width: int, height: int | None, colours: bool, trouble: str = ""
) -> list[str]:
    """Return the lines of a picture, no longer than the width and no more than the height."""
    paint = _Paint(width, colours=colours)
    lines = [*_head(load, place, trouble, paint), "", *_sums(load, paint), ""]
    left, right = _operations(load), _processes(load)
    if width >= BESIDE_MIN:
        lines += paint.beside(left, right)
    else:
        lines += [*paint.table(left), "", *paint.table(right)]
    for table in (_incidents(load), _connectors(load), _servers(load)):
        if len(table) > 1:
            lines += ["", *paint.table(table)]
    return lines if height is None else lines[:height]


class _Paint:
    """Puts text into its width and, where the terminal has them, into colours."""

    def __init__(self, width: int, *, colours: bool) -> None:
        self._width = width
        self._colours = colours

    def line(self, text: str, look: str = "") -> str:
        """Return a line."""
        cut = printable(text)[: self._width].rstrip()
        return f"{look}{cut}{_PLAIN}" if look and cut and self._colours else cut

    def table(self, rows: Sequence[Sequence[str]]) -> list[str]:
        """Return the lines of a table, its first row being the head."""
        head, *rest = _aligned(rows)
        return [self.line(head, _BOLD), *map(self.line, rest)]

    def beside(self, left: Sequence[Sequence[str]], right: Sequence[Sequence[str]]) -> list[str]:
        """Return the lines of two tables, one beside the other."""
        ours, theirs = _aligned(left), _aligned(right)
        wide = max(map(len, ours))
        count = max(len(ours), len(theirs))
        ours += [""] * (count - len(ours))
        theirs += [""] * (count - len(theirs))
        head, *rest = [f"{a.ljust(wide)}{GAP}{b}" for a, b in zip(ours, theirs, strict=True)]
        return [self.line(head, _BOLD), *map(self.line, rest)]


def printable(text: str) -> str:
    """Return a text without what a terminal would act on."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _head(load: Load, place: str, trouble: str, paint: _Paint) -> Iterator[str]:
    up = _span(int(load["up_seconds"]))
    yield paint.line(f"FlowMaster {load['version']}{GAP}{place}{GAP}up {up}{GAP}{load['at']}", _BOLD)
    if trouble:
        yield paint.line(trouble, _RED)
    for each in load.get("broken", ()):
        yield paint.line(f"broken: {each['part']} since {each['since']}: {each['says']}", _RED)


def _sums(load: Load, paint: _Paint) -> Iterator[str]:
    calls, commits, waits = load["calls"], load["commits"], load["waiting"]
    yield paint.line(
        f"calls      {_pace(calls)}{GAP}refused {_number(calls.get('refused_per_second', 0))}/s"
        f"{GAP}over {_number(load['seconds'])} s"
    )
    yield paint.line(
        f"commits    {_pace(commits)}{GAP}{_number(commits.get('pieces', 0))} changes each"
        f"{GAP}waiting {_number(commits['waiting'])}{GAP}effects {_number(commits['effects'])}",
        _RED if commits["waiting"] > 1_000 else "",
    )
    counts = GAP.join(f"{each['status']} {_number(each['instances'])}" for each in load["instances"])
    yield paint.line(f"instances  {counts or 'none'}{GAP}stuck {_number(load['incidents'])}")
    yield paint.line(
        f"tasks      {_number(waits['tasks'])}, {_number(waits['tasks_claimed'])} taken{GAP}"
        f"jobs {_number(waits['jobs'])}, {_number(waits['jobs_taken'])} taken, {_number(waits['jobs_spent'])} spent"
    )
    next_timer = f", next {waits['next_timer']}" if waits.get("next_timer") else ""
    yield paint.line(
        f"timers     {_number(waits['timers'])}, {_number(waits['timers_overdue'])} overdue{next_timer}{GAP}"
        f"fired {_number(waits.get('timers_fired_per_second', 0))}/s, p99 {_number(waits.get('timer_lag_p99_ms', 0))} ms late",
        _RED if waits["timers_overdue"] else "",
    )
    yield paint.line(f"counted    {load['counted_at']}", _DIM)


def _pace(pace: Load) -> str:
    return (
        f"{_number(pace['per_second'])}/s{GAP}p50 {_number(pace.get('p50_ms', 0))} ms"
        f"{GAP}p99 {_number(pace.get('p99_ms', 0))} ms"
    )


def _operations(load: Load) -> list[list[str]]:
    return [
        ["OPERATION", "/s", "refused/s", "p50 ms", "p99 ms"],
        *(
            [
                each["operation"],
                *(
                    _number(each.get(name, 0))
                    for name in ("per_second", "refused_per_second", "p50_ms", "p99_ms")
                ),
            ]
            for each in load["operations"]
        ),
    ]


def _processes(load: Load) -> list[list[str]]:
    return [
        ["PROCESS", "steps/s", "active"],
        *(
            [each["process"], _number(each["steps_per_second"]), _number(each.get("active", 0))]
            for each in load["processes"]
        ),
    ]


def _incidents(load: Load) -> list[list[str]]:
    return [
        ["INCIDENT", "at", "code", "since", "says"],
        *(
            [each["instance"], each["element"], each["code"], each["since"], each["message"]]
            for each in load["newest_incidents"]
        ),
    ]


def _connectors(load: Load) -> list[list[str]]:
    return [
        ["FAILING", "failures", "held until", "connection"],
        *(
            [each["connector"], _number(each["failures"]), each.get("held_until", "-"), each["connection"]]
            for each in load.get("connectors", ())
        ),
    ]


def _servers(load: Load) -> list[list[str]]:
    return [
        ["SERVER", "since", "version", "door"],
        *(
            [each["server"], each.get("since", "-"), each.get("version", "-"), each.get("door", "-")]
            for each in load.get("servers", ())
        ),
    ]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows in columns: text to the left, numbers (below a head that is none) to the right."""
    plain = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*plain, strict=True)]
    right = [
        len(plain) > 1 and all(_is_number(row[place]) for row in plain[1:]) for place in range(len(widths))
    ]
    return [
        GAP.join(
            cell.rjust(width) if at_right else cell.ljust(width)
            for cell, width, at_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in plain
    ]


def _is_number(cell: str) -> bool:
    return cell.replace(",", "").replace(".", "", 1).isdecimal()


def _number(value: Any) -> str:
    return f"{value:,}"


def _span(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    clock = f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
    return f"{days}d {clock}" if days else clock
