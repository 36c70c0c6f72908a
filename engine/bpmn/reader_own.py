"""What FlowMaster's own namespace and zeebe say about a whole process: data, checks, roles, scenarios, forms."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal

from flowmaster.engine.bpmn.element import Element as XmlElement
from flowmaster.engine.bpmn.reading import Reading, camunda_attribute
from flowmaster.engine.bpmn.vocabulary import (
    INTERNAL,
    ROLE_KINDS,
    ZEEBE_USER_TASK_FORM,
    ZEEBE_VERSION_TAG,
    fm,
)
from flowmaster.engine.calendars import Calendar, read_calendar
from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.model import DataItem, InputCheck, Law, Tool
from flowmaster.engine.values import Json

DATA = fm("data")
CHECK = fm("check")
ROLE = fm("role")
SCENARIOS = fm("scenarios")
ALWAYS = fm("always")
NEVER = fm("never")
CALENDAR = fm("calendar")
MUTEX = fm("mutex")
TOOL = fm("tool")

TOOL_NAME_LENGTH_MAX = 64
"""Characters of a tool's name; clients put the server's name before it."""
TOOL_ABOUT_LENGTH_MAX = 400
"""Characters of what a tool says of itself: every client shows it to its model all the time."""
_TOOL_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_NO_WORD = re.compile(r"[^a-z0-9]+")


def is_declared(process: XmlElement) -> bool:
    """Return whether a process declares roles or data, so that what is left open is an error."""
    return bool(process.extensions(DATA, ROLE))


def data_of(reading: Reading) -> tuple[DataItem, ...]:
    """Read the declared variables."""
    found: dict[str, DataItem] = {}
    for item in reading.process.extensions(DATA):
        name = item.name.strip()
        schema = read_json(item.text) if item.text else {}
        if not name:
            _add(reading, "data.name_missing", item, "A declared data item has no name.")
        elif name in found:
            _add(reading, "data.name_duplicate", item, f"The data item {name!r} is declared twice.")
        elif not isinstance(schema, Mapping):
            _add(
                reading,
                "data.schema_malformed",
                item,
                f"The schema of the data item {name!r} is no JSON object.",
            )
        else:
            required = item.is_true("required")
            found[name] = DataItem(name, schema, item.is_true("input", required), required)
    return tuple(found.values())


def checks_of(reading: Reading, holder: XmlElement) -> tuple[InputCheck, ...]:
    """Read the conditions over the start variables of a process, or over the answer of a user task."""
    return tuple(
        InputCheck(
            reading.values.feel(check.text, check, reading.id_of(holder), "A check"),
            check.get("message") or check.text.removeprefix("="),
            check.get("path"),
        )
        for check in holder.extensions(CHECK)
        if check.text
    )


def report_correlation(reading: Reading) -> None:
    """Report the correlation of plain BPMN, which has no equivalent here."""
    for subscription in reading.process.children("correlationSubscription"):
        _add(
            reading,
            "message.correlation_ignored",
            subscription,
            f"The process {reading.called(reading.process)} correlates messages by a `correlationSubscription`.",
        )


def roles_of(reading: Reading) -> dict[str, str]:
    """Read the declared roles: their names by their ids."""
    return {
        role.id or role.name: role.name or role.id
        for role in reading.process.extensions(ROLE)
        if role.id or role.name
    }


def role_kinds_of(reading: Reading) -> dict[str, str]:
    """Read what the declared roles stand for, by their ids: people of others, a machine, an agent."""
    found: dict[str, str] = {}
    for role in reading.process.extensions(ROLE):
        kind = role.get("kind")
        if kind and kind not in ROLE_KINDS:
            _add(
                reading,
                "role.kind_unknown",
                role,
                f"The role {role.id or role.name!r} has the unknown kind {kind!r}.{did_you_mean(kind, ROLE_KINDS)}",
            )
        elif kind and kind != INTERNAL:
            found[role.id or role.name] = kind
    return found


def scenarios_of(reading: Reading) -> tuple[Json, ...]:
    """Read the scenarios that belong to the process."""
    found: list[Json] = []
    for holder in reading.process.extensions(SCENARIOS):
        scenarios = read_json(holder.text) if holder.text else []
        if isinstance(scenarios, list):
            found.extend(scenarios)
        else:
            _add(reading, "scenarios.malformed", holder, "The scenarios are no JSON list.")
    return tuple(found)


def laws_of(reading: Reading) -> tuple[Law, ...]:
    """Read the conditions that hold in every case of the process, or in none."""
    return tuple(
        Law(holder.name, holder.text.strip().removeprefix("="), never)
        for word, never in ((ALWAYS, False), (NEVER, True))
        for holder in reading.process.extensions(word)
        if holder.name and holder.text.strip()
    )


def calendars_of(reading: Reading) -> dict[str, Calendar]:
    """Read the calendars of the working time, by their names."""
    found: dict[str, Calendar] = {}
    for holder in reading.process.extensions(CALENDAR):
        try:
            found[holder.name] = read_calendar(holder.name, read_json(holder.text))
        except FlowMasterError as error:
            _add(reading, error.code, holder, error.message)
    return found


def forms_of(reading: Reading) -> dict[str, Json]:
    """Read the forms that are embedded in the process, by their ids."""
    found: dict[str, Json] = {}
    for holder in reading.process.extensions(ZEEBE_USER_TASK_FORM):
        form = read_json(holder.text)
        if isinstance(form, Mapping):
            found[holder.id] = form
        else:
            _add(reading, "form.malformed", holder, f"The form {holder.id!r} is no JSON object.")
    return found


def tool_of(reading: Reading) -> Tool | None:
    """Read how the process is called as a tool of its own; without a name it is that of the process behind `run_`."""
    holder = reading.process.extension(TOOL)
    if holder is None:
        return None
    words = _NO_WORD.sub("_", reading.id_of(reading.process).lower()).strip("_")
    name = holder.get("name") or f"run_{words}"[:TOOL_NAME_LENGTH_MAX].rstrip("_")
    if _TOOL_NAME.fullmatch(name) is None or len(name) > TOOL_NAME_LENGTH_MAX:
        _add(reading, "tool.name_wrong", holder, f"{name!r} cannot be the name of a tool.")
        return None
    about = " ".join(holder.text.split())
    if not about:
        _add(reading, "tool.about_missing", holder, f"The tool {name!r} does not say what it does.")
    return Tool(name, about[:TOOL_ABOUT_LENGTH_MAX])


def version_tag_of(process: XmlElement) -> str:
    """Return the version tag that the author gave."""
    tag = process.extension(ZEEBE_VERSION_TAG)
    return tag.get("value") if tag is not None else camunda_attribute(process, "versionTag")


def read_json(text: str) -> Json:
    """Read JSON with exact decimals; None where it is none."""
    try:
        found: Json = json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return found


def _refuse(constant: str) -> Json:
    raise ValueError(constant)


def _add(reading: Reading, code: str, xml: XmlElement, message: str) -> None:
    reading.findings.add(code, reading.id_of(reading.process), message, line=xml.line)


def mutex_of(xml: XmlElement) -> str:
    """Return the name of the mutex that an activity takes (`fm:mutex name`), empty for none."""
    holder = xml.extension(MUTEX)
    return holder.get("name").strip() if holder is not None else ""
