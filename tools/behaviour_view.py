"""What two versions of a process do otherwise, as an answer shows it."""

from typing import Any, Final, Literal

from pydantic import Field

from flowmaster.engine.values import Json
from flowmaster.tools.bounds import leading, left_out
from flowmaster.tools.json_text import write_json
from flowmaster.tools.models import Arguments, Shape

DIFFERENCES_BYTES: Final = 3_600
CHANGES_BYTES: Final = 500
NOTES_BYTES: Final = 500
"""How long the lists of an answer may be."""

CASE_BYTES: Final = 1_000
VALUE_BYTES: Final = 240
TEXT_CHARACTERS: Final = 500
"""How long the parts of one difference may be: its case, a value, a text."""

Source = Literal["scenarios", "recorded", "generated"]
Kind = Literal["condition", "rule", "step", "timer", "task", "work", "message", "data", "start", "other"]


class RuleVersions(Arguments):
    """Which version of a decision each side uses, by number or tag."""

    from_version: int | str | None = Field(
        default=None, alias="from", description="On the older side; default: the one in force."
    )
    to: int | str | None = Field(default=None, description="On the newer side, in the same way.")


class CauseView(Shape):
    """Why runs part."""

    kind: Kind = Field(description="What it is.")
    text: str = Field(description="The cause in words: what it was and is, and the values that decide.")
    element: str = Field(default="", description="The element's id now.")
    decision: str = Field(default="", description="The decision, where a rule's row is the cause.")
    was: Any = Field(default=None, description="The condition, row or value before.")
    now: Any = Field(default=None, description="The same now.")
    values: dict[str, Any] = Field(default={}, description="The values that decide, in the example.")


class ExampleView(Shape):
    """The smallest case of a difference."""

    source: Source = Field(description="Where it comes from.")
    name: str = Field(default="", description="The scenario or instance that it is.")
    case: dict[str, Any] = Field(
        description="Its inputs, as a scenario for `process_test`; `too_long` stands for what is."
    )
    then: str = Field(description="How it ended.")
    now: str = Field(description="How it ends now.")


class DifferenceView(Shape):
    """Cases that part for one cause."""

    cause: CauseView = Field(description="Why.")
    cases: int = Field(description="How many cases part for it.")
    sources: dict[str, int] = Field(description="How many of them are from where.")
    differs: list[str] = Field(
        description="What differs in some: end, path, tasks, timers, messages, work, decisions, variables."
    )
    parts: str = Field(description="The first place where the runs of the example part.")
    example: ExampleView = Field(description="The smallest case.")


class BehaviourView(Shape):
    """What two versions do otherwise."""

    cases: int = Field(description="How many cases were played on both.")
    same: int = Field(description="How many go the same way on both.")
    changed: int = Field(description="How many go another way.")
    end_otherwise: int = Field(description="How many of those also end otherwise.")
    sources: dict[str, int] = Field(description="How many cases are from where.")
    differences: list[DifferenceView] = Field(description="The differences by cause, the most cases first.")
    not_reached: list[str] = Field(
        default=[], description="Changes that no case came to, or only behind another difference."
    )
    unseen: list[str] = Field(default=[], description="Changes that cases came to without a difference.")
    notes: list[str] = Field(default=[], description="What was left out, and why.")


def bounded(view: BehaviourView) -> tuple[BehaviourView, dict[str, int]]:
    """Return a view that is short enough for an answer, and by name how many entries of its lists are not shown."""
    shown = view.model_copy(
        update={
            "differences": leading([_short(one) for one in view.differences], DIFFERENCES_BYTES, least=1),
            "not_reached": leading(view.not_reached, CHANGES_BYTES, least=1),
            "unseen": leading(view.unseen, CHANGES_BYTES, least=1),
            "notes": leading(view.notes, NOTES_BYTES, least=1),
        }
    )
    names = ("differences", "not_reached", "unseen", "notes")
    counts = {name: (len(getattr(view, name)), len(getattr(shown, name))) for name in names}
    return shown, left_out(counts)


def _short(one: DifferenceView) -> DifferenceView:
    cause = one.cause.model_copy(
        update={
            "text": cut(one.cause.text),
            "was": short(one.cause.was),
            "now": short(one.cause.now),
            "values": {name: short(value) for name, value in one.cause.values.items()}
            if len(write_json(one.cause.values)) <= 2 * VALUE_BYTES
            else {},
        }
    )
    example = one.example.model_copy(
        update={"then": cut(one.example.then), "now": cut(one.example.now), "name": cut(one.example.name)}
    )
    return one.model_copy(update={"cause": cause, "example": example, "parts": cut(one.parts)})


def short(value: Json) -> Json:
    """Return a value, or the beginning of its text if it is long."""
    text = write_json(value)
    return value if len(text) <= VALUE_BYTES else text[:VALUE_BYTES].decode(errors="ignore") + "..."


def cut(text: str) -> str:
    """Return a text, or the beginning of it if it is long."""
    return text if len(text) <= TEXT_CHARACTERS else f"{text[: TEXT_CHARACTERS - 3]}..."


def summary_of(view: BehaviourView) -> str:
    """Return in a sentence what was found."""
    if not view.cases:
        return "No case could be played, so nothing is known of the behaviour."
    played = "the one case goes" if view.cases == 1 else f"all {view.cases} cases go"
    if not view.changed:
        count = len(view.not_reached)
        more = f"; {count} change{'s were' if count > 1 else ' was'} not reached" if count else ""
        return f"{played[:1].upper()}{played[1:]} the same way on both{more}."
    causes = len(view.differences)
    return (
        f"{view.changed} of {view.cases} cases go another way, {view.end_otherwise} of them with another end or result,"
        f" for {causes} cause{'s' if causes > 1 else ''}."
    )
