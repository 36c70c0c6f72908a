"""Problems of a model on its drawing: what refuses publishing, and where a run could get stuck."""

from collections.abc import Sequence
from typing import Final

from flowmaster.engine.bpmn.problem import ERROR, WARNING, Problem
from flowmaster.engine.bpmn.svg_notes import Kind, Note, Notes
from flowmaster.engine.bpmn.svg_pen import Style

WRONG: Final = Kind("!", "error", Style("#c5221f", "#fde8e6", "3"))
STUCK: Final = Kind("?", "a run may go wrong", Style("#8a6100", "#ffefb0", "3", dash="12 4"))

_SOUNDNESS: Final = "soundness."


def problem_notes(problems: Sequence[Problem]) -> Notes | None:
    """Return the notes of the problems that a drawing shows, None if there are none."""
    shown = [(_kind(one), one) for one in problems]
    marked = [(kind, one) for kind, one in shown if kind is not None]
    if not marked:
        return None
    of: dict[str, Note] = {}
    for kind, one in marked:
        before = of.get(one.element)
        if before is None:
            of[one.element] = Note(kind.sign, one.message, kind.style)
        else:
            of[one.element] = Note(before.sign, f"{before.text} {one.message}", before.style)
    used = {kind for kind, _ in marked}
    count = f"{len(marked)} problems" if len(marked) > 1 else "1 problem"
    return Notes(
        title=f"{count} marked.",
        of=of,
        kinds=[kind for kind in (WRONG, STUCK) if kind in used],
        lines=[f"{kind.sign} {one.message}" for kind, one in marked],
    )


def _kind(problem: Problem) -> Kind | None:
    if problem.severity == ERROR:
        return WRONG
    return STUCK if problem.severity == WARNING and problem.code.startswith(_SOUNDNESS) else None
