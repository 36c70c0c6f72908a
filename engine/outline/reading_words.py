"""Reads the words beside a step's kind, each into its one form."""

from collections.abc import Callable, Collection, Mapping, Sequence

from flowmaster.engine.outline import values
from flowmaster.engine.outline.datatypes import schema_of
from flowmaster.engine.outline.reading import Reading, shown
from flowmaster.engine.outline.vocabulary import JOBS
from flowmaster.engine.values import Json

RETRIES_MAX = 100
_EACH = ("item", "in", "times", "sequential", "collect", "from", "until", "quorum", "veto")
ANYONE = "anyone"
"""Stands behind `ask` where the model names no performer."""


def performer(reading: Reading, value: Json, path: str) -> dict[str, Json]:
    """Read who is asked: a role, roles, a person as `=expression`, or `{roles, person, people}`."""
    if isinstance(value, str) and value.strip().startswith("="):
        return {"person": f"={reading.feel(value, path)}"}
    if isinstance(value, str) and value.strip() not in reading.roles and _is_variable(reading, value.strip()):
        return {"person": _person(reading, value, path)}
    if value == ANYONE and ANYONE not in reading.roles:
        return {}
    if isinstance(value, str) and value.strip():
        return {"roles": [reading.role(value, path)]}
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        return {"roles": [reading.role(entry, f"{path}[{number}]") for number, entry in enumerate(value)]}
    if not isinstance(value, Mapping) or not value:
        reading.wrong(
            path, "`ask` names who does it.", expected="a role, [roles], =person or {roles, person, people}"
        )
        return {}
    reading.unknown_words(value, ("role", "roles", "person", "people"), path)
    found: dict[str, Json] = {}
    roles = value.get("roles", value.get("role"))
    if roles is not None:
        key = "roles" if "roles" in value else "role"
        found["roles"] = _several(reading, roles, f"{path}.{key}", reading.role)
    if value.get("person") is not None:
        found["person"] = _person(reading, value["person"], f"{path}.person")
    if value.get("people") is not None:
        found["people"] = _several(
            reading,
            value["people"],
            f"{path}.people",
            lambda one, at: _person(reading, one, at),
        )
    return found


def _is_variable(reading: Reading, name: str) -> bool:
    """Return whether a name is that of declared data, or of what a step goes through with `each`."""
    return name in reading.data or name in reading.items


def item_of(each: Json) -> str:
    """Return the variable of one turn that `each` names, before anything else of the step is read."""
    if isinstance(each, Mapping):
        return str(each.get("item") or "")
    return each.partition(" in ")[0].strip() if isinstance(each, str) else ""


def _person(reading: Reading, value: Json, path: str) -> str:
    """Read a person: by name, or the variable that holds one."""
    name = reading.text_or_feel(value, path, "A person")
    if not _is_variable(reading, name):
        return name
    reading.defaults.append(f"{path}: {name!r} is the person that this variable holds.")
    return f"={reading.feel(name, path)}"


def assignments(reading: Reading, value: Json, path: str) -> dict[str, str]:
    """Read `set`: expressions by variable."""
    if not isinstance(value, Mapping) or not value:
        reading.wrong(path, f"`set` is a mapping, not {shown(value)}.", expected="{total: net + tax}")
        return {}
    found = {}
    for key, source in value.items():
        expression = reading.feel("null" if source is None else source, f"{path}.{key}")
        found[reading.variable(key, f"{path}.{key}")] = expression
    return {key: source for key, source in found.items() if key}


def word(reading: Reading, name: str, value: Json, path: str) -> Json:
    """Read one word into its normal form."""
    return _READERS[name](reading, value, path)


def _inputs(reading: Reading, value: Json, path: str) -> Json:
    if not isinstance(value, Mapping) or not value:
        reading.wrong(path, f"`with` is a mapping, not {shown(value)}.", expected="{amount: invoice.total}")
        return {}
    found = {}
    for key, source in value.items():
        expression = reading.feel(source, f"{path}.{key}")
        found[reading.variable(key, f"{path}.{key}")] = expression
    return {key: source for key, source in found.items() if key}


def _exclusions(reading: Reading, value: Json, path: str) -> Json:
    return _several(reading, value, path, lambda one, at: reading.text(one, at, "An exclusion"))


def _remind(reading: Reading, value: Json, path: str) -> Json:
    return _several(reading, value, path, reading.duration)


def _escalate(reading: Reading, value: Json, path: str) -> Json:
    if not isinstance(value, Mapping):
        reading.wrong(
            path, f"`escalate` is a mapping, not {shown(value)}.", expected="{PT72H: cfo, P7D: ceo}"
        )
        return []
    return [
        [reading.duration(after, f"{path}.{after}"), escalated(reading, role, f"{path}.{after}")]
        for after, role in value.items()
    ]


