"""Which parts of a document tell what is done: by the titles of its sections."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from flowmaster.knowledge.procedures.blocks import Block
from flowmaster.knowledge.procedures.language import Language

Use = Literal["steps", "roles", "exceptions", "skip", "open", "title"]


class Placed(NamedTuple):
    """A block, what its section is for, and for a heading whether it is a title of the vocabulary."""

    block: Block
    use: Use
    titled: bool


def placed(blocks: Sequence[Block], language: Language) -> list[Placed]:
    """Return the blocks with the use of their sections; where a section of steps exists, open ones are skipped."""
    found: list[Placed] = []
    stack: list[tuple[int, Use]] = []
    for number, block in enumerate(blocks):
        if block.kind != "heading":
            found.append(Placed(block, stack[-1][1] if stack else "open", False))
            continue
        while stack and stack[-1][0] >= block.level:
            stack.pop()
        use = use_of(block.text, language)
        if use is None:
            is_title = not number and not block.mark.startswith("step")
            inherited: Use = stack[-1][1] if stack else "open"
            found.append(Placed(block, "title" if is_title else inherited, False))
            if not is_title:
                stack.append((block.level, inherited))
            continue
        stack.append((block.level, use))
        found.append(Placed(block, use, True))
    if any(each.titled and each.use == "steps" for each in found):
        return [
            each._replace(use="skip") if each.use == "open" and not _is_step(each.block) else each
            for each in found
        ]
    return found


def use_of(title: str, language: Language) -> Use | None:
    """Return what a section of this title is for, if the title tells."""
    plain = " ".join(re.sub(r"[^\w\s-]", " ", title.casefold()).split())
    if plain in language.sections:
        return _use(language.sections[plain])
    words = plain.split()
    if 1 < len(words) <= 5:
        for kind in ("steps", "roles", "skip"):
            names = [name for name, use in language.sections.items() if use == kind and " " not in name]
            if words[-1] in names and kind == "steps" and words[0] not in ("the",):
                return "steps"
            if (
                words[0] in names
                and kind != "steps"
                and words[1] in ("and", "of", "und", "der", "des", "zu", "for", "zum")
            ):
                return _use(kind)
    return None


def _use(kind: str) -> Use:
    match kind:
        case "steps" | "roles" | "exceptions" | "skip":
            return kind
        case _:
            return "open"


def _is_step(block: Block) -> bool:
    return block.kind == "heading" and block.mark.startswith("step")
