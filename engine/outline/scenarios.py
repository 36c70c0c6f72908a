"""Scenarios: what goes into a process, what people, services and the clock do, and what must come out.

    - name: over ten thousand              # unique
      like: small and clean                # optional: takes everything of that scenario, changed by what follows
      at: 2030-01-31                       # optional: when it begins, so that `today()` is known
      given: {invoice: {total: 10001}}     # start variables, or what the message or the facts bring that begin it
      start: goods came                    # optional: the start event, or its message or signal, if not by hand
      business_key: PO-1                   # optional
      answers:                             # by step: what the person enters
        approve: {approved: true, by: anna}       # `by`: who answers; exclusions are enforced on that name
        second approval: {approved: true, after: PT73H}   # `after`: so long after the task opened
        clarify: [{ok: false}, {ok: true}]        # first visit, second visit; the last one repeats
        sign: null                                # nobody does it, whatever `like` brings; a service stays under way
      services:                            # by step or job type: what the service, rule or agent answers
        pay: {reference: TX-1}                    # variables
        bank.transfer: {error: ACCOUNT_CLOSED}    # a BPMN error; {fail: text} is a technical failure
        check: {ok: true, after: PT2H}            # `after`: it takes so long
      messages:                            # sent when something waits for them
        - {name: paid, key: PO-1, variables: {amount: 10}, after: pay}   # `after`: a step, or a duration from the start
      clock: [PT48H, next]                 # one entry each time nothing else can go on; `next`: to what is due next
      expect:
        end: paid                          # the end that is reached
        path: [approve, pay]               # these steps come in this order, others may lie between
        exactly: true                      # no other step is completed; events on borders need not be named
        skips: [second approval]           # never entered
        variables: {approved: true}        # at the end; objects are compared by the fields named
        waits_at: [approve]                # it still waits there when nothing can go on
        incident: pay                      # it stopped there
        reminded: [approve]                # a reminder was due there; []: nobody was reminded
        escalated: {approve: cfo}          # it was escalated to that role, or to all of a list; {}: nothing was
        refused: [approve]                 # an answer was refused there; `start` or an input: the start was refused

Steps go by name or id. A service without an answer here answers nothing (`{}`); a task without one stays open. Rules are
evaluated as they are unless `services` names them. Nothing outside is called.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.outline import values
from flowmaster.engine.outline.problems import Problems
from flowmaster.engine.timers import instant, iso
from flowmaster.engine.values import Json

SCENARIOS_MAX = 500
LIKE_DEPTH_MAX = 20
NEXT = "next"
"""The clock entry that goes to what is due next: a timer, a message or an answer."""

START = "start"
"""Stands in `refused` where the start itself is refused."""

_WORDS = (
    "name",
    "like",
    "at",
    "given",
    "start",
    "business_key",
    "answers",
    "services",
    "messages",
    "clock",
    "expect",
)
_EXPECT = (
    "end",
    "path",
    "exactly",
    "skips",
    "variables",
    "waits_at",
    "incident",
    "reminded",
    "escalated",
    "refused",
)
_NONE: Mapping[str, Mapping[str, Json]] = {}
_ENDINGS = ("error", "fail")
"""What a service answers instead of a result."""

_MESSAGE = ("name", "key", "variables", "after")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person enters at one visit of a task: who (`by`, may be empty), and how long after it opened."""

    variables: Mapping[str, Json]
    by: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class ServiceAnswer:
    """What outside work gives at one visit, and how long it takes: variables, a BPMN error, or a technical failure."""

    variables: Mapping[str, Json] = field(default_factory=dict)
    error: str = ""
    fail: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message from outside; `after` is a step's name, a duration since the start, or empty for at once."""

    name: str
    key: str = ""
    variables: Mapping[str, Json] = field(default_factory=dict)
    after: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """What must have happened once nothing can go on; `None` and empty parts are not compared.

    Where `reminded` or `escalated` is there and empty, nobody may be reminded and nothing escalated.
    """

    end: str | None = None
    path: tuple[str, ...] = ()
    exactly: bool = False
    skips: tuple[str, ...] = ()
    variables: Mapping[str, Json] = field(default_factory=dict)
    waits_at: tuple[str, ...] = ()
    incident: str | None = None
    reminded: tuple[str, ...] | None = None
    escalated: Mapping[str, tuple[str, ...]] | None = None
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """One case with its outcome. `visit` of answers counts from 0; the last answer repeats."""

    name: str
    given: Mapping[str, Json]
    expect: Expected
    at: str = ""
    business_key: str = ""
    answers: Mapping[str, tuple[Answer | None, ...]] = field(default_factory=dict)
    services: Mapping[str, tuple[ServiceAnswer | None, ...]] = field(default_factory=dict)
    messages: tuple[Sent, ...] = ()
    clock: tuple[str, ...] = ()
    start: str = ""


