"""Whatever an instance can be or have lived through is written down and read back the same."""

import typing
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowmaster.engine import events as ev
from flowmaster.engine import state as es
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.evolve import blank, fold
from flowmaster.stores import codec

HISTORIES = sorted((Path(__file__).parents[1] / "histories").glob("*.json"))

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_numbers = st.integers() | st.decimals(allow_nan=False, allow_infinity=False)
_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | _numbers | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=8,
)
_mappings = st.dictionaries(_texts, _values, max_size=4)


def _of_type(annotation: Any) -> st.SearchStrategy[Any]:
    """Return values of a field's type, so that a new field or type is covered at once."""
    arguments = typing.get_args(annotation)
    if annotation is es.Wait or annotation == es.Wait:
        return st.one_of([_record(kind) for kind in typing.get_args(es.Wait)])
    if annotation is es.Node:
        return st.deferred(lambda: _nodes)
    if annotation in (int, str, bool):
        return {int: st.integers(), str: _texts, bool: st.booleans()}[annotation]
    if hasattr(annotation, "_fields") or hasattr(annotation, "__struct_fields__"):
        return _record(annotation)
    if typing.get_origin(annotation) is tuple and arguments[-1] is not Ellipsis:
        return st.tuples(*[_of_type(part) for part in arguments])
    if typing.get_origin(annotation) is tuple:
        return st.lists(_of_type(arguments[0]), max_size=3).map(tuple)
    if type(None) in arguments:
        return st.none() | st.one_of([_of_type(part) for part in arguments if part is not type(None)])
    if "Mapping" in str(typing.get_origin(annotation)):
        return _mappings
    return _values


def _record(kind: Any) -> st.SearchStrategy[Any]:
    hints, names = kind.__annotations__, getattr(kind, "__struct_fields__", None) or kind._fields
    return st.tuples(*[_of_type(hints[field]) for field in names]).map(lambda fields: kind(*fields))


_events = st.one_of([_record(kind) for kind in typing.get_args(ev.Event)])
_waits = _of_type(es.Wait)
_done: st.SearchStrategy[Any] = st.recursive(
    st.builds(es.Done, _texts, st.none() | _mappings),
    lambda inner: st.builds(es.Done, _texts, st.none() | _mappings, st.lists(inner, max_size=2).map(tuple)),
    max_leaves=4,
)
_all_done = st.lists(_done, max_size=2).map(tuple)
_started = st.dictionaries(_texts, st.lists(_texts, max_size=2).map(tuple), max_size=2)
_arrivals = st.dictionaries(_texts, st.dictionaries(_texts, st.integers(), max_size=2), max_size=2)
_nodes = st.builds(
    lambda **fields: es.Node(**fields),
    key=st.integers(),
    element=_texts,
    scope=st.integers(),
    open=st.integers(),
    variables=st.none() | _mappings,
    arrivals=st.none() | _arrivals,
    waits=st.lists(st.integers(), max_size=3).map(tuple),
    turns=st.none() | _record(es.Turns),
    done=_all_done,
    undo=st.none() | _all_done,
    started=st.none() | _started,
)


def test_every_field_of_a_node_is_drawn() -> None:
    drawn = {"key", "element", "scope", "open", "variables", "arrivals", "waits"}
    drawn |= {"turns", "done", "undo", "started"}
    assert drawn == set(es.Node.__struct_fields__)


def _keyed(strategy: st.SearchStrategy[Any], key: str) -> st.SearchStrategy[dict[int, Any]]:
    return st.lists(strategy, max_size=3).map(lambda items: {getattr(item, key): item for item in items})


_states = st.builds(
    lambda **fields: es.State(**fields),
    instance=_texts,
    process=_texts,
    version=st.integers(),
    keys=st.integers(),
    nodes=_keyed(_nodes, "key"),
    incidents=_keyed(_record(es.Incident), "id"),
    performers=st.dictionaries(_texts, st.lists(_texts, min_size=1, max_size=3).map(tuple), max_size=2),
    origin=st.none() | _record(es.Origin),
)


def exact(value: Any) -> Any:
    """Return what tells values apart as people see them: 1.10 is not 1.1, True is not 1."""
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    if isinstance(value, msgspec.Struct):
        fields = [name for name in value.__struct_fields__ if name != "changed"]
        return [type(value), *(exact(getattr(value, name)) for name in fields)]
    if isinstance(value, (list, tuple)):
        return [exact(item) for item in value]
    if isinstance(value, Decimal):
        digits = value.as_tuple()
        return int(value) if digits.exponent == 0 else ("decimal", digits)
    return (type(value).__name__, value) if isinstance(value, bool) else value


