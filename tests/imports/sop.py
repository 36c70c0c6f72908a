"""What a sample says that is imported: its text, the form it is read in, and what a careful reader finds in it."""

from dataclasses import dataclass
from typing import Literal

Form = Literal["md", "txt", "html", "docx", "pdf", "csv", "xlsx"]


@dataclass(frozen=True, kw_only=True)
class Sop:
    """A procedure in Markdown (or rows of cells parted by `|` for tables) with its expected structure.

    A step is told by words that stand in its sentence, a condition by words of the text it comes from, a role by
    its name. `joins` counts the places where ways come together again.
    """

    name: str
    form: Form
    language: Literal["en", "de"]
    text: str
    steps: tuple[str, ...]
    roles: tuple[str, ...]
    conditions: tuple[str, ...] = ()
    joins: int = 0
