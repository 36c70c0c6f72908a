"""What operations on personal data ask for and answer."""

from typing import Annotated, Any, Literal

from pydantic import Field

from flowmaster.tools.models import Arguments, Result, Shape, WriteArguments

TEXT_LENGTH_MIN = 4
"""How long a text must be that is looked for everywhere: shorter ones stand in too much that is not meant."""

SHOWN_MAX = 10
"""Names that an answer tells of each kind of place."""

TEXTS_MAX = 20
INSTANCES_MAX = 1_000

Texts = list[Annotated[str, Field(min_length=TEXT_LENGTH_MIN, max_length=300)]]

VALUES_SAID = "Texts that stand for the person: user id, e-mail, customer number; found whatever their case."


class DataFind(Arguments):
    """Whose data."""

    values: Texts = Field(
        min_length=1, max_length=TEXTS_MAX, description=VALUES_SAID, examples=[["ann@example.com"]]
    )
    files: bool = Field(default=True, description="Look through the bytes of the data folder too.")


class PlaceView(Shape):
    """Places of one kind that hold a text."""

    kind: str = Field(description="instance, journal, document, once (stored answers), word (names), ...")
    places: int = Field(description="How many.")
    named: list[str] = Field(default=[], description="Some of them by name.")


class FileView(Shape):
    """A file whose bytes hold a text."""

    file: str = Field(description="Its name in the data folder.")
    times: int = Field(description="How often.")


class DataFound(Result):
    """Where personal data are."""

    found: bool = Field(description="Whether anything was found at all.")
    items: list[PlaceView] = Field(description="Places in the store, by kind.")
    files: list[FileView] = Field(
        default=[], description="Files with the bytes of the text, free pages included."
    )
    proves: str = Field(description="What an empty answer proves, and what not.")


class DataErase(WriteArguments):
    """What to erase: texts wherever they stand, named instances, or ended ones of a process."""

    values: Texts = Field(default=[], max_length=TEXTS_MAX, description=VALUES_SAID)
    whole: bool = Field(
        default=False, description="With `values`: all values of the instances in which they stand, too."
    )
    instances: list[str] = Field(
        default=[], max_length=INSTANCES_MAX, description="Instance ids.", examples=[["order:7"]]
    )
    process: str = Field(default="", description="Ended instances of this process.")
    ended_before: str = Field(
        default="",
        description="With `process`: those that ended before this instant.",
        examples=["2020-01-01"],
    )
    documents: list[str] = Field(default=[], max_length=INSTANCES_MAX, description="Document ids.")
    what: Literal["values", "everything"] = Field(
        default="values", description="Of instances: their values, or all there is of them."
    )
    names: list[str] = Field(
        default=[], max_length=200, description="Of instances: only what stands under these names."
    )
    running: bool = Field(default=False, description="Also what is still running and may need its data.")
    models: bool = Field(
        default=False, description="With `values`: change what models and rule cases say, too."
    )


class StayView(Shape):
    """What stays, and why."""

    what: str = Field(description="An instance, or a kind of place.")
    why: str = Field(description="Why.")
    named: list[str] = Field(default=[], description="Some of the places by name.")
    places: int = Field(default=1, description="How many.")


class DataErased(Result):
    """What was erased, or would be."""

    erasure: str = Field(description="The receipt: a scope of the audit log.")
    instances: int = Field(description="Instances that lost values, or are gone.")
    entries: int = Field(description="Entries of theirs that changed or went.")
    items: list[PlaceView] = Field(default=[], description="Other places that were blanked, by kind.")
    documents: int = Field(default=0, description="Documents that are gone.")
    log_lines: int = Field(default=0, description="Lines of the call log that lost a name.")
    stays: list[StayView] = Field(default=[], description="What stays, and why.")


class DataScrub(WriteArguments):
    """Whether to do it now."""


class DataScrubbed(Result):
    """What was done about the remains."""

    before_bytes: int = Field(description="How large the store was.")
    after_bytes: int = Field(description="How large it is.")
    complete: bool = Field(description="Whether it is done; else repeat it later.")
    proves: str = Field(description="What that proves.")


class ErasureRead(Arguments):
    """Which receipt."""

    erasure: str = Field(description="The receipt.", pattern=r"^erasure:[0-9]{1,15}$", examples=["erasure:1"])
    value: str = Field(default="", max_length=300, description="A text: was it the one erased?")


class ErasureView(Result):
    """A receipt: what was erased, when, by whom, on which ground, and whether the record is whole."""

    erasure: str = Field(description="The receipt.")
    at: str = Field(description="When it began.")
    by: str = Field(description="Who.")
    reason: str = Field(default="", description="On which ground.")
    asked: dict[str, Any] = Field(description="What was asked for; of texts their length and salted digests.")
    pieces: int = Field(description="Entries of the record behind the first.")
    instances: int = Field(description="Instances that lost values, or are gone.")
    entries: int = Field(description="Entries of theirs that changed or went.")
    places: dict[str, int] = Field(default={}, description="Other places, by kind.")
    documents: int = Field(default=0, description="Documents that are gone.")
    about_value: bool | None = Field(default=None, description="Whether the text is one that was erased.")
    whole: bool = Field(description="Whether the chain of the record fits together.")


class DataHold(WriteArguments):
    """What to hold or to let go."""

    instances: list[str] = Field(
        min_length=1, max_length=INSTANCES_MAX, description="Instance ids.", examples=[["order:7"]]
    )
    hold: bool = Field(default=True, description="Forbid to erase them; false lifts that.")


class DataHeld(Result):
    """What is held now."""

    changed: list[str] = Field(description="Instances whose hold changed.")
    held: int = Field(description="How many instances are held in all.")


class RetentionSave(WriteArguments):
    """A rule for a process."""

    process: str = Field(description="The process.", examples=["invoice-approval"])
    after: str = Field(
        default="", max_length=40, description="How long after the end, as ISO duration; nothing keeps all.",
        examples=["P10Y"],
    )  # fmt: skip
    what: Literal["values", "everything"] = Field(
        default="values", description="What goes then: values, or the whole instance."
    )
    hold: bool = Field(default=False, description="Suspend the rule (legal hold); `reason` says why.")


class RuleView(Result):
    """A rule of retention."""

    process: str = Field(description="The process.")
    after: str = Field(description="How long after the end; nothing: all is kept.")
    what: str = Field(description="What goes then.")
    hold: str = Field(default="", description="Why it is suspended.")
    due: int = Field(description="Instances that are due now; at most so many are counted: 1,000.")


class RetentionFind(Arguments):
    """Which rules."""

    process: str = Field(default="", description="Only of this process.")


class RetentionRules(Result):
    """The rules there are; what has no rule is kept."""

    items: list[RuleView] = Field(description="The rules.")
