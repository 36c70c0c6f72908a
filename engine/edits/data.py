"""Edits of what a process declares: its data and its scenarios."""

from collections.abc import Mapping

from flowmaster.engine.bpmn.vocabulary import fm
from flowmaster.engine.edits.place import Place
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.outline.compile import write_data
from flowmaster.engine.outline.datatypes import schema_of
from flowmaster.engine.outline.json_text import json_text, json_value
from flowmaster.engine.outline.nodes import DataItem
from flowmaster.engine.outline.problems import Problems
from flowmaster.engine.outline.scenarios import scenarios_of
from flowmaster.engine.outline.writing_words import remove_extension
from flowmaster.engine.values import Json

Edit = Mapping[str, Json]


def set_data(place: Place, edit: Edit) -> None:
    """Declare variables, or change their types; null takes one away."""
    given = edit["set_data"]
    if not isinstance(given, Mapping):
        raise FlowMasterError(
            "edit.value_wrong", "`set_data` is a mapping.", path="set_data", expected="{amount: number}"
        )
    problems = Problems(None)
    for name, spec in given.items():
        before = {item.get("name"): item for item in place.process.extensions(fm("data"))}.get(name)
        flags = (
            before is not None and before.is_true("input"),
            before is not None and before.is_true("required"),
        )
        if before is not None:
            remove_extension(place.process, before)
        if spec is not None:
            schema = schema_of(spec, f"set_data.{name}", problems)
            problems.raise_if_any()
            write_data(place.process, DataItem(name, schema, *flags))


def set_scenarios(place: Place, edit: Edit) -> None:
    """Replace all scenarios of the process."""
    _write(place, edit["set_scenarios"], "set_scenarios")


def add_scenario(place: Place, edit: Edit) -> None:
    """Add a scenario, or replace the one of its name."""
    added = edit["add_scenario"]
    name = added.get("name") if isinstance(added, Mapping) else None
    kept = [entry for entry in _written(place) if entry.get("name") != name]
    _write(place, [*kept, added], "add_scenario")


def remove_scenario(place: Place, edit: Edit) -> None:
    """Remove a scenario by name."""
    listed = _written(place)
    kept = [entry for entry in listed if entry.get("name") != edit["remove_scenario"]]
    if len(kept) == len(listed):
        raise FlowMasterError(
            "scenario.unknown",
            f"There is no scenario {edit['remove_scenario']!r}.",
            path="remove_scenario",
            expected=[entry.get("name") for entry in listed],
            fix="Name one of the listed scenarios.",
            status=404,
        )
    _write(place, kept, "remove_scenario")


def _written(place: Place) -> list[Mapping[str, Json]]:
    written = place.process.extension(fm("scenarios"))
    found = json_value(written.text) if written is not None and written.text else []
    return [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []


def _write(place: Place, scenarios: Json, path: str) -> None:
    scenarios_of(scenarios, path)
    written = place.process.extension(fm("scenarios"))
    if written is None:
        written = place.process.add_extension(fm("scenarios"))
    written.set_text(json_text(scenarios))
