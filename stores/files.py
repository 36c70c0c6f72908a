"""The files of a data folder, looked through as bytes: the last word on whether a text is gone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from flowmaster.stores.erasing import spellings

BYTES_AT_ONCE: Final = 8_000_000

FAULTS: Final = "flowmaster.log"
"""The log of faults in a data folder."""


class FileTraces(NamedTuple):
    """How often a file holds a text."""

    file: str
    times: int


def files_holding(folder: Path, texts: Sequence[str]) -> list[FileTraces]:
    """Return the files below a folder whose bytes hold one of the texts, ignoring the case of ASCII, and how often."""
    wanted = [text.encode().lower() for text in spellings(texts)]
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            times = _times(path, wanted)
            if times:
                found.append(FileTraces(str(path.relative_to(folder)), times))
    return found


def _times(path: Path, wanted: Sequence[bytes]) -> int:
    """Count texts in a file, piece by piece; each piece begins with the end of the one before."""
    overlap = max(map(len, wanted)) - 1
    times, rest = 0, b""
    try:
        with path.open("rb") as file:
            while piece := file.read(BYTES_AT_ONCE):
                whole = rest + piece.lower()
                rest = whole[-overlap:] if overlap else b""
                times += sum(whole.count(text) - rest.count(text) for text in wanted)
    except FileNotFoundError:  # It went away meanwhile, as a write-ahead log does.
        return 0
    return times + sum(rest.count(text) for text in wanted)


def blank_in_file(path: Path, texts: Sequence[str], *, only_look: bool = False) -> int:
    """Write stars over texts in a file that others append to, and return how many those are."""
    if not path.is_file():
        return 0
    wanted = sorted((text.encode().lower() for text in spellings(texts)), key=len, reverse=True)
    blanked = 0
    with path.open("rb" if only_look else "r+b") as file:
        whole = file.read().lower()
        for text in wanted:
            place = whole.find(text)
            while place >= 0:
                stars = b"*" * len(text)
                if not only_look:
                    file.seek(place)
                    file.write(stars)
                whole = whole[:place] + stars + whole[place + len(text) :]
                blanked += 1
                place = whole.find(text, place)
    return blanked