def scenarios_of(listed: Json, path: str = "scenarios", saved: Sequence[Json] = ()) -> tuple[Scenario, ...]:
    """Return scenarios ready to run, with everything that `like` brings, also from those that are saved.

    Raises:
        OutlineRefused: with everything that is wrong.
    """
    problems = Problems()
    known = {str(raw["name"]): raw for raw in saved if isinstance(raw, Mapping)}
    found = read_scenarios(listed, path, problems, known)
    problems.raise_if_any()
    by_name = known | {str(raw["name"]): raw for raw in found}
    return tuple(
        _scenario(_resolved(raw, by_name), f"{path}[{number}]", problems) for number, raw in enumerate(found)
    )


def resolved_scenarios(listed: Sequence[Json], saved: Sequence[Json] = ()) -> list[dict[str, Json]]:
    """Return scenarios that were read before, each with everything that `like` brings, also from saved ones."""
    by_name = {str(raw["name"]): raw for raw in (*saved, *listed) if isinstance(raw, Mapping)}
    return [_resolved(raw, by_name) for raw in listed if isinstance(raw, Mapping)]


def read_scenarios(
    value: Json, path: str, problems: Problems, saved: Mapping[str, Mapping[str, Json]] = _NONE
) -> tuple[Mapping[str, Json], ...]:
    """Check a list of scenarios and return them as they were written; what is wrong goes to `problems`."""
    if value is None:
        return ()
    listed = [value] if isinstance(value, Mapping) else value
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        problems.add(
            "scenario.value_wrong", path, "Scenarios are a list.", expected="[{name, given, answers, expect}]"
        )
        return ()
    if len(listed) > SCENARIOS_MAX:
        problems.add(
            "scenario.too_many",
            path,
            f"A process has at most {SCENARIOS_MAX} scenarios.",
            fix="Leave out those that take the same path as another.",
        )
        return ()
    found: dict[str, Mapping[str, Json]] = {}
    places: dict[str, str] = {}
    for number, raw in enumerate(listed):
        at = f"{path}[{number}]"
        if not isinstance(raw, Mapping):
            problems.add("scenario.value_wrong", at, "A scenario is a mapping.", expected=", ".join(_WORDS))
            continue
        name = raw.get("name")
        if not isinstance(name, str) or not name.strip():
            problems.add(
                "scenario.name_missing",
                f"{at}.name",
                "A scenario has a name.",
                expected="name: small and clean",
            )
            continue
        if name in found:
            problems.add(
                "scenario.name_twice",
                f"{at}.name",
                f"There are two scenarios {name!r}.",
                fix="Give each a name of its own, or leave one out.",
            )
            continue
        found[name], places[name] = raw, at
    known = {**saved, **found}
    for name, raw in found.items():
        if _likeness_holds(raw, known, places[name], problems):
            _scenario(_resolved(raw, known), places[name], problems)
    return tuple(found.values())


def _likeness_holds(raw: Mapping[str, Json], found: Mapping[str, Json], at: str, problems: Problems) -> bool:
    current: Json = raw
    for _ in range(LIKE_DEPTH_MAX):
        like = current.get("like") if isinstance(current, Mapping) else None
        if like is None:
            return True
        if not isinstance(like, str) or like not in found:
            problems.add(
                "scenario.unknown",
                f"{at}.like",
                f"There is no scenario {like!r}.{did_you_mean(str(like), list(found))}",
                expected=list(found),
            )
            return False
        current = found[like]
    problems.add(
        "scenario.like_circular",
        f"{at}.like",
        "`like` leads in a circle or too far.",
        fix="Name a scenario that says all by itself.",
    )
    return False


