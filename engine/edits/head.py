"""The operations on what a process declares: data, roles, forms, inputs, scenarios, its own name."""

from collections.abc import Mapping, Sequence

from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import INTERNAL, fm, zeebe
from flowmaster.engine.edits.context import Batch
from flowmaster.engine.edits.targets import known_words, refused
from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.outline import values
from flowmaster.engine.outline.compile import write_tool
from flowmaster.engine.outline.datatypes import schema_of
from flowmaster.engine.outline.header import read_calendars, read_role, read_tool
from flowmaster.engine.outline.json_text import json_text, json_value
from flowmaster.engine.outline.problems import Problems
from flowmaster.engine.outline.reading_words import form_schema
from flowmaster.engine.outline.scenarios import read_scenarios
from flowmaster.engine.outline.writing_words import put_form, remove_extension, replace
from flowmaster.engine.values import Json

Edit = Mapping[str, Json]


def set_data(batch: Batch, edit: Edit, path: str) -> None:
    """`{set_data: {amount: number > 0, old: null}}`."""
    known_words(edit, ("set_data",), path)
    for key, spec in _mapping(edit["set_data"], f"{path}.set_data", "{amount: number > 0}").items():
        name, at = key.removesuffix("?"), f"{path}.set_data.{key}"
        old = next((one for one in batch.process.extensions(fm("data")) if one.name == name), None)
        if spec is None:
            if old is None:
                raise _unknown(at, "edit.data_unknown", "variable", name, _names(batch, fm("data"), "name"))
            remove_extension(batch.process, old)
            batch.reading.data.pop(name, None)
            continue
        if not values.is_name(name):
            raise refused(
                at,
                "edit.value_wrong",
                f"{name!r} cannot be the name of a variable.",
                expected="letters, digits, _",
            )
        schema = schema_of(spec, at, batch.problems)
        if old is not None:
            old.set_text(json_text(schema))
        else:
            batch.process.add_extension(fm("data"), {"name": name, "input": "false"}, text=json_text(schema))
        batch.reading.data[name] = schema
        batch.reading.data_given = True


def set_start(batch: Batch, edit: Edit, path: str) -> None:
    """`{set_start: {needs: [amount, note?], checks: {positive: amount > 0}}}`."""
    known_words(edit, ("set_start",), path)
    given = _mapping(edit["set_start"], f"{path}.set_start", "{needs: [amount]}")
    known_words(given, ("needs", "checks"), f"{path}.set_start")
    if "needs" in given:
        _set_needs(batch, given["needs"] or [], f"{path}.set_start.needs")
    if "checks" in given:
        for old in batch.process.extensions(fm("check")):
            remove_extension(batch.process, old)
        checks = _mapping(given["checks"] or {}, f"{path}.set_start.checks", "{positive: amount > 0}")
        for message, rule in checks.items():
            condition = batch.reading.feel(rule, f"{path}.set_start.checks.{message}")
            batch.process.add_extension(fm("check"), {"message": message}, text=f"={condition}")


def _set_needs(batch: Batch, value: Json, path: str) -> None:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, Sequence) or not all(isinstance(one, str) for one in listed):
        raise refused(path, "edit.value_wrong", "`needs` lists inputs.", expected="[invoice, comment?]")
    wanted = {str(one).removesuffix("?"): not str(one).endswith("?") for one in listed}
    items = {one.name: one for one in batch.process.extensions(fm("data"))}
    for name in wanted:
        if name not in items:
            raise refused(
                path,
                "edit.data_unknown",
                f"The input {name!r} is not declared.",
                expected=list(items),
                fix="set_data first.",
            )
    for name, item in items.items():
        item.set("input", "true" if name in wanted else "false")
        item.set("required", "true" if wanted.get(name) else None)


def set_roles(batch: Batch, edit: Edit, path: str) -> None:
    """`{set_roles: {ceo: Chief executive, supplier: {kind: third_party}, old: null}}`; what is not named stays."""
    known_words(edit, ("set_roles",), path)
    for role, given in _mapping(edit["set_roles"], f"{path}.set_roles", "{ceo: Chief executive}").items():
        at = f"{path}.set_roles.{role}"
        old = next((one for one in batch.process.extensions(fm("role")) if one.get("id") == role), None)
        if given is None:
            if old is None:
                raise _unknown(at, "edit.role_unknown", "role", role, _names(batch, fm("role"), "id"))
            remove_extension(batch.process, old)
            batch.reading.roles.pop(role, None)
            continue
        name, kind = read_role(batch.reading, given, at)
        title = name or (old.name if old is not None else role)
        if old is None:
            old = batch.process.add_extension(fm("role"), {"id": role})
        old.set("name", title)
        if kind:
            old.set("kind", None if kind == INTERNAL else kind)
        lane = batch.document.find(f"lane_{role}")
        if lane is not None and lane.kind == "lane":
            lane.set("name", title)
        batch.reading.roles[role] = title
        batch.reading.roles_given = True


def set_calendars(batch: Batch, edit: Edit, path: str) -> None:
    """`{set_calendars: {office: {hours: {mon-fri: 09:00-17:00}}, old: null}}`."""
    known_words(edit, ("set_calendars",), path)
    at = f"{path}.set_calendars"
    kept = {one.name: one for one in batch.process.extensions(fm("calendar"))}
    for name, given in read_calendars(batch.reading, edit["set_calendars"], at).items():
        old = kept.get(name)
        if given is not None and old is not None:
            old.set_text(json_text(given))
        elif given is not None:
            batch.process.add_extension(fm("calendar"), {"name": name}, text=json_text(given))
        elif old is not None:
            remove_extension(batch.process, old)
        else:
            raise _unknown(f"{at}.{name}", "edit.calendar_unknown", "calendar", name, [*kept])