def escalated(reading: Reading, value: Json, path: str) -> str:
    """Read to whom a task goes when it is late: a role, or several at once."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return reading.role(value, path)
    roles = [reading.role(one, f"{path}[{number}]") for number, one in enumerate(value)]
    return f"=[{', '.join(values.literal(role) for role in roles)}]"


def _due(reading: Reading, value: Json, path: str) -> Json:
    interval = values.duration(value) if isinstance(value, str) else None
    if interval is not None and not interval.startswith("="):
        return interval
    return reading.date(value, path)


def _priority(reading: Reading, value: Json, path: str) -> Json:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 100:
        return str(value)
    if isinstance(value, str) and value.strip().startswith("="):
        return f"={reading.feel(value, path)}"
    reading.wrong(path, f"{shown(value)} is no priority.", expected="0 to 100 or =expression")
    return "50"


def _form(reading: Reading, value: Json, path: str) -> Json:
    if isinstance(value, str) and value.strip():
        return {"id": value.strip()}
    return {"schema": form_schema(reading, value, path)}


def form_schema(reading: Reading, value: Json, path: str) -> Mapping[str, Json]:
    """Read a form: fields with types, a JSON Schema, or a form-js form as it is."""
    if not isinstance(value, Mapping):
        reading.wrong(
            path, f"A form is a mapping, not {shown(value)}.", expected="{approved: boolean, comment?: text}"
        )
        return {}
    if isinstance(value.get("components"), Sequence) or isinstance(value.get("properties"), Mapping):
        return dict(value)
    schema = schema_of(value, path, reading.problems, reading.types)
    fields = schema.get("properties")
    if isinstance(fields, Mapping):
        reading.produced.update(fields)
    return schema


def read_checks(reading: Reading, value: Json, path: str) -> list[Mapping[str, Json]]:
    """Read conditions with the words that say what they want: `{"to before from": to >= from}`, or a list."""
    if isinstance(value, Mapping) and value:
        return [
            {"that": reading.feel(rule, f"{path}.{text}"), "message": text, "path": ""}
            for text, rule in value.items()
        ]
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        reading.wrong(
            path, f"`checks` are a mapping, not {shown(value)}.", expected='{"due after date": due > date}'
        )
        return []
    found: list[Mapping[str, Json]] = []
    for number, entry in enumerate(value):
        at = f"{path}[{number}]"
        if isinstance(entry, str):
            found.append({"that": reading.feel(entry, at), "message": entry, "path": ""})
            continue
        if not isinstance(entry, Mapping):
            reading.wrong(at, f"A check is a mapping, not {shown(entry)}.", expected="{that, message, path}")
            continue
        reading.unknown_words(entry, ("that", "message", "path"), at)
        rule = reading.feel(entry.get("that"), f"{at}.that")
        message = reading.text(entry.get("message"), f"{at}.message", "The message")
        found.append({"that": rule, "message": message, "path": str(entry.get("path") or "")})
    return found


def _retry(reading: Reading, value: Json, path: str) -> Json:
    given = value if isinstance(value, Mapping) else {"times": value}
    reading.unknown_words(given, ("times", "wait"), path)
    times = given.get("times", 3)
    if isinstance(times, str) and times.startswith("="):
        times = f"={reading.feel(times, f'{path}.times')}"
    elif not isinstance(times, int) or isinstance(times, bool) or not 0 <= times <= RETRIES_MAX:
        reading.wrong(
            f"{path}.times", f"{shown(times)} is no number of tries.", expected=f"0 to {RETRIES_MAX}"
        )
        times = 3
    found: dict[str, Json] = {"times": str(times)}
    if given.get("wait") is not None:
        found["wait"] = reading.duration(given["wait"], f"{path}.wait")
    return found


def tries_need_service(reading: Reading, path: str) -> None:
    """Note that a message which goes out inside the server is not tried again."""
    reading.wrong(path, "`retry` needs `via`: the service that sends the message.", expected="via: mail")


def _headers(reading: Reading, value: Json, path: str) -> Json:
    if not isinstance(value, Mapping) or not value:
        reading.wrong(path, f"{shown(value)} is no mapping of texts.", expected="{method: POST}")
        return {}
    return {key: reading.text(entry, f"{path}.{key}", "A header", empty=True) for key, entry in value.items()}


def _each(reading: Reading, value: Json, path: str) -> Json:
    if isinstance(value, str):
        item, found, collection = value.partition(" in ")
        if not found:
            reading.wrong(
                path, f"{value!r} does not say what is gone through.", expected="line in invoice.lines"
            )
            return {}
        return {"item": reading.variable(item, path), "in": reading.feel(collection, path)}
    if not isinstance(value, Mapping):
        reading.wrong(
            path, f"{shown(value)} is no loop.", expected="line in invoice.lines, or {item, in, sequential}"
        )
        return {}
    reading.unknown_words(value, _EACH, path)
    each: dict[str, Json] = {}
    for key, entry in value.items():
        at = f"{path}.{key}"
        if key in ("item", "collect"):
            each[key] = reading.variable(entry, at)
        elif key in ("in", "times", "from", "until"):
            each[key] = reading.feel(entry, at)
        elif key == "sequential":
            each[key] = reading.flag(entry, at)
    if ("in" in each) == ("times" in each):
        reading.wrong(
            path,
            "A loop goes through a list (`in`) or a number of `times`.",
            expected="{item: line, in: lines}",
        )
    if ("collect" in each) != ("from" in each):
        reading.wrong(
            path, "`collect` and `from` belong together.", expected="{collect: results, from: result}"
        )
    if value.get("quorum") is not None or value.get("veto") is not None:
        _quorum(reading, value, each, path)
    return each


def _quorum(reading: Reading, value: Mapping[str, Json], each: dict[str, Json], path: str) -> None:
    """Read a vote: it is over with `quorum` yeses, when they cannot be reached any more, or by a `veto`."""
    if "collect" not in each or "until" in each:
        reading.wrong(
            path,
            "A `quorum` counts the answers that `collect` gathers, and says itself until when.",
            expected="{item: member, in: board, collect: votes, from: approved, quorum: 2, veto: true}",
        )
        return
    votes, whole = each["collect"], f"count({each['in']})" if "in" in each else each.get("times", 0)
    needed = reading.feel(value["quorum"], f"{path}.quorum") if value.get("quorum") is not None else whole
    over = [
        f"count({votes}[item = true]) >= {needed}",
        f"count({votes}[item = false]) > {whole} - {needed}",
    ]
    if value.get("veto") is not None and reading.flag(value["veto"], f"{path}.veto"):
        over.append(f"list contains({votes}, false)")
    each["until"] = " or ".join(over)


def _repeat(reading: Reading, value: Json, path: str) -> Json:
    if not isinstance(value, Mapping):
        reading.wrong(path, f"{shown(value)} is no repetition.", expected="{while: not(done), max: 10}")
        return {}
    reading.unknown_words(value, ("while", "max", "test_first"), path)
    repeat: dict[str, Json] = {}
    if value.get("while") is not None:
        repeat["while"] = reading.feel(value["while"], f"{path}.while")
    if "test_first" in value:
        repeat["test_first"] = reading.flag(value["test_first"], f"{path}.test_first")
    most = value.get("max")
    if most is not None and (not isinstance(most, int) or isinstance(most, bool) or most < 1):
        reading.wrong(f"{path}.max", f"{shown(most)} is no number of rounds.", expected="1 or more")
    elif most is not None:
        repeat["max"] = most
    return repeat


def _tools(reading: Reading, value: Json, path: str) -> Json:
    return _several(reading, value, path, lambda one, at: reading.text(one, at, "A tool"))


def _several(reading: Reading, value: Json, path: str, read: Callable[[Json, str], str]) -> list[Json]:
    if isinstance(value, str):
        return [read(value, path)]
    if isinstance(value, Sequence) and value:
        return [read(entry, f"{path}[{number}]") for number, entry in enumerate(value)]
    reading.wrong(
        path, f"One or several texts stand here, not {shown(value)}.", expected="a text or a list of texts"
    )
    return []


def _text(reading: Reading, value: Json, path: str) -> Json:
    return reading.text(value, path, "It")


def _text_or_feel(reading: Reading, value: Json, path: str) -> Json:
    return reading.text_or_feel(value, path, "It")


def _expression(reading: Reading, value: Json, path: str) -> Json:
    return reading.feel(value, path)


def event_words(reading: Reading, given: Mapping[str, Json], path: str) -> dict[str, Json]:
    """Read what an event or a gateway says beside: a note, and extensions as XML."""
    return {
        key: word(reading, key, given[key], f"{path}.{key}")
        for key in ("about", "extra")
        if given.get(key) is not None
    }


def _begin(reading: Reading, value: Json, path: str) -> Json:
    """Read what the start of a group says."""
    if not isinstance(value, Mapping):
        reading.wrong(path, f"`start` is a mapping, not {shown(value)}.", expected="{name: Case opened}")
        return {}
    reading.unknown_words(value, ("name", "about", "into", "extra"), path)
    found: dict[str, Json] = {}
    if value.get("name") is not None:
        found["name"] = reading.text(value["name"], f"{path}.name", "The name of a start")
    if value.get("into") is not None:
        found["into"] = dict(outputs(reading, value["into"], f"{path}.into"))
    return found | event_words(reading, value, path)


def outputs(reading: Reading, value: Json, path: str) -> dict[str, str]:
    """Read `into`: a name, names, or `{variable: expression over the answer}`, as expressions by variable."""
    if isinstance(value, str):
        name = reading.variable(value, path)
        return {name: name} if name else {}
    if isinstance(value, Mapping):
        found = {}
        for key, source in value.items():
            before = len(reading.expressions)
            found[reading.variable(key, f"{path}.{key}")] = reading.feel(source, f"{path}.{key}")
            del reading.expressions[before:]  # An answer may hold names that nothing declares.
        return {key: source for key, source in found.items() if key}
    if isinstance(value, Sequence) and value and all(isinstance(entry, str) for entry in value):
        names = [reading.variable(entry, f"{path}[{number}]") for number, entry in enumerate(value)]
        return {name: name for name in names if name}
    reading.wrong(
        path,
        f"`into` names variables, not {shown(value)}.",
        expected="approved, [a, b] or {variable: expression}",
    )
    return {}


def into(reading: Reading, kind: str, value: Json, path: str) -> dict[str, Json]:
    """Read `into` of a kind of step: what a job may leave out keeps its question mark."""
    found, optional = outputs(reading, value, path), optional_names(value) if kind in JOBS else ()
    return {f"{name}?" if name in optional else name: source for name, source in found.items()}


def complete_form(reading: Reading, step: str, words: dict[str, Json], optional: set[str]) -> None:
    """Give a task without a form one that asks for what `into` names; note what is not known of it."""
    form, into = words.get("form"), words.get("into")
    if form is not None:
        name = form.get("id") if isinstance(form, Mapping) else None
        if isinstance(name, str) and name not in reading.forms:
            reading.questions.append(
                f"Which fields has the form {name!r} of {step!r}? It is not declared under `forms`."
            )
    elif isinstance(into, Mapping):
        words["form"] = {"schema": default_form(into, reading.data, optional)}
        new = [name for name in into if name.split(".")[0] not in reading.data]
        if new:
            reading.defaults.append(f"{step}: the form asks for {', '.join(new)} as yes or no.")
    else:
        reading.questions.append(f"What does the person enter at {step!r}? It has neither `form` nor `into`.")


def optional_names(into: Json) -> set[str]:
    """Return which names of `into` say with a question mark that they may be missing."""
    names = [into] if isinstance(into, str) else into if isinstance(into, Sequence | Mapping) else ()
    return {name[:-1].strip() for name in names if isinstance(name, str) and name.endswith("?")}


def default_form(
    into: Mapping[str, Json], data: Mapping[str, Mapping[str, Json]], optional: Collection[str] = ()
) -> dict[str, Json]:
    """Return the form of a task that only says `into`: those variables with their declared types, else yes or no."""
    fields: dict[str, Json] = {}
    required: list[Json] = []
    for target, source in into.items():
        path = str(source).split(".")
        if all(values.is_name(part) for part in path):
            fields[path[0]] = data.get(str(source), {"type": "boolean"})
            if target not in optional and path[0] not in required:
                required.append(path[0])
    return {"type": "object", "properties": fields, "required": required}


_READERS: dict[str, Callable[[Reading, Json, str], Json]] = {
    "title": _text,
    "id": _text,
    "about": _text,
    "lane": lambda reading, value, path: reading.role(value, path),
    "extra": lambda reading, value, path: _several(
        reading, value, path, lambda one, at: reading.text(one, at, "XML")
    ),
    "when": _expression,
    "with": _inputs,
    "set": assignments,
    "checks": lambda reading, value, path: list(read_checks(reading, value, path)),
    "into": lambda reading, value, path: outputs(reading, value, path),
    "outputs": lambda reading, value, path: outputs(reading, value, path),
    "each": _each,
    "repeat": _repeat,
    "not": _exclusions,
    "start": _begin,
    "remind": _remind,
    "escalate": _escalate,
    "due": _due,
    "follow_up": _due,
    "priority": _priority,
    "form": _form,
    "retry": _retry,
    "headers": _headers,
    "tools": _tools,
    "model": _text,
    "type": _text,
    "version": _text,
    "key": _expression,
    "via": _text_or_feel,
    "pass_all": lambda reading, value, path: reading.flag(value, path),
    "return_all": lambda reading, value, path: reading.flag(value, path),
    "transaction": lambda reading, value, path: reading.flag(value, path),
}