def _resolved(raw: Mapping[str, Json], by_name: Mapping[str, Mapping[str, Json]]) -> dict[str, Json]:
    like = raw.get("like")
    base = _resolved(by_name[str(like)], by_name) if like is not None else {}
    own = {key: value for key, value in raw.items() if key != "like"}
    merged = {key: value for key, value in base.items() if key != "expect"}
    for key, value in own.items():
        if key == "services" and key in merged:
            merged[key] = _merged_services(merged[key], value)
        elif key in ("given", "answers") and key in merged:
            merged[key] = merged_deep(merged[key], value)
        else:
            merged[key] = value
    return merged | ({"expect": own["expect"]} if "expect" in own else {"expect": base.get("expect")})


def _merged_services(base: Json, over: Json) -> Json:
    """Return the services of a scenario over those it is like: an error and a result replace each other whole."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    merged = dict(base)
    for key, value in over.items():
        apart = key not in base or is_ending(base[key]) or is_ending(value)
        merged[key] = value if apart else merged_deep(base[key], value)
    return merged


def is_ending(answer: Json) -> bool:
    """Return whether a service answers with an error or a failure."""
    return isinstance(answer, Mapping) and any(answer.get(word) is not None for word in _ENDINGS)


def merged_deep(base: Json, over: Json) -> Json:
    """Return `base` with the fields of `over` put over it, mappings field by field."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    merged = dict(base)
    for key, value in over.items():
        merged[key] = merged_deep(merged[key], value) if key in merged else value
    return merged


class _Reader:
    """Reads the parts of one scenario."""

    def __init__(self, at: str, problems: Problems) -> None:
        self.at = at
        self._problems = problems

    def wrong(self, path: str, message: str, expected: Json = None) -> None:
        """Note a value of the wrong form."""
        self._problems.add("scenario.value_wrong", f"{self.at}.{path}", message, expected=expected)

    def words(self, value: Mapping[str, Json], allowed: Sequence[str], path: str) -> None:
        """Note words that do not belong here."""
        for key in value:
            if key not in allowed:
                at = f"{self.at}.{path}.{key}" if path else f"{self.at}.{key}"
                hint = did_you_mean(key, allowed)
                message = f"{key!r} is no word of a scenario here.{hint}"
                self._problems.add("scenario.word_unknown", at, message, expected=list(allowed))

    def mapping(self, value: Json, path: str) -> Mapping[str, Json]:
        """Return a mapping, an empty one for nothing."""
        if value is None:
            return {}
        if isinstance(value, Mapping):
            return value
        self.wrong(path, "A mapping stands here.", "{name: value}")
        return {}

    def names(self, value: Json, path: str) -> tuple[str, ...]:
        """Return one name or several."""
        if value is None:
            return ()
        listed = [value] if isinstance(value, str) else value
        if isinstance(listed, Sequence) and all(isinstance(entry, str) for entry in listed):
            return tuple(str(entry) for entry in listed)
        self.wrong(path, "Names of steps stand here.", "[approve, pay]")
        return ()

    def text(self, value: Json, path: str) -> str:
        """Return a text, empty for nothing."""
        if value is None:
            return ""
        if isinstance(value, Mapping | Sequence) and not isinstance(value, str):
            self.wrong(path, "A text stands here.", expected="text")
            return ""
        return value if isinstance(value, str) else values.feel_of(value)

    def duration(self, value: Json, path: str) -> str:
        """Return an ISO 8601 duration."""
        found = values.duration(value) if isinstance(value, str) else None
        if found is None or found.startswith("="):
            self.wrong(path, f"{value!r} is no duration.", "PT48H")
            return ""
        return found

    def moment(self, value: Json) -> str:
        """Return an instant as ISO 8601, empty for nothing; a bare date begins at midnight UTC."""
        if value is None:
            return ""
        try:
            return iso(instant(self.text(value, "at")))
        except FlowMasterError:
            self.wrong("at", f"{value!r} is no date.", "2030-01-31 or 2030-01-31T09:00:00Z")
            return ""

    def answers(self, value: Json, path: str) -> tuple[Answer | None, ...]:
        """Return the answers of one task by visit, None where nobody does it."""
        listed = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        return tuple(None if entry is None else self._answer(entry, path) for entry in listed or [None])

    def services(self, value: Json, path: str) -> tuple[ServiceAnswer | None, ...]:
        """Return the answers of one service by visit, None where it stays under way."""
        listed = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        return tuple(None if entry is None else self._service(entry, path) for entry in listed or [None])

    def message(self, value: Json, path: str) -> Sent:
        """Return a message from outside."""
        given = self.mapping(value, path)
        self.words(given, _MESSAGE, path)
        if not given.get("name"):
            self.wrong(path, "A message has a name.", "{name: paid, key: PO-1}")
        after = self.text(given.get("after"), f"{path}.after")
        return Sent(
            self.text(given.get("name"), f"{path}.name"),
            self.text(given.get("key"), f"{path}.key"),
            self.mapping(given.get("variables"), f"{path}.variables"),
            values.duration(after) or after if after else "",
        )

    def expected(self, value: Json) -> Expected:
        """Return what must come out."""
        given = self.mapping(value, "expect")
        if not given:
            self.wrong("expect", "A scenario says what it expects.", list(_EXPECT))
        self.words(given, _EXPECT, "expect")
        end, incident = given.get("end"), given.get("incident")
        reminded = given.get("reminded")
        exactly = given.get("exactly", False)
        if not isinstance(exactly, bool):
            self.wrong("expect.exactly", "`exactly` is true or false.", "exactly: true")
        return Expected(
            end=None if end is None else self.text(end, "expect.end"),
            path=self.names(given.get("path"), "expect.path"),
            exactly=exactly is True,
            skips=self.names(given.get("skips"), "expect.skips"),
            variables=self.mapping(given.get("variables"), "expect.variables"),
            waits_at=self.names(given.get("waits_at"), "expect.waits_at"),
            incident=None if incident is None else self.text(incident, "expect.incident"),
            reminded=None if reminded is None else self.names(reminded, "expect.reminded"),
            escalated=self._escalated(given.get("escalated")),
            refused=self.names(given.get("refused"), "expect.refused"),
        )

    def _escalated(self, value: Json) -> Mapping[str, tuple[str, ...]] | None:
        """Return which steps are escalated, and to which roles, if that matters."""
        if value is None:
            return None
        if not isinstance(value, Mapping):
            return dict.fromkeys(self.names(value, "expect.escalated"), ())
        return {step: self.names(roles, f"expect.escalated.{step}") for step, roles in value.items()}

    def _answer(self, value: Json, path: str) -> Answer:
        given = self.mapping(value, path)
        after = given.get("after")
        return Answer(
            {name: entry for name, entry in given.items() if name not in ("by", "after")},
            self.text(given.get("by"), f"{path}.by"),
            "" if after is None else self.duration(after, f"{path}.after"),
        )

    def _service(self, value: Json, path: str) -> ServiceAnswer:
        given = self.mapping(value, path)
        error, fail = (
            self.text(given.get("error"), f"{path}.error"),
            self.text(given.get("fail"), f"{path}.fail"),
        )
        rest = {name: entry for name, entry in given.items() if name not in ("error", "fail", "after")}
        if error and fail:
            self.wrong(path, "A service ends with `error` or with `fail`, not both.", expected="one of them")
        after = given.get("after")
        return ServiceAnswer(
            rest, error, fail, "" if after is None else self.duration(after, f"{path}.after")
        )


