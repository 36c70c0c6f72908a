"""Reads what occurs beside or between steps: triggers, handlers (`on`, `late`), and where they lead."""

from collections.abc import Callable, Mapping, Sequence

from flowmaster.engine.outline.nodes import Handler, Jump, Node, Trigger
from flowmaster.engine.outline.reading import Reading, shown
from flowmaster.engine.outline.reading_words import event_words, outputs
from flowmaster.engine.outline.vocabulary import TRIGGERS
from flowmaster.engine.values import Json

ReadSteps = Callable[[Json, str], tuple[Node, ...]]
_SYNONYMS = {"for": "after", "until": "at", "timer": "after", "date": "at", "duration": "after"}
_ANY_ERROR = ("*", "error", "any")
_HANDLER_WORDS = ("id", "title", "about", "into", "extra")


def trigger(reading: Reading, given: Mapping[str, Json], path: str, allowed: Sequence[str]) -> Trigger:
    """Read the one trigger word of a mapping, with the `key` of a message."""
    words = {_SYNONYMS.get(key, key): value for key, value in given.items()}
    kinds = [key for key in words if key in allowed]
    if len(kinds) != 1:
        reading.wrong(
            path,
            "Exactly one of the words that say what happens must stand here"
            + (f", not {' and '.join(kinds)}." if kinds else "."),
            expected=list(allowed),
        )
        return Trigger()
    kind = kinds[0]
    key = reading.feel(words["key"], f"{path}.key") if words.get("key") is not None else ""
    return Trigger(kind, trigger_value(reading, kind, words[kind], f"{path}.{kind}"), key)


def trigger_value(reading: Reading, kind: str, value: Json, path: str) -> str:
    """Read what stands behind a trigger word."""
    match kind:
        case "after":
            return reading.duration(value, path)
        case "at":
            return reading.date(value, path)
        case "every":
            return reading.cycle(value, path)
        case "condition":
            return reading.feel(value, path, "A condition")
        case "bpmn":
            return reading.text(value, path, "An event as XML")
        case "cancel" | "terminate":
            reading.flag(value, path)
            return ""
        case "error" | "escalation" | "compensate":
            return "" if value is True or value == "*" else reading.text_or_feel(value, path, f"The {kind}")
        case _:
            return reading.text_or_feel(value, path, f"The name of a {kind}")


def handlers(reading: Reading, value: Json, path: str, steps: ReadSteps) -> tuple[Handler, ...]:
    """Read `on`: `{CODE: where}` for errors, or a list of `{trigger, then, keep}`."""
    if isinstance(value, Mapping) and "then" not in value:
        return tuple(_error(reading, code, target, f"{path}.{code}", steps) for code, target in value.items())
    entries = [value] if isinstance(value, Mapping) else value
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        reading.wrong(
            path,
            f"`on` says where errors lead, not {shown(value)}.",
            expected="{ACCOUNT_CLOSED: step name or [steps]} or [{message: name, then: [steps], keep: true}]",
        )
        return ()
    listed = value if isinstance(value, Sequence) else None
    return tuple(
        handler(reading, entry, f"{path}[{number}]" if listed is not None else path, steps)
        for number, entry in enumerate(entries)
    )


def handler(reading: Reading, value: Json, path: str, steps: ReadSteps, body: str = "then") -> Handler:
    """Read one `{trigger: ..., then: ..., keep: ...}`."""
    if not isinstance(value, Mapping):
        reading.wrong(
            path, f"A handler is a mapping, not {shown(value)}.", expected=f"{{message: name, {body}: [...]}}"
        )
        return Handler(Trigger(), (), path)
    reading.unknown_words(value, [*TRIGGERS, *_SYNONYMS, "key", body, "keep", *_HANDLER_WORDS], path)
    into = outputs(reading, value["into"], f"{path}.into") if "into" in value else {}
    found = trigger(reading, value, path, TRIGGERS)
    return Handler(
        trigger=found,
        steps=target(reading, value.get(body), f"{path}.{body}", steps),
        at=path,
        keep="keep" in value and kept_open(reading, value["keep"], found, f"{path}.keep"),
        id=str(value.get("id", "")),
        title=str(value.get("title", "")),
        into=into,
        words=event_words(reading, value, path),
    )


def kept_open(reading: Reading, value: Json, found: Trigger | None, path: str) -> bool:
    """Read `keep`: whether a step stays open when something happens beside it, which an error never allows."""
    kept = reading.flag(value, path)
    if kept and found is not None and found.kind in ("error", "cancel"):
        reading.wrong(path, f"An event of kind `{found.kind}` always ends the step.", fix="Leave `keep` out.")
    return kept


def late(reading: Reading, after: str, value: Json, path: str, steps: ReadSteps) -> Handler:
    """Read where a step that is too late leads: `{then: [...], keep: true}` keeps it open beside."""
    keep, body, inside = False, value, path
    if isinstance(value, Mapping) and "then" in value:
        reading.unknown_words(value, ("then", "keep", *_HANDLER_WORDS), path)
        keep = "keep" in value and reading.flag(value["keep"], f"{path}.keep")
        body, inside = value["then"], f"{path}.then"
    given = value if isinstance(value, Mapping) and "then" in value else {}
    found = target(reading, body, inside, steps)
    return _handled(reading, given, Trigger("after", after), found, path, keep=keep)


def target(reading: Reading, value: Json, path: str, steps: ReadSteps) -> tuple[Node, ...]:
    """Read where something leads: the name of a step, one step, or a list of steps."""
    if isinstance(value, str) and value.strip():
        return (Jump(value.strip(), path),)
    if isinstance(value, Mapping):
        return steps([value], path)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return steps(value, path)
    reading.wrong(
        path, f"It is not said where this leads: {shown(value)}.", expected="a step's name or a list of steps"
    )
    return ()


def _error(reading: Reading, code: str, value: Json, path: str, steps: ReadSteps) -> Handler:
    given = value if isinstance(value, Mapping) and "then" in value else {}
    if given:
        reading.unknown_words(given, ("then", *_HANDLER_WORDS), path)
    body = given["then"] if given else value
    found = target(reading, body, f"{path}.then" if given else path, steps)
    name = "" if code in _ANY_ERROR else code
    return _handled(reading, given, Trigger("error", name), found, path, keep=False)


def _handled(
    reading: Reading,
    given: Mapping[str, Json],
    found: Trigger,
    steps: tuple[Node, ...],
    path: str,
    *,
    keep: bool,
) -> Handler:
    """Return a handler with what stands beside `then`."""
    into = outputs(reading, given["into"], f"{path}.into") if "into" in given else {}
    identifier, title = str(given.get("id", "")), str(given.get("title", ""))
    return Handler(found, steps, path, keep, identifier, title, into, event_words(reading, given, path))
