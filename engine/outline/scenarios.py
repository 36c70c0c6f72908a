"""Scenarios: what a process must do in given cases. They belong to the process and gate its publishing.

A scenario in an outline, or in the arguments of `process_test`:

    name: late approval
    given: {amount: 12000, requester: bob}          # start variables
    business_key: INV-1                             # optional
    answers:                                        # what people answer, by step name or id
      approve: {approved: true, by: ann, after: PT73H}
      check: [{ok: false}, {ok: true}]              # first visit, second visit
    services:                                       # what workers answer, by step or job type
      pay: {receipt: R-1}
      bank.transfer: {error: ACCOUNT_CLOSED}        # a business error
      ship: [{fail: timeout}, {tracking: T-1}]      # a technical failure, then a result
    messages: [{name: goods arrived, key: INV-1, variables: {count: 3}}]
    clock: [PT48H, P1D]                             # time that passes when nobody has anything to do
    expect:
      end: paid                                     # the end event reached
      status: completed                             # or active, failed, cancelled
      path: [approve, pay]                          # steps completed in this order (others may come between)
      exactly: [check, approve, pay]                # these steps completed, in this order, and no others
      skips: [second approval]                      # steps never entered
      variables: {approved: true}                   # values at the end
      waits_at: [second approval]                   # steps where it stands at the end
      incident: pay                                 # a step that stops with an incident
      escalated: approve                            # a task that was escalated
      performers: {approve: ann}                    # who did what

A single answer serves every visit, a list one visit each. `by` names the person (default: somebody of the
role), `after` how long the task stays open first. Jobs without an answer are done with no result. Where only
waiting for a time is left, the clock goes on by itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.timers import later
from flowmaster.engine.values import Json

WORDS = ("name", "given", "business_key", "answers", "services", "messages", "clock", "expect", "about")
EXPECTED = (
    "end",
    "status",
    "path",
    "exactly",
    "skips",
    "variables",
    "waits_at",
    "incident",
    "escalated",
    "performers",
)
STATUSES = ("active", "completed", "cancelled", "failed")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person answers to one visit of a task."""

    variables: Mapping[str, Json]
    by: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """What a worker gives back for one job: a result, a business error, or a technical failure."""

    variables: Mapping[str, Json]
    error: str = ""
    fail: str = ""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that comes in while the process waits for it."""

    name: str
    key: str
    variables: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must have come of a scenario; None means that it does not matter."""

    end: str = ""
    status: str = ""
    path: tuple[str, ...] = ()
    exactly: tuple[str, ...] | None = None
    skips: tuple[str, ...] = ()
    variables: Mapping[str, Json] = field(default_factory=dict)
    waits_at: tuple[str, ...] | None = None
    incident: str = ""
    escalated: str = ""
    performers: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One case to play through; `repeats` names the answers that serve every visit."""

    name: str
    given: Mapping[str, Json]
    business_key: str
    answers: Mapping[str, tuple[Answer, ...]]
    services: Mapping[str, tuple[Service, ...]]
    repeats: frozenset[str]
    messages: tuple[Incoming, ...]
    clock: tuple[str, ...]
    expect: Expectation


def read_scenarios(source: Json, path: str = "scenarios") -> tuple[Scenario, ...]:
    """Read a list of scenarios, or refuse it with the place that is wrong."""
    if not isinstance(source, Sequence) or isinstance(source, str):
        raise _wrong(path, "Scenarios are a list.", "a list of scenarios")
    read = tuple(read_scenario(item, f"{path}[{number}]") for number, item in enumerate(source))
    names = [scenario.name for scenario in read]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise _wrong(f"{path}[{number}].name", f"Two scenarios are called {name!r}.", "a name of its own")
    return read


def read_scenario(source: Json, path: str = "scenario") -> Scenario:
    """Read one scenario, or refuse it with the place that is wrong."""
    body = _mapping(source, path)
    _known(body, WORDS, path)
    name = body.get("name")
    if not isinstance(name, str) or not name.strip():
        raise _wrong(f"{path}.name", "The scenario has no name.", "a short name, such as `small and clean`")
    answers, answers_repeat = _per_visit(body.get("answers"), f"{path}.answers", _answer)
    services, services_repeat = _per_visit(body.get("services"), f"{path}.services", _service)
    return Scenario(
        name=name,
        given=_mapping(body.get("given"), f"{path}.given"),
        business_key=str(body.get("business_key") or ""),
        answers=answers,
        services=services,
        repeats=answers_repeat | services_repeat,
        messages=tuple(
            _message(item, f"{path}.messages[{number}]")
            for number, item in enumerate(_items(body.get("messages"), f"{path}.messages"))
        ),
        clock=tuple(_duration(item, f"{path}.clock") for item in _items(body.get("clock"), f"{path}.clock")),
        expect=_expectation(body.get("expect"), f"{path}.expect"),
    )


def _expectation(source: Json, path: str) -> Expectation:
    body = _mapping(source, path)
    _known(body, EXPECTED, path)
    status = _text(body.get("status"), f"{path}.status")
    if status and status not in STATUSES:
        raise _wrong(f"{path}.status", f"There is no status {status!r}.", " or ".join(STATUSES))
    return Expectation(
        end=_text(body.get("end"), f"{path}.end"),
        status=status,
        path=_names(body.get("path"), f"{path}.path"),
        exactly=None if body.get("exactly") is None else _names(body["exactly"], f"{path}.exactly"),
        skips=_names(body.get("skips"), f"{path}.skips"),
        variables=_mapping(body.get("variables"), f"{path}.variables"),
        waits_at=None if body.get("waits_at") is None else _names(body["waits_at"], f"{path}.waits_at"),
        incident=_text(body.get("incident"), f"{path}.incident"),
        escalated=_text(body.get("escalated"), f"{path}.escalated"),
        performers=_mapping(body.get("performers"), f"{path}.performers"),
    )


def _answer(source: Json, path: str) -> Answer:
    body = dict(_mapping(source, path))
    by, after = _text(body.pop("by", None), f"{path}.by"), body.pop("after", None)
    return Answer(body, by, "" if after is None else _duration(after, f"{path}.after"))


def _service(source: Json, path: str) -> Service:
    body = dict(_mapping(source, path))
    error, fail = (
        _text(body.pop("error", None), f"{path}.error"),
        _text(body.pop("fail", None), f"{path}.fail"),
    )
    if error and fail:
        raise _wrong(path, "A job ends in an error or in a failure.", "`error` or `fail`")
    return Service(body, error, fail)


def _message(source: Json, path: str) -> Incoming:
    body = _mapping(source, path)
    _known(body, ("name", "key", "variables"), path)
    name = _text(body.get("name"), f"{path}.name")
    if not name:
        raise _wrong(f"{path}.name", "The message has no name.", "the name of a message of the process")
    key = body.get("key")
    return Incoming(
        name, "" if key is None else str(key), _mapping(body.get("variables"), f"{path}.variables")
    )


def _per_visit(
    source: Json, path: str, read: Callable[[Json, str], T]
) -> tuple[dict[str, tuple[T, ...]], frozenset[str]]:
    """Read answers by step; return them with the steps whose one answer serves every visit."""
    visits: dict[str, tuple[T, ...]] = {}
    repeats: set[str] = set()
    for step, given in _mapping(source, path).items():
        if isinstance(given, Sequence) and not isinstance(given, str):
            visits[step] = tuple(read(item, f"{path}.{step}[{number}]") for number, item in enumerate(given))
        else:
            visits[step] = (read(given, f"{path}.{step}"),)
            repeats.add(step)
    return visits, frozenset(repeats)


def _mapping(source: Json, path: str) -> Mapping[str, Json]:
    if source is None:
        return {}
    if not isinstance(source, Mapping):
        raise _wrong(path, f"{source!r} is no object with names and values.", "an object")
    return source


def _items(source: Json, path: str) -> Sequence[Json]:
    if source is None:
        return ()
    if isinstance(source, str) or not isinstance(source, Sequence):
        return (source,)
    return source


def _names(source: Json, path: str) -> tuple[str, ...]:
    return tuple(_text(item, path) for item in _items(source, path))


def _text(source: Json, path: str) -> str:
    if source is None:
        return ""
    if not isinstance(source, str):
        raise _wrong(path, f"{source!r} is no text.", "a text")
    return source


def _duration(source: Json, path: str) -> str:
    text = _text(source, path)
    later(0, text)
    return text


def _known(body: Mapping[str, Json], words: Sequence[str], path: str) -> None:
    for word in body:
        if word not in words:
            raise _wrong(
                f"{path}.{word}",
                f"A scenario knows no word {word!r}.{did_you_mean(word, words)}",
                ", ".join(words),
            )


def _wrong(path: str, message: str, expected: str) -> FlowMasterError:
    return FlowMasterError(
        "scenario.invalid", message, path=path, expected=expected, fix=f"Give {expected}.", status=422
    )