@settings(max_examples=100, deadline=None)
@given(st.lists(_events, max_size=4))
def test_events_are_read_back_as_they_were(events: list[ev.Event]) -> None:
    read = codec.decode_events(codec.encode_events(events))
    assert [type(event) for event in read] == [type(event) for event in events]
    assert exact(read) == exact(events)


@settings(max_examples=60, deadline=None)
@given(_waits)
def test_waits_are_read_back_as_they_were(wait: es.Wait) -> None:
    read = codec.decode_wait(codec.encode_wait(wait))
    assert type(read) is type(wait)
    assert exact(read) == exact(wait)


@settings(max_examples=60, deadline=None)
@given(_states)
def test_states_are_read_back_as_they_were(state: es.State) -> None:
    read = codec.decode_body(codec.encode_body(state), es.State(state.instance, state.process, state.version))
    assert exact(read) == exact(state)


@settings(max_examples=60, deadline=None)
@given(_values)
def test_values_are_read_back_exactly(value: object) -> None:
    assert exact(codec.load(codec.dump(value))) == exact(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1.10"), "1.10"),
        (Decimal("123456789012345678901234567890.10"), "123456789012345678901234567890.10"),
        (2**63, "9223372036854775808"),
        (-(2**63) - 1, "-9223372036854775809"),
        (10**40, "1" + "0" * 40),
        (Decimal("1E+30"), "1E+30"),
        ("😀\u0000\u2028", '"😀\\u0000\u2028"'),
        ("NaN Infinity", '"NaN Infinity"'),
    ],
)
def test_numbers_and_texts_are_written_as_they_are(value: object, text: str) -> None:
    assert codec.dump(value).decode() == text
    assert repr(codec.load(text)) == repr(value)


def _deep(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        Decimal("NaN"),
        [Decimal("sNaN")],
        {"a": Decimal("-Infinity")},
        "\ud83d",
        {"\ude00": 1},
        object(),
        _deep(100_000),
    ],
    ids=["nan", "snan", "infinity", "half-pair", "half-pair-key", "object", "deep"],
)
def test_what_json_cannot_say_is_refused(value: object) -> None:
    with pytest.raises(FlowMasterError) as caught:
        codec.dump(value)
    assert caught.value.code == "value.not_storable"


def test_values_may_be_nested_deeply_but_not_without_end() -> None:
    assert codec.load(codec.dump(_deep(100))) == _deep(100)


@pytest.mark.parametrize(
    "text", ['[["zz",1]]', '[["ec",1,"a",2,3]]', "[[]]", "[1]", '[["wo",["q",1]]]', '{"a":1}', '[["is"]]']
)
def test_text_of_a_later_version_is_told_apart(text: str) -> None:
    with pytest.raises(FlowMasterError) as caught:
        codec.decode_events(text)
    assert caught.value.code == "store.newer"


@pytest.mark.parametrize("text", ["", "[", '[["ec",NaN]]', "\x00"])
def test_damaged_text_is_told_apart(text: str) -> None:
    with pytest.raises(FlowMasterError) as caught:
        codec.decode_events(text)
    assert caught.value.code == "store.corrupt"


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
def test_a_recorded_history_replays_to_the_recorded_state(path: Path) -> None:
    recorded = codec.load(path.read_text(encoding="utf-8"))
    head = recorded["state"]
    state = es.State(**{**head, "parent": es.Parent(*head["parent"]) if head["parent"] else None})
    codec.decode_body(codec.dump(recorded["body"]), state)
    for fields in recorded["waits"]:
        wait = codec.decode_wait(codec.dump(fields))
        state.waits[wait.id] = wait
    events = codec.decode_events(codec.dump(recorded["events"]))
    assert exact(fold(blank("", "", 0), events)) == exact(state)


def test_every_kind_of_event_and_wait_is_in_a_recorded_history() -> None:
    recorded = [codec.load(path.read_text(encoding="utf-8")) for path in HISTORIES]
    events = [event for history in recorded for event in codec.decode_events(codec.dump(history["events"]))]
    missing = set(typing.get_args(ev.Event)) - {type(event) for event in events}
    assert not missing, f"record a history that has {missing}: see tests/histories/record.py"
    waits = {type(event.wait) for event in events if isinstance(event, ev.WaitOpened)}
    assert waits == set(typing.get_args(es.Wait))
