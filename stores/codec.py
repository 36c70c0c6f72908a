"""How events, waits and states are written down: compact JSON text that stays readable for ever.

Events and waits are arrays `[code, field, ...]` with one stable short code per kind, by the rules in
`engine/record.py`. Any change that these do not allow makes a new kind with a new code; the old code stays in `_EVENTS`
with a reader that turns its fields into today's event, and `tests/histories/` keeps a recorded history that has it.

Numbers survive exactly: integers of any size stay `int`, other numbers are `Decimal` with all their digits.
What JSON cannot say (NaN, infinities, half of a surrogate pair, nesting without end) is refused, not bent.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from typing import Any, get_args

import msgspec

from flowmaster.engine import events as ev
from flowmaster.engine import state as st
from flowmaster.engine.errors import FlowMasterError

_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_N, _I = b"NI"  # Looking for a byte is many times faster than for a word.


def dump(value: object) -> bytes:
    """Return any JSON value, or tuples of them, as JSON text."""
    try:
        data = _encode(value)
    except (UnicodeEncodeError, TypeError, ValueError, RecursionError, OverflowError) as error:
        raise _not_storable(str(error)) from error
    if (_N in data or _I in data) and (b"NaN" in data or b"Infinity" in data):
        _check_finite(data)
    return data


def load(data: bytes | str) -> Any:
    """Return the JSON value of a text that `dump` wrote."""
    try:
        return _decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise FlowMasterError(
            "store.corrupt",
            f"Stored text cannot be read: {error}.",
            fix="Restore the data folder from a backup.",
            status=500,
        ) from error


def digest(data: bytes | str) -> str:
    """Return the SHA-256 of a text or of bytes in hex."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def encode_events(events: Collection[ev.Event]) -> bytes:
    """Return the events of a step as one JSON array."""
    if ev.InstanceForked in map(type, events):
        return dump([_forked_fields(one) if isinstance(one, ev.InstanceForked) else one for one in events])
    return dump(events)


def decode_events(data: bytes | str) -> list[ev.Event]:
    """Return the events that a text holds."""
    try:
        return [_EVENTS[fields[0]](fields[1:]) for fields in load(data)]
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise _from_newer(error) from error


def encode_wait(wait: st.Wait) -> bytes:
    """Return a wait as a JSON array."""
    return dump(wait)


def decode_wait(data: bytes | str) -> st.Wait:
    """Return the wait that a text holds."""
    try:
        return _read_wait(load(data))
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise _from_newer(error) from error


def encode_body(state: st.State, *, apart: bool = False) -> bytes:
    """Return the part of a state that stands neither in the columns of its row nor in rows of its waits.

    Nodes that stand `apart`, in rows of their own, are left out.
    """
    nodes = None if apart else [_node_fields(node) for node in state.nodes.values()]
    body: list[object] = [state.keys, nodes]
    if state.incidents or state.performers or state.origin:
        body += [list(state.incidents.values()), state.performers]
    if state.origin:
        body.append(state.origin)
    return dump(body)


def decode_body(data: bytes | str, state: st.State) -> st.State:
    """Fill a fresh state, which has what the columns say, with what `encode_body` wrote, and return it."""
    try:
        body = load(data)
        state.keys = body[0]
        for fields in body[1] or ():
            state.nodes[fields[0]] = _read_node(fields)
        if len(body) > 2:
            state.incidents = {fields[0]: st.Incident(*fields) for fields in body[2]}
            state.performers = {step: _people(found) for step, found in body[3].items()}
        if len(body) > 4:
            state.origin = st.Origin(*body[4])
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise _from_newer(error) from error
    return state


def has_nodes_apart(body: str) -> bool:
    """Return whether the nodes of a body stand in rows of their own."""
    return body.startswith("null", body.index(",") + 1)


def encode_nodes(nodes: Iterable[st.Node]) -> bytes:
    """Return nodes that stand apart from the body of their state, with the number of results in place of these."""
    return dump([_node_fields(node, apart=True) for node in nodes])