def set_forms(batch: Batch, edit: Edit, path: str) -> None:
    """`{set_forms: {difference: {comment: text}}}`."""
    known_words(edit, ("set_forms",), path)
    for name, form in _mapping(
        edit["set_forms"], f"{path}.set_forms", "{difference: {comment: text}}"
    ).items():
        at = f"{path}.set_forms.{name}"
        if form is None:
            found = [one for one in batch.process.extensions(zeebe("userTaskForm")) if one.get("id") == name]
            if not found:
                known = _names(batch, zeebe("userTaskForm"), "id")
                raise _unknown(at, "edit.form_unknown", "form", name, known)
            remove_extension(batch.process, found[0])
            continue
        schema = form_schema(batch.reading, form, at)
        put_form(batch.process, name, schema)
        batch.reading.forms[name] = schema


def set_process(batch: Batch, edit: Edit, path: str) -> None:
    """`{set_process: {name: Invoice to pay, about: ..., version_tag: v2, tool: Pays an invoice}}`."""
    known_words(edit, ("set_process",), path)
    given = _mapping(edit["set_process"], f"{path}.set_process", "{name: Invoice to pay}")
    known_words(given, ("name", "about", "version_tag", "tool"), f"{path}.set_process")
    process = batch.process
    tool = read_tool(batch.reading, given.get("tool"), f"{path}.set_process.tool")
    said = {
        key: None if value is None else batch.reading.text(value, f"{path}.set_process.{key}", f"`{key}`")
        for key, value in given.items()
        if key != "tool"
    }
    if "tool" in given:
        for found in process.extensions(fm("tool")):
            remove_extension(process, found)
        if tool is not None:
            write_tool(process, tool)
    if "name" in said:
        name = said["name"]
        for pool in batch.document.root.descendants("participant"):
            if pool.get("processRef") == process.id and pool.name in (process.name, process.id):
                pool.set("name", name or process.id)
        process.set("name", name)
    if "about" in said:
        for old in process.children("documentation"):
            old.remove()
        if said["about"]:
            process.add("documentation", text=said["about"])
    if "version_tag" in said:
        tag = said["version_tag"]
        replace(process, zeebe("versionTag"), {"value": tag} if tag else None)


def set_scenarios(batch: Batch, edit: Edit, path: str) -> None:
    """`{set_scenarios: [{name, given, answers, expect}]}`: adds scenarios, or replaces those of the same name."""
    known_words(edit, ("set_scenarios",), path)
    given = edit["set_scenarios"]
    listed = [given] if isinstance(given, Mapping) else given
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise refused(
            path, "edit.value_wrong", "Scenarios are a list.", expected="[{name, given, answers, expect}]"
        )
    before = {str(one.get("name")): one for one in scenarios(batch.process)}
    fresh = {str(one["name"]): one for one in listed if isinstance(one, Mapping) and one.get("name")}
    problems = Problems()
    rest = [one for name, one in before.items() if name not in fresh]
    read_scenarios([*listed, *rest], f"{path}.set_scenarios", problems)
    problems.raise_if_any()
    _write_scenarios(batch.process, list((before | fresh).values()))


def remove_scenarios(batch: Batch, edit: Edit, path: str) -> None:
    """`{remove_scenarios: [small and clean]}`."""
    known_words(edit, ("remove_scenarios",), path)
    given = edit["remove_scenarios"]
    names = [given] if isinstance(given, str) else given
    known = {str(one.get("name")): one for one in scenarios(batch.process)}
    if not isinstance(names, Sequence):
        raise refused(path, "edit.value_wrong", "Names of scenarios stand here.", expected=list(known))
    for name in names:
        if str(name) not in known:
            raise refused(
                path,
                "edit.scenario_unknown",
                f"There is no scenario {name!r}.",
                expected=list(known),
                status=404,
            )
        del known[str(name)]
    problems = Problems()
    read_scenarios(list(known.values()), f"{path}.remove_scenarios", problems)
    problems.raise_if_any()
    _write_scenarios(batch.process, list(known.values()))


def scenarios(process: Element) -> list[Mapping[str, Json]]:
    """Return the scenarios of a process as they were written."""
    found: list[Mapping[str, Json]] = []
    for holder in process.extensions(fm("scenarios")):
        listed = json_value(holder.text) if holder.text else []
        found += [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    return found


def _write_scenarios(process: Element, listed: list[Mapping[str, Json]]) -> None:
    for holder in process.extensions(fm("scenarios"))[1:]:
        remove_extension(process, holder)
    holder_ = process.extension(fm("scenarios"))
    if holder_ is not None:
        holder_.set_text(json_text(listed))
    elif listed:
        process.add_extension(fm("scenarios"), text=json_text(listed))


def _mapping(value: Json, path: str, expected: str) -> Mapping[str, Json]:
    if not isinstance(value, Mapping):
        raise refused(path, "edit.value_wrong", "A mapping stands here.", expected=expected)
    return value


def _names(batch: Batch, tag: str, attribute: str) -> list[str]:
    """Return what the process has of a kind, by name."""
    return [one.get(attribute, "") for one in batch.process.extensions(tag)]


def _unknown(path: str, code: str, kind: str, name: str, known: Sequence[str]) -> FlowMasterError:
    """Return the refusal to take away what is not there."""
    message = f"There is no {kind} {name!r}.{did_you_mean(name, known)}"
    fix = "Take one of the expected names." if known else f"Leave it out: the process has no {kind}."
    return refused(path, code, message, expected=[*known], fix=fix, status=404)
