"""Asking whoever made a call while it is under way: one seam, which every door fills in its own way.

An operation asks with `call.ask(question)` before it changes anything, since a door may answer a question by making
the whole call again, with the answer at hand. Where nobody can be asked, as over REST and on the command line, the
answer is None, and the operation does what it does without one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from hashlib import sha256
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

from flowmaster.engine.values import Json
from flowmaster.runtime.results import first_error, place_of
from flowmaster.tools.json_text import write_json

FORM: Final = "elicitation/create"
"""The kind of question that a person answers in a form."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, under a name that one call uses once.

    A `bound` question counts as answered only by an answer to just this text, given once: a confirmation of what
    will happen confirms nothing else.
    """

    name: str
    kind: str
    content: Mapping[str, Json]
    bound: bool = False

    def digest(self) -> str:
        """Return what stands for just this question."""
        return sha256(write_json([self.name, self.kind, dict(self.content)])).hexdigest()[:32]


Action: TypeAlias = Literal["accept", "decline", "cancel"]
_ACTIONS: Final[tuple[Action, ...]] = ("accept", "decline", "cancel")


class Reply(NamedTuple):
    """What came of a form: whether it was filled in, and with what."""

    action: Action
    content: Mapping[str, Json]


Replies = Mapping[str, Mapping[str, Json]]
"""What was answered, by the names of the questions."""


class Client(Protocol):
    """The other end of a call: who may be asked and told something while the call is under way."""

    def can_answer(self, kind: str) -> bool:
        """Whether a question of that kind can be put to it."""
        ...

    async def answers(self, questions: Sequence[Question]) -> Replies | None:
        """Return sound answers to all the questions, or None if they cannot be had.

        Raises:
            InputNeeded: the door has to ask, and makes the call again when it has the answers.
        """
        ...

    async def tell_progress(self, done: float, total: float, message: str) -> None:
        """Tell how far a call is, if that was asked for."""
        ...


class InputNeeded(Exception):
    """The call cannot go on before these questions are answered; only a door raises and catches it."""

    def __init__(self, questions: Sequence[Question]) -> None:
        super().__init__(", ".join(question.name for question in questions))
        self.questions = tuple(questions)


class _Nobody:
    """Nobody to ask or to tell."""

    def can_answer(self, kind: str) -> bool:
        return False

    async def answers(self, questions: Sequence[Question]) -> Replies | None:
        return None

    async def tell_progress(self, done: float, total: float, message: str) -> None:
        return None


NOBODY: Final[Client] = _Nobody()
"""The other end of a call where nobody can be asked."""


def form(name: str, message: str, schema: Mapping[str, Json], *, bound: bool = False) -> Question:
    """Return a question that a person answers in a form of flat fields."""
    content: dict[str, Json] = {"mode": "form", "message": message, "requestedSchema": dict(schema)}
    return Question(name, FORM, content, bound)


def is_sound(question: Question, reply: Mapping[str, Json]) -> bool:
    """Whether an answer is of the form that the question asks for."""
    if question.kind != FORM:
        return True
    if reply.get("action") in ("decline", "cancel"):
        return True
    content, schema = reply.get("content", {}), question.content["requestedSchema"]
    if reply.get("action") != "accept" or not isinstance(content, Mapping) or not isinstance(schema, Mapping):
        return False
    return first_error(schema, content) is None


def asked_again(question: Question, reply: Mapping[str, Json] | None) -> Question:
    """Return a question that was not answered soundly, with what was wrong with the answer."""
    content, schema = (reply or {}).get("content"), question.content.get("requestedSchema")
    if question.bound or not isinstance(content, Mapping) or not isinstance(schema, Mapping):
        return question
    wrong = first_error(schema, content)
    if wrong is None:
        return question
    said = f"{question.content['message']} (`{'.'.join(place_of(wrong))}`: {wrong.message}.)"
    return replace(question, content={**question.content, "message": said})


def reply_of(raw: Mapping[str, Json]) -> Reply:
    """Return a sound answer to a form."""
    content = raw.get("content")
    (action,) = (each for each in _ACTIONS if each == raw["action"])
    return Reply(action, content if isinstance(content, Mapping) else {})


_TEXT_WORDS = ("title", "description", "minLength", "maxLength", "format", "default", "enum")
_NUMBER_WORDS = ("title", "description", "minimum", "maximum", "default")
_FORMATS = ("email", "uri", "date", "date-time")


def flat_schema(schema: Mapping[str, Json], names: Sequence[str] | None = None) -> dict[str, Json] | None:
    """Return the schema of a form that clients can show, or None if a required field is no flat one.

    `names` are the fields to ask for; else all. Fields that are neither flat nor required are left out.
    """
    properties, required = schema.get("properties"), schema.get("required")
    if not isinstance(properties, Mapping):
        return None
    needed = required if isinstance(required, list) else []
    fields: dict[str, Json] = {}
    for name in properties if names is None else names:
        field = _flat_field(properties.get(name))
        if field is not None:
            fields[name] = field
        elif name in needed:
            return None
    if not fields:
        return None
    return {"type": "object", "properties": fields, "required": [name for name in fields if name in needed]}


def _flat_field(field: Json) -> dict[str, Json] | None:
    if not isinstance(field, Mapping):
        return None
    kind, choices = field.get("type"), field.get("enum")
    if isinstance(choices, list) and all(isinstance(choice, str) for choice in choices):
        kind = "string"
    elif choices is not None:
        return None
    if kind == "boolean":
        words: Sequence[str] = ("title", "description", "default")
    elif kind in ("number", "integer"):
        words = _NUMBER_WORDS
    elif kind == "string":
        words = _TEXT_WORDS
    else:
        return None
    flat: dict[str, Json] = {"type": kind, **{word: field[word] for word in words if word in field}}
    if flat.get("format", "date") not in _FORMATS:
        del flat["format"]
    return {**flat, **_beyond(kind, field)}


def _beyond(kind: Json, field: Mapping[str, Json]) -> dict[str, Json]:
    """Return bounds that do not belong to their range, which forms have no word for: the next number, or in words."""
    told: dict[str, Json] = {}
    words: list[str] = []
    for word, bound, step, said in (
        ("exclusiveMinimum", "minimum", 1, "more than"),
        ("exclusiveMaximum", "maximum", -1, "less than"),
    ):
        value = field.get(word)
        if isinstance(value, int) and not isinstance(value, bool) and kind == "integer":
            told[bound] = value + step
        elif isinstance(value, int | Decimal):
            words.append(f"{said} {value}")
    if words:
        about = field.get("description")
        told["description"] = (
            f"{about} ({' and '.join(words)})" if about else f"A number {' and '.join(words)}."
        )
    return told