def decode_nodes(data: str, state: st.State) -> None:
    """Add nodes that `encode_nodes` wrote to a state, their results empty."""
    try:
        for fields in load(data):
            if len(fields) > 7 and fields[7] is not None and fields[7][5] is not None:
                fields[7][5] = [None] * fields[7][5]
            state.nodes[fields[0]] = _read_node(fields)
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise _from_newer(error) from error


def decode_results(data: str, state: st.State, key: int, first: int) -> None:
    """Fill in what a node has collected from a place on."""
    node = state.nodes.get(key)
    values = load(data)
    if node is None or node.turns is None or node.turns.results is None:
        raise _from_newer(KeyError(key))
    node.turns.results[first : first + len(values)] = values


def _forked_fields(event: ev.InstanceForked) -> tuple[object, ...]:
    """Write a fork down; objects hold values alone, so that blanking them leaves a history that replays."""
    fields = event.fields() | {"nodes": [_forked_node(node) for node in event.nodes]}
    return (_CODES[ev.InstanceForked], *fields.values())


def _forked_node(node: st.Node) -> tuple[object, ...]:
    arrivals = node.arrivals and [(join, list(counts.items())) for join, counts in node.arrivals.items()]
    started = node.started and list(node.started.items())
    parts = (node.key, node.element, node.scope, node.open, node.variables, arrivals, node.waits)
    return (*parts, node.turns, node.done, node.undo, started)


def _node_fields(node: st.Node, *, apart: bool = False) -> tuple[object, ...]:
    turns: tuple[object, ...] | None = node.turns
    if apart and node.turns is not None and node.turns.results is not None:
        turns = (*node.turns[:5], len(node.turns.results), node.turns.over)
    if node.done or node.undo is not None or node.started is not None:
        return (*_node_parts(node), turns, node.done, node.undo, node.started)
    if turns is not None:
        return (*_node_parts(node), turns)
    if node.waits:
        return _node_parts(node)
    if node.arrivals is not None:
        return (node.key, node.element, node.scope, node.open, node.variables, node.arrivals)
    if node.variables is not None:
        return (node.key, node.element, node.scope, node.open, node.variables)
    return (node.key, node.element, node.scope, node.open)


def _node_parts(node: st.Node) -> tuple[object, ...]:
    return (node.key, node.element, node.scope, node.open, node.variables, node.arrivals, node.waits)


def _read_node(fields: list[Any]) -> st.Node:
    if len(fields) > 6:
        fields[6] = tuple(fields[6])
    if len(fields) > 7 and fields[7] is not None:
        total, begun, completed, terminated, items, results, over = fields[7]
        fields[7] = st.Turns(total, begun, completed, terminated, tuple(items), results, over)
    if len(fields) > 8:
        fields[8] = _read_done(fields[8])
        fields[9] = None if fields[9] is None else _read_done(fields[9])
        fields[10] = fields[10] and {name: tuple(flows) for name, flows in fields[10].items()}
    return st.Node(*fields)


def _read_done(entries: list[Any]) -> tuple[st.Done, ...]:
    return tuple(st.Done(element, variables, _read_done(inside)) for element, variables, inside in entries)


def _read_wait(fields: list[Any]) -> st.Wait:
    return _WAITS[fields[0]](fields[1:])


def _read_task(fields: list[Any]) -> st.TaskWait:
    fields[6:9] = tuple(fields[6]), tuple(fields[7]), tuple(fields[8])
    if len(fields) > 13:
        fields[13] = tuple(fields[13])
    if len(fields) > 14 and fields[14] is not None:
        fields[14][3] = tuple(fields[14][3])
        fields[14] = st.Asked(*fields[14])
    return st.TaskWait(*fields)


_WAITS: dict[str, Callable[[list[Any]], st.Wait]] = {
    "t": _read_task,
    "j": lambda fields: st.JobWait(*fields),
    "d": lambda fields: st.TimerWait(*fields),
    "e": lambda fields: st.EventWait(*fields),
    "c": lambda fields: st.ChildWait(*fields),
}