def _scenario(raw: Mapping[str, Json], at: str, problems: Problems) -> Scenario:
    reader = _Reader(at, problems)
    reader.words(raw, _WORDS, "")
    messages = raw.get("messages") or []
    clock = raw.get("clock") or []
    if isinstance(messages, Mapping):
        messages = [messages]
    if not isinstance(messages, Sequence) or isinstance(messages, str):
        reader.wrong("messages", "Messages are a list.", "[{name: paid, key: PO-1}]")
        messages = []
    ticks = reader.names(clock, "clock")
    return Scenario(
        name=str(raw["name"]),
        given=reader.mapping(raw.get("given"), "given"),
        expect=reader.expected(raw.get("expect")),
        at=reader.moment(raw.get("at")),
        business_key=reader.text(raw.get("business_key"), "business_key"),
        answers={
            step: reader.answers(entry, f"answers.{step}")
            for step, entry in reader.mapping(raw.get("answers"), "answers").items()
        },
        services={
            step: reader.services(entry, f"services.{step}")
            for step, entry in reader.mapping(raw.get("services"), "services").items()
        },
        messages=tuple(reader.message(entry, f"messages[{number}]") for number, entry in enumerate(messages)),
        clock=tuple(
            tick if tick == NEXT else reader.duration(tick, f"clock[{i}]") for i, tick in enumerate(ticks)
        ),
        start=reader.text(raw.get("start"), "start"),
    )
