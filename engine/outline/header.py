"""Reads the head of an outline: roles, types, data, starts, forms; and puts the whole together."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from flowmaster.engine.bpmn.identifiers import PROCESS_ID_LENGTH_MAX, is_id
from flowmaster.engine.bpmn.vocabulary import INTERNAL, ROLE_KINDS
from flowmaster.engine.calendars import read_calendar
from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.outline import values
from flowmaster.engine.outline.datatypes import schema_of
from flowmaster.engine.outline.laws import read_laws
from flowmaster.engine.outline.nodes import DataItem, Outline, Start, Trigger, Words
from flowmaster.engine.outline.problems import OutlineRefused, Problems
from flowmaster.engine.outline.reading import Reading, shown
from flowmaster.engine.outline.reading_events import trigger
from flowmaster.engine.outline.reading_steps import StepReader
from flowmaster.engine.outline.reading_words import event_words, form_schema, outputs, read_checks
from flowmaster.engine.outline.scenarios import read_scenarios
from flowmaster.engine.outline.scopes import check_scopes, every_step
from flowmaster.engine.outline.vocabulary import START, TOP
from flowmaster.engine.timers import MISSED
from flowmaster.engine.values import Json

_STARTS = ("message", "signal", "every", "at", "condition", "bpmn")
_CALENDARS = "{office: {zone: Europe/Berlin, hours: {mon-fri: 09:00-17:00}, closed: [12-25]}}"
_FORM = "process: leave\nsteps:\n  - approve: {ask: manager, into: approved}"


def read_outline(value: Json, lines: Mapping[str, int] | None = None) -> tuple[Outline, Reading]:
    """Read a plain object into an outline; raise `OutlineRefused` with every problem."""
    problems = Problems(lines)
    reading = Reading(problems)
    if not isinstance(value, Mapping):
        problems.add(
            "outline.value_wrong", "outline", f"An outline is a mapping, not {shown(value)}.", expected=_FORM
        )
        raise OutlineRefused(problems.found)
    reading.unknown_words(value, TOP, "")
    process = _process_id(reading, value)
    _roles(reading, value.get("roles"))
    _types(reading, value.get("types"))
    calendars = read_calendars(reading, value.get("calendars"), "calendars")
    _data(reading, value.get("data"))
    _forms(reading, value.get("forms"))
    reader = StepReader(reading)
    starts, needs, checks = _starts(reading, value.get("start"))
    if not value.get("steps") and not value.get("bpmn"):
        problems.add("outline.steps_missing", "steps", "The outline has no steps.", expected=_FORM)
    outline = Outline(
        process=process,
        name=_optional(reading, value, "name"),
        about=_optional(reading, value, "about"),
        version_tag=_optional(reading, value, "version_tag"),
        tool=read_tool(reading, value.get("tool"), "tool"),
        lanes="lanes" not in value or reading.flag(value["lanes"], "lanes"),
        calendars=calendars,
        data=_data_items(reading, needs),
        checks=checks,
        starts=starts,
        result=reading.variable(value["result"], "result") if value.get("result") is not None else "",
        steps=reader.steps(value["steps"], "steps") if value.get("steps") else (),
        events=reader.events(value, ""),
        roles=reading.roles,
        role_kinds=reading.role_kinds,
        forms=reading.forms,
        scenarios=read_scenarios(value.get("scenarios"), "scenarios", problems),
        raw=_raw(reading, value.get("bpmn")),
    )
    names = [step.name for step in every_step(outline)]
    outline = replace(
        outline,
        always=read_laws(value.get("always"), "always", problems, names),
        never=read_laws(value.get("never"), "never", problems, names),
    )
    check_scopes(reading, outline)
    reading.check_names()
    problems.raise_if_any()
    return outline, reading


def _optional(reading: Reading, value: Mapping[str, Json], key: str) -> str:
    given = value.get(key)
    return "" if given is None else reading.text(given, key, f"`{key}`")


def read_tool(reading: Reading, given: Json, path: str) -> tuple[str, str] | None:
    """Read `Pays an invoice`, `{name: pay_invoice, about: Pays an invoice}` or true: how a process is called as a tool."""
    if given is None or given is False:
        return None
    if given is True:
        return "", ""
    if not isinstance(given, Mapping):
        return "", reading.text(given, path, "What a tool does")
    reading.unknown_words(given, ("name", "about"), path)
    texts = [
        "" if given.get(word) is None else reading.text(given[word], f"{path}.{word}", f"`{word}`")
        for word in ("name", "about")
    ]
    return texts[0], texts[1]


def _process_id(reading: Reading, value: Mapping[str, Json]) -> str:
    given = value.get("process")
    if given is None:
        reading.problems.add(
            "outline.process_missing", "process", "The outline does not name its process.", expected=_FORM
        )
        return "process"
    text = reading.text(given, "process", "The id of a process")
    if text and not is_id(text):
        reading.problems.add(
            "outline.id_wrong",
            "process",
            f"{text!r} cannot be an id.",
            expected="letters, digits, hyphens and underscores, for example invoice-to-pay",
            fix="Take a plain id here; the full title goes under `name`.",
        )
        return "process"
    if len(text) > PROCESS_ID_LENGTH_MAX:
        reading.problems.add(
            "outline.id_wrong",
            "process",
            f"The id has {len(text):,} characters.",
            expected=f"at most {PROCESS_ID_LENGTH_MAX} characters",
            fix="Take a short id here; the full title goes under `name`.",
        )
    return text or "process"


def _roles(reading: Reading, value: Json) -> None:
    if value is None:
        return
    reading.roles_given = True
    if isinstance(value, Mapping):
        for role, given in value.items():
            name, kind = read_role(reading, given, f"roles.{role}")
            reading.roles[role] = name or role
            if kind and kind != INTERNAL:
                reading.role_kinds[role] = kind
    elif (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and all(isinstance(role, str) for role in value)
    ):
        reading.roles.update({str(role): str(role) for role in value})
    else:
        reading.wrong(
            "roles",
            f"Roles are a mapping, not {shown(value)}.",
            expected="{clerk: Accounts payable, supplier: {name: Supplier, kind: third_party}}",
        )


def read_role(reading: Reading, given: Json, path: str) -> tuple[str, str]:
    """Read `Supplier` or `{name: Supplier, kind: third_party}` as the name and kind of a role, empty where not given."""
    if given is None:
        return "", ""
    if not isinstance(given, Mapping):
        return reading.text(given, path, "The name of a role"), ""
    reading.unknown_words(given, ("name", "kind"), path)
    name = given.get("name")
    kind = str(given.get("kind") or "").strip().lower().replace(" ", "_").replace("-", "_")
    if kind and kind not in ROLE_KINDS:
        reading.wrong(
            f"{path}.kind",
            f"No role is of the kind {shown(given['kind'])}.{did_you_mean(kind, ROLE_KINDS)}",
            expected=", ".join(ROLE_KINDS),
        )
        kind = ""
    return reading.text(name, f"{path}.name", "The name of a role") if name else "", kind


def _types(reading: Reading, value: Json) -> None:
    if isinstance(value, Mapping):
        reading.types = value
        for name, spec in value.items():
            schema_of(spec, f"types.{name}", reading.problems, value)
    elif value is not None:
        reading.wrong(
            "types", f"Types are a mapping, not {shown(value)}.", expected="{Invoice: {total: number}}"
        )


def read_calendars(reading: Reading, value: Json, path: str) -> dict[str, Json]:
    """Return the calendars of the working time as they are written; null stays, for edits that take one away."""
    if value is not None and not isinstance(value, Mapping):
        reading.wrong(path, f"Calendars are a mapping, not {shown(value)}.", expected=_CALENDARS)
    found: dict[str, Json] = {}
    for name, given in value.items() if isinstance(value, Mapping) else ():
        found[name] = given
        if not values.is_name(name):
            reading.wrong(
                f"{path}.{name}", f"{name!r} cannot be the name of a calendar.", expected=_CALENDARS
            )
        try:
            if given is not None:
                read_calendar(name, given)
        except FlowMasterError as error:
            reading.wrong(f"{path}.{name}", error.message, expected=error.expected)
    return found


def _data(reading: Reading, value: Json) -> None:
    if value is None:
        return
    reading.data_given = True
    if not isinstance(value, Mapping):
        reading.wrong(
            "data", f"Data are a mapping, not {shown(value)}.", expected="{amount: number > 0, due?: date}"
        )
        return
    for key, spec in value.items():
        name = key.removesuffix("?")
        if not values.is_name(name):
            reading.wrong(
                f"data.{key}", f"{name!r} cannot be the name of a variable.", expected="letters, digits, _"
            )
            continue
        reading.data[name] = schema_of(spec, f"data.{key}", reading.problems, reading.types)


def _forms(reading: Reading, value: Json) -> None:
    if value is None:
        return
    if not isinstance(value, Mapping):
        reading.wrong(
            "forms", f"Forms are a mapping, not {shown(value)}.", expected="{review: {approved: boolean}}"
        )
        return
    for name, form in value.items():
        reading.forms[name] = form_schema(reading, form, f"forms.{name}")


def _data_items(reading: Reading, needs: Mapping[str, bool] | None) -> tuple[DataItem, ...]:
    produced = reading.produced
    items = []
    for name, schema in reading.data.items():
        given = name in needs if needs is not None else name not in produced
        items.append(DataItem(name, schema, given, needs is not None and needs.get(name, False)))
    return tuple(items)


def _starts(
    reading: Reading, value: Json
) -> tuple[tuple[Start, ...], Mapping[str, bool] | None, tuple[Words, ...]]:
    entries = (
        value if isinstance(value, Sequence) and not isinstance(value, str) and value else [value or None]
    )
    single = entries is not value
    starts: list[Start] = []
    needs: dict[str, bool] | None = None
    checks: list[Words] = []
    for number, entry in enumerate(entries):
        path = "start" if single else f"start[{number}]"
        if entry is None:
            starts.append(Start(path))
            continue
        if not isinstance(entry, Mapping):
            reading.wrong(
                path, f"`start` is a mapping, not {shown(entry)}.", expected="{needs: [invoice, requester]}"
            )
            continue
        reading.unknown_words(entry, START, path)
        if entry.get("needs") is not None:
            needs = (needs or {}) | _needs(reading, entry["needs"], f"{path}.needs")
        if entry.get("checks") is not None:
            checks += read_checks(reading, entry["checks"], f"{path}.checks")
        starts.append(_start(reading, entry, path))
    return tuple(starts), needs, tuple(checks)


def _start(reading: Reading, entry: Mapping[str, Json], path: str) -> Start:
    triggered = any(entry.get(key) is not None for key in _STARTS)
    found = trigger(reading, entry, path, _STARTS) if triggered else Trigger()
    words: dict[str, Json] = {}
    if entry.get("into") is not None:
        words["into"] = dict(outputs(reading, entry["into"], f"{path}.into"))
    form = entry.get("form")
    if isinstance(form, str):
        words["form"] = {"id": form}
    elif form is not None:
        words["form"] = {"schema": form_schema(reading, form, f"{path}.form")}
    if entry.get("missed") is not None:
        words["missed"] = _missed(reading, entry, f"{path}.missed")
    words |= event_words(reading, entry, path)
    name, goto, given = (str(entry.get(key) or "") for key in ("name", "goto", "id"))
    return Start(path, found, name, goto, given, words)


def _missed(reading: Reading, entry: Mapping[str, Json], path: str) -> str:
    """Read what a start by the clock does about times that passed while no server ran."""
    value = entry["missed"]
    if value not in MISSED or (entry.get("every") is None and entry.get("at") is None):
        reading.wrong(
            path,
            f"`missed` says what is done about missed times of `every` or `at`; it is {shown(value)}.",
            expected=list(MISSED),
        )
        return ""
    return str(value)


def _needs(reading: Reading, value: Json, path: str) -> dict[str, bool]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, Sequence):
        reading.wrong(path, f"`needs` lists inputs, not {shown(value)}.", expected="[invoice, comment?]")
        return {}
    found: dict[str, bool] = {}
    for number, entry in enumerate(listed):
        text = reading.text(entry, f"{path}[{number}]", "An input")
        name = text.removesuffix("?")
        if name and name not in reading.data:
            if reading.data_given:
                reading.problems.add(
                    "outline.variable_unknown",
                    f"{path}[{number}]",
                    f"The input {name!r} is not declared under `data`.",
                    expected=list(reading.data),
                    fix=f"Add `{name}` with its type under `data`.",
                )
                continue
            reading.data[name] = {}
            reading.defaults.append(f"Input {name!r} is of any type, since `data` does not declare it.")
        found[name] = not text.endswith("?")
    return found


def _raw(reading: Reading, value: Json) -> tuple[str, ...]:
    if value is None:
        return ()
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, Sequence) or not all(isinstance(entry, str) for entry in listed):
        reading.wrong(
            "bpmn", f"`bpmn` is XML as text, not {shown(value)}.", expected="<bpmn:textAnnotation .../>"
        )
        return ()
    return tuple(str(entry) for entry in listed)
