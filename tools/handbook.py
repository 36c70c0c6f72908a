"""The handbook of a process, for people who work by it: drawing, words, steps, who does what, data, times, what is open.

It is made of the views, so it says what they say; for one performer of what concerns that one alone.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from flowmaster.engine.compare.words import spoken_kind
from flowmaster.engine.values import Json
from flowmaster.engine.words.slots import duration_words
from flowmaster.tools.pdf_book import Book, Line, Picture, Section, Table

View = Callable[[str], Json]
"""Gives what a view shows of the process."""

Row = Mapping[str, Any]

_PLANNED: Final = re.compile(r"\bP[0-9DTHMS]+\b")
_AT_ONCE: Final = {"PT0S": "at once"}
_TECHNICAL: Final = ("- Test:", "- The fact")
"""Lines of the words that are for machines; facts have a table of their own."""


def handbook(title: str, about: str, view: View) -> Book:
    """Return the handbook of a whole process."""
    pictures = [Picture(title, str(view("svg")))]
    parts: list[tuple[str, Sequence[Line] | Table]] = [
        ("In words", list(_words(str(view("words"))))),
        ("Steps", _steps(_rows(view("table")))),
        ("Who does what", _matrix(_rows(view("raci")))),
        ("Data", _data(_rows(view("data")), _rows(view("table")))),
        ("Times", _times(_rows(view("timeline")))),
        ("What is open", _open(_rows(view("problems")))),
    ]
    return Book(title, about, pictures, [Section(*part) for part in parts if _holds(part[1])])


def part_for(performer: str, title: str, about: str, view: View) -> Book:
    """Return the handbook of one role or kind of performer: its lanes, its part in words, its steps, its letters."""
    pictures = [Picture(f"{title}: {performer}", str(view("swimlanes")))]
    parts: list[tuple[str, Sequence[Line] | Table]] = [
        ("In words", list(_words(str(view("words"))))),
        ("Steps", _steps(_rows(view("table")))),
        ("Who does what", _matrix(_rows(view("raci")))),
    ]
    return Book(title, about, pictures, [Section(*part) for part in parts if _holds(part[1])])


def _holds(content: Sequence[Line] | Table) -> bool:
    return bool(content.rows if isinstance(content, Table) else content)


def _rows(content: Json) -> list[Row]:
    assert isinstance(content, list)
    return [row for row in content if isinstance(row, Mapping)]


def _words(text: str) -> Iterator[Line]:
    head = ""
    for line in text.splitlines():
        said = line.strip()
        if said.startswith("## "):
            head = said.removeprefix("## ")
        elif said and not said.startswith(_TECHNICAL):
            if head:
                yield Line(head, 0, "part")
            head = ""
            yield Line(said, len(line) - len(line.lstrip()))


def _steps(rows: Sequence[Row]) -> Table:
    joins = {row["name"]: row["then"] for row in rows if _is_join(row)}
    told = [
        (row["name"], _kind(row), _by(row), "; ".join(_behind(row["then"], joins)) or _neighbours(row))
        for row in rows
        if not _is_join(row)
    ]
    return Table(("Step", "What it is", "By", "Then"), told, (3, 2, 2, 4))


def _is_join(row: Row) -> bool:
    """Tell whether ways only come together here, at a gateway that nobody has named."""
    return bool(row["kind"].endswith("Gateway") and row["name"] == row["element"] and len(row["then"]) == 1)


def _behind(then: Sequence[str], joins: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for each in then:
        name, condition, rest = each.partition(" if ")
        seen: set[str] = set()
        while name in joins and name not in seen:
            seen.add(name)
            name = joins[name][0]
        yield f"{name}{condition}{rest}"


def _kind(row: Row) -> str:
    words = spoken_kind(row["kind"])
    return f"{words} on {row['on']}" if row.get("on") else words


def _by(row: Row) -> str:
    performer = row.get("performer") if row.get("performer") != "sub_process" else ""
    done_by = row.get("done_by") or row.get("lane") or performer or ""
    return ", ".join(map(str, done_by)) if isinstance(done_by, list) else str(done_by)


def _neighbours(row: Row) -> str:
    return "; ".join(f"{one['name']} ({one['who']})" for one in row.get("goes_to", ()))


def _matrix(rows: Sequence[Row]) -> Table:
    told = [(row["name"], *(_people(row.get(letter, {})) for letter in "RACI")) for row in rows]
    return Table(("Step", "Does it", "Answers for it", "Is asked", "Is told"), told, (3, 3, 3, 3, 3))


def _people(people: Row) -> str:
    return "; ".join(f"{who.removeprefix('=')} ({spoken(why)})" for who, why in people.items())


def _data(rows: Sequence[Row], steps: Sequence[Row]) -> Table:
    names = {row["element"]: row["name"] for row in steps}
    told = []
    for row in rows:
        personal = "personal" if row.get("personal") else ""
        set_by, read_by = (
            ", ".join(dict.fromkeys(names.get(one["element"], "the start") for one in row.get(key, ())))
            for key in ("set_by", "read_by")
        )
        told.append((row["name"], _type(row.get("type")), personal, set_by, read_by))
    return Table(("Fact", "Type", "", "Set by", "Read by"), told, (2.5, 4, 1.5, 3, 3))


def _type(kind: Json) -> str:
    if isinstance(kind, Mapping):
        return ", ".join(f"{name}: {_type(each)}" for name, each in kind.items())
    if isinstance(kind, list):
        return "list of " + " or ".join(map(_type, kind))
    return str(kind if kind is not None else "any")


def _times(rows: Sequence[Row]) -> Table:
    told = []
    for row in rows:
        if "end" in row:
            latest = row.get("latest") or f"open because of {', '.join(row.get('open_because_of', ()))}"
            told.append((f"End: {row['name']}", f"from {row['earliest']}", str(latest), ""))
        elif "name" in row:
            lasts = row.get("lasts", {})
            when = [f"reminder after {each}" for each in row.get("reminders", ())]
            when += [f"escalation after {each}" for each in row.get("escalations", ())]
            when += [f"timer after {each}" for each in (*row.get("limits", ()), *row.get("timers", ()))]
            told.append((row["name"], lasts.get("why", ""), str(lasts.get("at_most", "")), "; ".join(when)))
    return Table(
        ("Step or end", "", "At most", "On the way"), [[*map(spoken, row)] for row in told], (3, 3, 3, 4)
    )


def _open(rows: Sequence[Row]) -> list[Line]:
    return [Line(f"- {row['message']}{' ' + row['fix'] if row.get('fix') else ''}") for row in rows]


def spoken(text: str) -> str:
    """Return a text with its ISO durations as people say them: `P3D` as `3 days`, `PT0S` as `at once`."""
    return _PLANNED.sub(lambda found: _AT_ONCE.get(found[0]) or duration_words(found[0]) or found[0], text)
