"""What conditions say together equals what trying all values says, and examples are real ones."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowmaster.engine.bpmn.condition_values import Schema
from flowmaster.engine.bpmn.conditions import Conditions, Space, Truth
from flowmaster.engine.feel.expression import compile_expression
from tests.bpmn_reader.models import bpmn, condition, ext, flow, problems

SCHEMAS: Mapping[str, Schema] = {
    "amount": {"type": "number", "minimum": 0, "exclusiveMaximum": 4},
    "pieces": {"type": "integer", "minimum": 1, "maximum": 3},
    "level": {"enum": ["low", "mid", "high"]},
    "flag": {"type": "boolean"},
    "order": {"type": "object", "properties": {"total": {"type": "number"}}},
}
GRID: Mapping[str, list[object]] = {
    "amount": [Decimal(half) / 2 for half in range(8)],
    "pieces": [1, 2, 3],
    "level": ["low", "mid", "high"],
    "flag": [True, False],
    "total": [Decimal(half) / 2 for half in range(-4, 14)],
}
_NUMBER = st.integers(0, 4).map(str)
_SIGN = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
_NAME = st.sampled_from(["amount", "pieces", "order.total"])
_ATOM = st.one_of(
    st.builds("{} {} {}".format, _NAME, _SIGN, _NUMBER),
    st.builds("{2} {1} {0}".format, _NAME, _SIGN, _NUMBER),
    st.builds("{} in [{}..{})".format, _NAME, _NUMBER, _NUMBER),
    st.builds("{} in (< {}, {}, > {})".format, _NAME, _NUMBER, _NUMBER, _NUMBER),
    st.builds("{} between {} and {}".format, _NAME, _NUMBER, _NUMBER),
    st.builds(
        'level {} "{}"'.format, st.sampled_from(["=", "!="]), st.sampled_from(["low", "mid", "high", "no"])
    ),
    st.just('level in ("low", "high")'),
    st.sampled_from(["flag", "flag = true", "not(flag)", "true", "flag != null"]),
)
_CONDITION = st.recursive(
    _ATOM,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not({})".format, inner),
        st.builds("(if {} then {} else {})".format, inner, inner, inner),
    ),
    max_leaves=4,
)


def read(texts: list[str]) -> tuple[Space, list[Truth]]:
    """Return what conditions say of all values."""
    reader = Conditions(SCHEMAS, frozenset(SCHEMAS))
    formulas = [reader.read(compile_expression(text).node) for text in texts]
    space = reader.space()
    assert space is not None
    return space, [space.truth(formula) for formula in formulas]


def tried(texts: list[str]) -> list[tuple[object, ...]]:
    """Return what conditions give for each combination of values."""
    codes = [compile_expression(text) for text in texts]
    rows = []
    read_names = " ".join(texts)
    grid = [values if name in read_names else values[:1] for name, values in GRID.items()]
    for amount, pieces, level, flag, total in product(*grid):
        order = {"total": total}
        given = {"amount": amount, "pieces": pieces, "level": level, "flag": flag, "order": order}
        rows.append(tuple(code.value(given) for code in codes))
    return rows


def check(texts: list[str]) -> None:
    """Compare what is said of conditions with what trying all values shows."""
    space, truths = read(texts)
    rows = set(tried(texts))
    taken = 0
    for number, truth in enumerate(truths):
        usual = truth.true & space.usual
        assert bool(usual) == any(row[number] is True for row in rows), texts
        first = any(row[number] is True and True not in row[:number] for row in rows)
        assert bool(usual & ~taken) == first, texts
        taken |= truth.true
    gap = space.certain(space.usual & ~taken)
    assert (gap is not None) == any(True not in row for row in rows), texts
    if gap is not None:
        chosen = example_of(space.example(gap))
        assert all(compile_expression(text).value(chosen) is not True for text in texts), (texts, chosen)


def example_of(words: str) -> dict[str, object]:
    """Return the variables that an example names, any value of theirs for the rest."""
    given: dict[str, object] = {"amount": 0, "pieces": 1, "level": "low", "flag": True, "order": {"total": 0}}
    for part in filter(None, words.split(", ")):
        name, _, value = part.partition(" = ")
        found = compile_expression(value).value({})
        given |= {"order": {"total": found}} if name == "order.total" else {name: found}
    return given


@given(st.lists(_CONDITION, min_size=1, max_size=3))
@settings(max_examples=50, deadline=None)
def test_conditions_read_together_say_what_trying_all_values_says(texts: list[str]) -> None:
    check(texts)


@pytest.mark.soak
@given(st.lists(_CONDITION, min_size=1, max_size=4))
@settings(max_examples=20_000, deadline=None)
def test_many_conditions_read_together_say_what_trying_all_values_says(texts: list[str]) -> None:
    check(texts)


def gateway(*conditions: str, default: bool = False, data: str = "", kind: str = "exclusiveGateway") -> str:
    """Return a model with a gateway `g` whose flows `g_0`, `g_1` and so on have these conditions."""
    targets = "".join(f'<task id="{number}_"/>' for number in range(len(conditions)))
    ways = "".join(
        f'<sequenceFlow id="g_{number}" sourceRef="g" targetRef="{number}_">'
        f"{condition('=' + text.replace('&', '&amp;').replace('<', '&lt;')) if text else ''}</sequenceFlow>"
        for number, text in enumerate(conditions)
    )
    ends = "".join(flow(f"{number}_", "e") for number in range(len(conditions)))
    last = f'default="g_{len(conditions) - 1}"' if default else ""
    head = ext(data) if data else ""
    return bpmn(
        f'{head}<startEvent id="s"/><{kind} id="g" {last}/><endEvent id="e"/>{targets}{flow("s", "g")}{ways}{ends}'
    )


def told(xml: str, *codes: str) -> list[tuple[str, str]]:
    """Return the elements and messages of the problems with some codes."""
    return [(one.element, one.message) for one in problems(xml) if one.code in codes]


_AMOUNT = """<fm:data name='amount'>{"type": "number", "minimum": 0}</fm:data>"""
_DUE = """<fm:data name='due'>{"type": "string", "format": "date"}</fm:data>
<fm:data name='lead'>{"type": "string", "format": "duration"}</fm:data>"""
_LEVEL = """<fm:data name='level'>{"enum": ["low", "mid", "high"]}</fm:data>"""


@pytest.mark.parametrize(
    "conditions",
    [
        ("amount > 1000", "amount <= 1000"),
        ("amount < 10", "amount in [10..20]", "amount > 20"),
        ("net > gross", "net <= gross"),
        ("approved", "not(approved)"),
        ("approved = true", "approved = false"),
        ("amount > 5 and vip(customer)", "amount <= 5 or not(vip(customer))"),
        ('date(due) < date("2026-06-01")', 'date(due) >= date("2026-06-01")'),
        ('duration(lead) < duration("P3D")', 'duration(lead) >= duration("P3D")'),
        ("count(items) = 0", "count(items) > 0"),
        (
            "if vip then amount > 5 else amount > 10",
            "amount > 5 and vip",
            "amount <= 5",
            "not(vip) and amount <= 10",
        ),
    ],
)
def test_conditions_that_leave_no_gap_need_no_default(conditions: tuple[str, ...]) -> None:
    assert told(gateway(*conditions), "gateway.default_missing") == []


@pytest.mark.parametrize(
    ("conditions", "data", "example"),
    [
        (("amount > 1000", "amount < 1000"), "", "amount = 1000"),
        (("amount > 5", "amount < 3"), _AMOUNT, "amount = 3"),
        (('level = "low"', 'level = "high"'), _LEVEL, 'level = "mid"'),
        (('kind = "a"', 'kind = "b"'), "", "kind = any other text"),
        (('due < date("2026-06-01")', 'due > date("2026-06-01")'), _DUE, 'due = @"2026-06-01"'),
        (('lead < duration("P3D")', 'lead > duration("P5D")'), _DUE, 'lead = @"P3D"'),
        (("net > gross", "net < gross"), "", "gross = net"),
        (("amount > 5 and vip", "amount <= 5"), "", "amount = 6, vip = false"),
    ],
)
def test_values_for_which_no_condition_holds_are_named(
    conditions: tuple[str, ...], data: str, example: str
) -> None:
    ((element, message),) = told(gateway(*conditions, data=data), "gateway.default_missing")
    assert element == "g"
    assert f"when {example}," in message


@pytest.mark.parametrize(
    ("first", "second", "data", "why"),
    [
        ("x = 1", "amount > 5 and amount < 3", "", "contradicts itself"),
        ("x = 1", "amount < 0", _AMOUNT, "declared values"),
        ("x = 1", 'level = "hihg"', _LEVEL, "declared values"),
        ("x = 1", "amount = null and amount > 3", "", "contradicts itself"),
    ],
)
def test_a_condition_that_no_value_makes_true_is_found(first: str, second: str, data: str, why: str) -> None:
    ((element, message),) = told(gateway(first, second, "", default=True, data=data), "flow.condition_never")
    assert element == "g_1"
    assert why in message


@pytest.mark.parametrize(
    "conditions",
    [
        ("amount > 100", "amount > 1000", ""),
        ("approved", "approved = true", ""),
        ("amount > 10", "amount <= 10 and vip", "amount > 20 or (amount < 10 and vip)", ""),
        ("f(x) > 3", "f(x) > 5", ""),
    ],
)
def test_a_condition_behind_one_that_is_wider_is_found(conditions: tuple[str, ...]) -> None:
    ((element, _),) = told(gateway(*conditions, default=True), "flow.condition_shadowed")
    assert element == f"g_{len(conditions) - 2}"


def test_nothing_is_said_where_values_may_be_anything() -> None:
    xml = gateway("f(x) > 3", "g(x) > 5", "amount > 3", "x = 1 and f(x) < 3", "", default=True)
    assert told(xml, "flow.condition_never", "flow.condition_shadowed", "gateway.conditions_overlap") == []


def test_conditions_that_meet_are_shown_by_an_example() -> None:
    ((element, message),) = told(
        gateway("amount > 5", 'kind = "a"', "", default=True), "gateway.conditions_overlap"
    )
    assert element == "g"
    assert 'when amount = 6, kind = "a"' in message
    cascade = gateway("amount > 1000", "amount > 100", "", default=True)
    assert told(cascade, "gateway.conditions_overlap") == []


def test_all_ways_of_an_inclusive_gateway_may_hold_but_one_must() -> None:
    both = gateway("amount > 5", "amount > 3", "amount < 2", kind="inclusiveGateway")
    assert [message for _, message in told(both, "gateway.default_missing", "flow.condition_shadowed")] == [
        "'g' has conditions on all flows and no default: none holds when amount = 2, and then the instance stops."
    ]


def test_what_an_earlier_gateway_has_settled_holds_at_the_next_one() -> None:
    body = (
        '<startEvent id="s"/><exclusiveGateway id="g" default="g_e"/><exclusiveGateway id="h" default="h_e"/>'
        f'<task id="t"/><task id="a"/><endEvent id="e"/>{flow("s", "g")}{flow("g", "t", condition("=amount &gt; 100"))}'
        f"{flow('g', 'e')}{flow('t', 'h')}{flow('h', 'a', condition('=amount &lt; 50'))}{flow('h', 'e')}{flow('a', 'e')}"
    )
    assert told(bpmn(body), "flow.condition_never") == [
        (
            "h_a",
            "The condition `amount < 50` of the flow 'h_a' never holds: at this place `amount > 100` is settled already.",
        )
    ]
    written = body.replace(
        '<task id="t"/>',
        '<scriptTask id="t"><extensionElements>'
        '<zeebe:script expression="=amount - 90" resultVariable="amount"/></extensionElements></scriptTask>',
    )
    assert told(bpmn(written), "flow.condition_never") == []


@pytest.mark.parametrize(("between", "is_told"), [(5, True), (25, False)])
def test_what_was_settled_many_steps_ago_is_not_looked_for(between: int, is_told: bool) -> None:
    steps = [f"t{number}" for number in range(between)]
    tasks = "".join(f'<task id="{one}"/>' for one in steps)
    ways = "".join(flow(one, other) for one, other in zip(steps, [*steps[1:], "h"], strict=True))
    body = (
        '<startEvent id="s"/><exclusiveGateway id="g" default="g_e"/><exclusiveGateway id="h" default="h_e"/>'
        f'{tasks}<task id="a"/><endEvent id="e"/>{flow("s", "g")}{flow("g", "t0", condition("=amount &gt; 100"))}'
        f"{ways}{flow('g', 'e')}{flow('h', 'a', condition('=amount &lt; 50'))}{flow('h', 'e')}{flow('a', 'e')}"
    )
    assert [element for element, _ in told(bpmn(body), "flow.condition_never")] == ["h_a"] * is_told


def test_conditions_that_tell_too_much_apart_are_left_alone() -> None:
    wide = " and ".join(f"x{number} in ({', '.join(map(str, range(9)))})" for number in range(9))
    assert told(gateway(wide, wide), "flow.condition_shadowed") == []


_PAIR = """<fm:data name='low'>{"type": "number", "maximum": 10}</fm:data>
<fm:data name='high'>{"type": "number", "minimum": 20}</fm:data>
<fm:data name='any'>{"type": "number", "minimum": 0}</fm:data><fm:data name='name'>{"type": "string"}</fm:data>
<fm:data name='fixed'>{"const": 5}</fm:data>"""


@pytest.mark.parametrize(
    "conditions",
    [
        ("low > high", "low < high"),
        ("any > name", "any < name"),
        ("any < any", "any > any"),
        ("any + 1 < name", "any + 1 > name"),
        ("any > 3 and any > fixed", "any <= 3"),
    ],
)
def test_no_example_is_made_up_for_values_that_may_not_stand_so(conditions: tuple[str, ...]) -> None:
    ((_, message),) = told(gateway(*conditions, data=_PAIR), "gateway.default_missing")
    assert "if none holds" in message


@pytest.mark.parametrize(
    ("conditions", "example"),
    [
        (("any > low", "any < low"), "any = low"),
        (("fixed > 5", "fixed < 5"), "fixed = 5"),
        (('name = "a"', 'name = "b" or name > "c"'), 'name = "c"'),
        (("x > 5 and whatever(y)", "x < 5"), "x = 5"),
    ],
)
def test_examples_are_values_that_may_come(conditions: tuple[str, ...], example: str) -> None:
    ((_, message),) = told(gateway(*conditions, data=_PAIR), "gateway.default_missing")
    assert f"when {example}," in message


def test_constants_that_are_no_values_are_left_alone() -> None:
    assert (
        told(gateway("x = {a: 1}", "x in ([[[[1]]]])", "false", default=True), "flow.condition_never") == []
    )
