"""Files stay short enough to read and functions short enough to see; exceptions may only shrink."""

import tomllib
from collections.abc import Mapping, Sequence

from tests.house.tree import ROOT, functions, git, python_files

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
EXCEPTIONS = "tests/house/sizes.toml"

Allowed = Mapping[str, int]


def sizes(sources: Mapping[str, str]) -> dict[str, int]:
    """Return the lines of whatever is longer than allowed: `path` or `path:function`."""
    large = {}
    for path, text in sources.items():
        if (lines := text.count("\n")) > FILE_LINES_MAX:
            large[path] = lines
        for name, length in functions(text):
            if length > FUNCTION_LINES_MAX:
                large[f"{path}:{name}"] = length
    return large


def complaints(large: Mapping[str, int], allowed: Allowed) -> list[str]:
    """Return what is too long, and what is allowed more than it uses."""
    found = [
        f"{place} has {lines} lines; split it by subject"
        for place, lines in large.items()
        if lines > allowed.get(place, 0)
    ]
    return found + [
        f"{place} may have {lines} lines in {EXCEPTIONS} and has {large.get(place, 'few enough')}: lower it"
        for place, lines in allowed.items()
        if large.get(place, 0) < lines
    ]


def raised(history: Sequence[Allowed]) -> list[str]:
    """Return the exceptions that grew from one version of the file to the next, oldest first."""
    return [
        f"{place}: {before[place]} -> {lines}"
        for before, after in zip(history, history[1:], strict=False)
        for place, lines in after.items()
        if lines > before.get(place, lines)
    ]


def read(text: str) -> Allowed:
    """Return the allowed lines of each exception."""
    return {place: entry["lines"] for place, entry in tomllib.loads(text).items()}


def test_no_file_and_no_function_is_too_long() -> None:
    assert complaints(sizes(python_files()), read((ROOT / EXCEPTIONS).read_text(encoding="utf-8"))) == []


def test_exceptions_give_a_reason_and_only_ever_go_down() -> None:
    text = (ROOT / EXCEPTIONS).read_text(encoding="utf-8")
    assert [place for place, entry in tomllib.loads(text).items() if len(entry["reason"]) < 20] == []
    commits = git("log", "--reverse", "--format=%H", "--", EXCEPTIONS).split()
    assert raised([*(read(git("show", f"{commit}:{EXCEPTIONS}")) for commit in commits), read(text)]) == []


def test_a_long_file_a_long_function_and_a_generous_exception_are_found() -> None:
    body = "\n".join(["def walk():", *["    pass"] * 70, ""])
    large = sizes({"engine/long.py": "a = 1\n" * 501, "engine/walk.py": body})
    assert large == {"engine/long.py": 501, "engine/walk.py:walk": 71}
    assert complaints(large, {"engine/long.py": 501, "engine/walk.py:walk": 80}) == [
        f"engine/walk.py:walk may have 80 lines in {EXCEPTIONS} and has 71: lower it"
    ]
    assert raised([{"engine/long.py": 501}, {"engine/long.py": 502}]) == ["engine/long.py: 501 -> 502"]
