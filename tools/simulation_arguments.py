"""What a simulation is asked with: who comes, who works, how long it takes, what is answered."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from flowmaster.tools.models import Arguments, Number, Value, Variables, Written
from flowmaster.tools.versions import VersionName

CASES_MAX = 100_000
INPUTS_MAX = 500
STEPS_MAX = 500
SEED_MAX = 2**53

Shape: TypeAlias = Literal["fixed", "uniform", "triangular", "normal", "exponential", "lognormal"]


class Span(Arguments):
    """A span of time at random; each number is an ISO 8601 duration."""

    distribution: Shape = Field(description="Its shape.", examples=["exponential"])
    mean: str | None = Field(
        default=None, description="Of all but uniform and triangular.", examples=["PT20M"]
    )
    deviation: str | None = Field(default=None, description="Standard deviation, of normal and lognormal.")
    min: str | None = Field(default=None, description="The least; uniform and triangular need it.")
    mode: str | None = Field(default=None, description="The most likely, of triangular.")
    max: str | None = Field(default=None, description="The most; uniform and triangular need it.")


class Vary(Arguments):
    """A value at random: one of a list, or a number."""

    one_of: list[Value] | None = Field(default=None, min_length=1, description="Values, each as likely.")
    distribution: Shape | None = Field(
        default=None, description="The shape of a number.", examples=["uniform"]
    )
    mean: Number | None = Field(default=None, description="As for durations.")
    deviation: Number | None = Field(default=None, description="As for durations.")
    min: Number | None = Field(default=None, description="As for durations.")
    mode: Number | None = Field(default=None, description="As for durations.")
    max: Number | None = Field(default=None, description="As for durations.")
    places: int = Field(default=2, ge=0, le=10, description="Decimal places.")


class CaseGiven(Arguments):
    """A kind of case: what it begins with, and how often it comes."""

    weight: Number = Field(default=1, description="How often, against the others.", examples=[3])
    scenario: str = Field(default="", description="Takes inputs and answers of this scenario of the process.")
    variables: Variables = Field(default={}, description="Start variables, over those of the scenario.")
    vary: dict[str, Vary] = Field(
        default={},
        description="Values at random, by path.",
        examples=[{"invoice.total": {"distribution": "uniform", "min": 10, "max": 20000}}],
    )


class Arrivals(Arguments):
    """How often cases come."""

    per_hour: Number | None = Field(default=None, description="Cases in an hour.", examples=[12])
    every: str | Span | None = Field(
        default=None, description="Time between two, in place of `per_hour`.", examples=["PT5M"]
    )
    distribution: Literal["exponential", "fixed"] = Field(
        default="exponential", description="Of a rate or plain time: by chance, or like clockwork."
    )
    calendar: Written | None = Field(
        default=None,
        description="They come only then: a calendar of the process by name, or as {zone, hours, closed}.",
        examples=[{"hours": {"mon-fri": "08:00-16:00"}}],
    )


class StaffGiven(Arguments):
    """The people of a role."""

    number: Annotated[int, Field(ge=0, le=10_000)] | None = Field(
        default=None, description="How many; default: enough."
    )
    cost_per_hour: Number = Field(default=0, description="What an hour of work costs.", examples=[45])
    calendar: Written | None = Field(
        default=None, description="When they work, as for arrivals; default: always."
    )


class OutcomeGiven(Arguments):
    """What comes of a task or job."""

    weight: Number = Field(default=1, description="How often, against the others.", examples=[9])
    variables: Variables = Field(default={}, description="What is answered.", examples=[{"approved": True}])
    error: str = Field(default="", max_length=200, description="A modelled error in place of an answer.")
    fail: str = Field(default="", max_length=1_000, description="A failure, tried again as the model says.")


class MessageGiven(Arguments):
    """A message from outside."""

    after: str | Span | None = Field(
        default=None, description="So long after it is waited for.", examples=["P2D"]
    )
    probability: Number = Field(default=1, description="How likely it comes at all.", examples=[0.9])
    variables: Variables = Field(default={}, description="What it brings.")


Outcomes: TypeAlias = list[OutcomeGiven]


class Around(Arguments):
    """What happens around a process."""

    version: VersionName | None = Field(default=None, description="A published version, by number or tag.")
    draft: int | None = Field(default=None, ge=1, description="A draft; default: the newest.")
    branch: str = Field(default="", max_length=200, description="A branch of its drafts.")
    arrivals: Arrivals | None = Field(
        default=None, description="How often cases come; default: as recorded, else one an hour."
    )
    inputs: list[CaseGiven] | Literal["scenarios", "recorded"] | None = Field(
        default=None,
        description="Kinds of cases; `recorded` takes those of instances. Default: its scenarios, else recorded.",
    )
    answers: dict[str, Outcomes] = Field(
        default={},
        max_length=STEPS_MAX,
        description="What is answered, by step or job type; default: what scenarios answer there.",
        examples=[
            {"approve": [{"weight": 9, "variables": {"approved": True}}, {"variables": {"approved": False}}]}
        ],
    )
    errors: dict[str, dict[str, Number]] = Field(
        default={},
        max_length=STEPS_MAX,
        description="Probability of modelled errors of jobs, by step and code.",
        examples=[{"pay": {"ACCOUNT_CLOSED": 0.02}}],
    )
    messages: dict[str, MessageGiven] = Field(
        default={},
        max_length=STEPS_MAX,
        description="Messages from outside, by name; default: those of the scenario.",
    )
    durations: dict[str, str | Span] = Field(
        default={},
        max_length=STEPS_MAX,
        description="How long work takes, by step; default: as measured, else no time.",
        examples=[{"approve": {"distribution": "exponential", "mean": "PT20M"}, "pay": "PT5S"}],
    )
    staff: dict[str, Annotated[int, Field(ge=0, le=10_000)] | StaffGiven] = Field(
        default={},
        max_length=STEPS_MAX,
        description="People by role; default: enough, always there.",
        examples=[{"clerk": 2, "cfo": {"number": 1, "cost_per_hour": 120}}],
    )
    costs: dict[str, Number] = Field(
        default={},
        max_length=STEPS_MAX,
        description="What a visit of a step costs.",
        examples=[{"pay": 0.25}],
    )


class ProcessSimulate(Around):
    """Which process, how many cases, and what happens around them."""

    process: str = Field(
        max_length=300, description="Process id, or `process@branch`.", examples=["invoice-approval"]
    )
    cases: int = Field(default=1_000, ge=1, le=CASES_MAX, description="How many cases come.")
    seed: int = Field(default=1, ge=0, le=SEED_MAX, description="The same seed gives the same figures.")
    begins: str = Field(default="", description="The date and time it begins; default: next midnight UTC.")
    other: Around | None = Field(
        default=None,
        alias="with",
        description="A variant to compare: what it says goes over the above, by step and role.",
        examples=[{"staff": {"clerk": 3}}],
    )
    view: Literal["numbers", "table", "svg", "png"] = Field(
        default="numbers",
        description="Figures in short, of all steps and roles, or a drawing of where time goes.",
    )
    cursor: str | None = Field(default=None, description="Its next_cursor.")