def _plain(kind: Callable[..., ev.Event]) -> Callable[[list[Any]], ev.Event]:
    return lambda fields: kind(*fields)


def _with_wait(kind: Callable[..., ev.Event]) -> Callable[[list[Any]], ev.Event]:
    def read(fields: list[Any]) -> ev.Event:
        fields[0] = _read_wait(fields[0])
        return kind(*fields)

    return read


def _with_tuple(kind: Callable[..., ev.Event], place: int) -> Callable[[list[Any]], ev.Event]:
    def read(fields: list[Any]) -> ev.Event:
        fields[place] = tuple(fields[place])
        return kind(*fields)

    return read


def _started(fields: list[Any]) -> ev.Event:
    if fields[5] is not None:
        fields[5] = st.Parent(*fields[5])
    return ev.InstanceStarted(*fields)


def _forked(fields: list[Any]) -> ev.Event:
    if fields[5] is not None:
        fields[5] = st.Parent(*fields[5])
    fields[6] = st.Origin(*fields[6])
    fields[9] = tuple(_read_forked_node(node) for node in fields[9])
    fields[10] = tuple(_read_wait(wait) for wait in fields[10])
    fields[11] = tuple(st.Incident(*incident) for incident in fields[11])
    fields[12] = tuple((step, _people(found)) for step, found in fields[12])
    return ev.InstanceForked(*fields)


def _migrated(fields: list[Any]) -> ev.Event:
    fields[1:3] = tuple(map(tuple, fields[1])), tuple(map(tuple, fields[2]))
    fields[3] = tuple(_read_wait(wait) for wait in fields[3])
    return ev.InstanceMigrated(*fields)


def _people(found: str | list[str]) -> tuple[str, ...]:
    """Return who performed a step; what was written before all of them were kept holds the last one alone."""
    return (found,) if isinstance(found, str) else tuple(found)


def _read_forked_node(fields: list[Any]) -> st.Node:
    if fields[5] is not None:
        fields[5] = {join: dict(counts) for join, counts in fields[5]}
    if fields[10] is not None:
        fields[10] = dict(fields[10])
    return _read_node(fields)


_CODES: dict[type, str] = {kind: str(kind.__struct_config__.tag) for kind in get_args(ev.Event)}
_WITH_WAIT = frozenset(
    {
        ev.WaitOpened,
        ev.TaskChanged,
        ev.JobFailed,
        ev.JobRetried,
        ev.ChildStarted,
        ev.ConditionSeen,
        ev.WaitRevised,
    }
)
_EVENTS: dict[str, Callable[[list[Any]], ev.Event]] = {
    code: _with_wait(kind) if kind in _WITH_WAIT else _plain(kind) for kind, code in _CODES.items()
} | {
    "is": _started,
    "fk": _forked,
    "im": _migrated,
    "en": _with_tuple(ev.ElementEntered, 3),
    "dm": _with_tuple(ev.DecisionMade, 5),
    "lb": _with_tuple(ev.LoopBegan, 3),
    "gs": _with_tuple(ev.GatewayStarted, 2),
}


def _check_finite(data: bytes) -> None:
    try:
        _decode(data)
    except msgspec.DecodeError as error:
        raise _not_storable("NaN and infinities are no JSON numbers") from error


def _not_storable(why: str) -> FlowMasterError:
    return FlowMasterError(
        "value.not_storable",
        f"A value cannot be written as JSON: {why}.",
        expected="null, booleans, finite numbers, text, lists and objects with text keys",
        fix="Correct the value and repeat the call.",
        status=422,
    )


def _from_newer(error: Exception) -> FlowMasterError:
    return FlowMasterError(
        "store.newer",
        f"The store holds a record that this version of FlowMaster cannot read ({error!r}).",
        fix="Update FlowMaster to the version that wrote it.",
        status=500,
    )
