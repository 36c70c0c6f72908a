"""Versions of packages: what an installation needs, as its own record says, and whether a version is enough."""

import re
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from operator import eq, ge, gt, le, lt, ne
from typing import Final, NamedTuple

_NEED = re.compile(
    r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*([^;]*?)\s*(?:;.*extra\s*==\s*[\"']([^\"']+)[\"'].*)?$"
)
_BOUND = re.compile(r"\s*(>=|<=|==|!=|~=|>|<)\s*([^\s,]+)\s*")
_NUMBERS = re.compile(r"\d+(?:\.\d+)*")

_COMPARED: Final[dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]]] = {
    ">=": ge,
    "<=": le,
    "==": eq,
    "!=": ne,
    ">": gt,
    "<": lt,
}


class Need(NamedTuple):
    """A package that is needed, the versions that will do, and the part that needs it."""

    package: str
    bounds: str
    extra: str


def needs(requirements: Iterable[str]) -> Iterator[Need]:
    """Yield the packages in the requirements of a distribution; a part that only collects others names none."""
    for text in requirements:
        found = _NEED.match(text)
        if found is not None and found[1].lower() != "flowmaster":
            yield Need(found[1], found[2].strip("() "), found[3] or "")


def installed(package: str) -> str | None:
    """Return the installed version of a package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def is_enough(given: str, bounds: str) -> bool:
    """Return whether a version is within bounds such as `>=2.3,<3`; a preview counts as what it leads to."""
    return all(_holds(given, sign, bound) for sign, bound in _BOUND.findall(bounds))


def _holds(given: str, sign: str, bound: str) -> bool:
    have, asked = _release(given), _release(bound)
    if bound.endswith(".*"):
        have = have[: len(asked)]
    if sign == "~=":
        return have >= asked and have[: len(asked) - 1] == asked[:-1]
    length = max(len(have), len(asked))
    return _COMPARED[sign](_padded(have, length), _padded(asked, length))


def _release(text: str) -> tuple[int, ...]:
    """Return the numbers of a version: of `1!2.3.4rc1+x` those of 2.3.4."""
    found = _NUMBERS.match(text.rpartition("!")[2].lstrip("v"))
    return tuple(map(int, found[0].split("."))) if found else ()


def _padded(numbers: tuple[int, ...], length: int) -> tuple[int, ...]:
    return numbers + (0,) * (length - len(numbers))
