"""Every expression has the type that is wanted at its place, by the declared types of its variables."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowmaster.engine.bpmn.condition_values import Schema
from flowmaster.engine.bpmn.expression_types import Typing, stored, type_of_schema
from flowmaster.engine.feel.expression import compile_expression
from flowmaster.engine.feel.values import kind_of
from tests.bpmn_reader.models import bpmn, condition, ext, flow, line, node, problems

_DATA = ext(
    """<fm:data name='amount'>{"type": "number"}</fm:data>
<fm:data name='note'>{"type": "string"}</fm:data>
<fm:data name='ok'>{"type": "boolean"}</fm:data>
<fm:data name='due'>{"type": "string", "format": "date"}</fm:data>
<fm:data name='span'>{"type": "string", "format": "duration"}</fm:data>
<fm:data name='level'>{"enum": ["low", "high"]}</fm:data>
<fm:data name='order'>{"type": "object", "properties": {"total": {"type": "number"}, "due": {"type": "string",
"format": "date"}}}</fm:data>
<fm:data name='items'>{"type": "array", "items": {"type": "object", "properties": {"price": {"type": "number"}}}}</fm:data>
<fm:data name='open'>{}</fm:data>"""
)
TYPES: Mapping[str, Schema] = {
    "amount": {"type": "number"},
    "note": {"type": "string"},
    "ok": {"type": "boolean"},
    "due": {"type": "string", "format": "date"},
    "span": {"type": "string", "format": "duration"},
    "items": {"type": "array", "items": {"type": "number"}},
    "rows": {"type": "array", "items": {"type": "object", "properties": {"price": {"type": "number"}}}},
    "order": {"type": "object", "properties": {"total": {"type": "integer"}}},
    "level": {"enum": ["low", "high"]},
    "mixed": {"enum": ["low", 1]},
    "open": {},
    "loose": {"type": "object", "properties": {"total": {"type": "number"}}, "additionalProperties": True},
}


def typing(text: str) -> tuple[str, list[str]]:
    """Return the type of an expression in words and what is wrong in it."""
    found = Typing({name: type_of_schema(schema) for name, schema in TYPES.items()})
    words = found.of(compile_expression(text).node).words
    return words, [wrong.text for wrong in found.wrong]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("amount + 1", "number"),
        ('note + "a"', "text"),
        ('due + duration("P1D")', "date"),
        ("due - due", "days and time duration"),
        ("due + span", "date"),
        ("amount > 1 and ok", "boolean"),
        ("if ok then 1 else 2", "number"),
        ('if ok then 1 else "a"', ""),
        ("if ok then null else 2", "number"),
        ("rows.price", "list"),
        ("rows[1].price", "number"),
        ("rows[price > 1]", "list"),
        ("rows[amount]", ""),
        ("order.total", "number"),
        ("for x in items return x + 1", "list"),
        ("some x in items satisfies x > 1", "boolean"),
        ("count(items)", "number"),
        ("string(amount)", "text"),
        ("date(note)", "date"),
        ('duration("P1D")', "days and time duration"),
        ("duration(note)", "days and time duration or years and months duration"),
        ("-amount", "number"),
        ("[1, 2]", "list"),
        ("{a: 1}.a", "number"),
        ("amount instance of number", "boolean"),
        ("amount between 1 and 2", "boolean"),
        ('level in ("low", "high")', "boolean"),
        ("amount in [1..2]", "boolean"),
        ("amount in (> 5)", "boolean"),
        ("open.anything.at.all + 1", ""),
        ("mixed", ""),
        ("unknown + 1", ""),
        ("function(x) x", ""),
        ("(function(x) x)(1)", ""),
        ("now() > now()", "boolean"),
        ("due.year", ""),
        ("max(items)", ""),
        ("whatever(1)", ""),
        ("substring(string: note, start position: 1)", "text"),
        ("amount = null", "boolean"),
        ("items = [1]", "boolean"),
        ("floor(duration(note))", "number"),
        ("loose.total", "number"),
        ("loose.whatever + 1", ""),
        ("for x in items, y in rows return x + y.price", "list"),
    ],
)
def test_the_type_of_an_expression_is_found(text: str, words: str) -> None:
    assert typing(text) == (words, [])


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('amount > "5"', "compares a number with a text"),
        ("amount = ok", "compares a number with a boolean"),
        (
            'due > "2026-01-01"',
            "compares a date with a text, which is neither true nor false; read the text by `date(...)`",
        ),
        ("note > amount", "read the text by `number(...)`"),
        ("ok > ok", "compares a boolean with a boolean"),
        ('amount + "1"', "takes a number `+` a text"),
        ("due + 1", "takes a date `+` a number"),
        ("note - span", "duration(...)"),
        ("amount and ok", "`amount` is a number, neither true nor false"),
        ("not(note)", "gives 'not' a text"),
        ("if amount then 1 else 2", "behind `if`"),
        ("every x in items satisfies x", "behind `satisfies`"),
        ("for x in rows return x.prise", "has no field 'prise'. Did you mean 'price'?"),
        ("rows[1].prise", "has no field 'prise'"),
        ("order.totl", "Did you mean 'total'?"),
        ("amount.total", "is a number and has no field"),
        ("-note", "has no negative"),
        ('amount between "a" and "b"', "compares a number with a text"),
        ('amount in ("a", "b")', "looked for among values of type text"),
        ("level in [1, 2]", "looked for among values of type number"),
        ("due in [1..2]", "looked for among values of type number"),
        ("upper case(amount)", "gives 'upper case' a number"),
        ('floor(duration("P1D"))', "gives 'floor' a days and time duration"),
        ("for x in items, y in rows return x.price", "`x` is a number and has no field 'price'"),
    ],
)
def test_what_can_only_be_null_is_found(text: str, part: str) -> None:
    _, wrong = typing(text)
    assert wrong
    assert part in wrong[0]


_VALUES = st.sampled_from(
    ["amount", "note", "ok", "items", "rows.price", "order.total", "level", "1", '"a"', "null"]
)
_DATES = st.sampled_from(
    ['date("2026-01-01")', 'duration("P1D")', 'duration("P1Y")', "now()", 'time("10:00:00")']
)
_EXPRESSION = st.recursive(
    st.one_of(_VALUES, _DATES),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/"]), inner),
        st.builds("({} {} {})".format, inner, st.sampled_from(["=", "!=", "<", ">=", "and", "or"]), inner),
        st.builds("(if {} then {} else {})".format, inner, inner, inner),
        st.builds("({} between {} and {})".format, inner, inner, inner),
        st.builds("({} in [{}])".format, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds(
            "{}({})".format,
            st.sampled_from(["not", "string", "count", "-", "date", "number", "floor"]),
            inner,
        ),
    ),
    max_leaves=5,
)
_GIVEN = {
    "amount": 3,
    "note": "x",
    "ok": True,
    "items": [1, 2],
    "rows": [{"price": 1}],
    "order": {"total": 2},
}


@given(_EXPRESSION)
@settings(max_examples=60, deadline=None)
def test_a_value_is_of_the_type_that_was_found_or_null(text: str) -> None:
    expression = compile_expression(text)
    typed = Typing({name: type_of_schema(schema) for name, schema in TYPES.items()})
    found = typed.of(expression.node)
    value = expression.value(_GIVEN | {"level": "low"})
    assert value is None or not found.kinds or kind_of(value) in found.kinds


def test_a_value_that_is_kept_without_a_declared_type_is_text_where_it_was_a_date() -> None:
    kept = stored(
        type_of_schema({"type": "object", "properties": {"due": TYPES["due"], "n": TYPES["items"]}})
    )
    assert kept.fields is not None
    assert (kept.fields["due"].words, kept.fields["n"].words) == ("text", "list")


def test_an_expression_that_is_nested_deep_is_of_any_type() -> None:
    assert typing("-" * 60 + "amount")[0] == ""
    schema: Schema = {"type": "number"}
    for _ in range(50):
        schema = {"type": "array", "items": schema}
    assert type_of_schema(schema).words == "list"


def said(xml: str) -> list[tuple[str, str, str]]:
    """Return the problems of types: where, how grave, and what."""
    return [
        (one.element, one.severity, one.message)
        for one in problems(xml)
        if one.code in ("expression.type_wrong", "variable.field_unknown")
    ]


def _timer(text: str, kind: str = "timeDuration") -> str:
    return (
        f'<intermediateCatchEvent id="a"><timerEventDefinition><{kind}>={text}</{kind}></timerEventDefinition>'
        "</intermediateCatchEvent>"
    )


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (
            line(_timer("amount")),
            "The time of 'a', `amount`, is a number instead of a text or days and time duration",
        ),
        (line(_timer("ok", "timeDate")), "is a boolean instead of"),
        (
            line(node("scriptTask", "<zeebe:script expression='=amount + note' resultVariable='x'/>")),
            "The script of 'a'",
        ),
        (
            line(
                '<userTask id="a"><multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics '
                'inputCollection="=amount"/></extensionElements></multiInstanceLoopCharacteristics></userTask>'
            ),
            "The collection of 'a', `amount`, is a number instead of a list",
        ),
        (line(node("userTask", "<zeebe:taskSchedule dueDate='=amount'/>")), "The due date"),
        (line(node("userTask", "<fm:deadline after='=amount' action='remind'/>")), "The deadline"),
        (line(node("serviceTask", "<zeebe:taskDefinition type='=amount' retries='=ok'/>")), "The job type"),
        (line(node("callActivity", "<zeebe:calledElement processId='=amount'/>")), "The called process"),
        (
            line(
                '<intermediateCatchEvent id="a"><conditionalEventDefinition><condition>=amount</condition>'
                "</conditionalEventDefinition></intermediateCatchEvent>"
            ),
            "The condition of 'a', `amount`, is a number instead of a boolean",
        ),
        (
            line(
                '<task id="a"><standardLoopCharacteristics><loopCondition>=amount</loopCondition>'
                "</standardLoopCharacteristics></task>"
            ),
            "The loop condition",
        ),
        (
            line(
                node(
                    "task",
                    "<zeebe:ioMapping><zeebe:input source='=amount + note' target='x'/></zeebe:ioMapping>",
                )
            ),
            "The input 'x'",
        ),
    ],
)
def test_each_place_wants_values_of_its_type(body: str, part: str) -> None:
    found = said(bpmn(_DATA + body))
    assert [(element, severity) for element, severity, _ in found][:1] == [("a", "error")]
    assert part in found[0][2]


def _guarded(text: str, before: str = "") -> str:
    return bpmn(
        f'{_DATA}<startEvent id="s"/>{before or "<task id=" + chr(34) + "t" + chr(34) + "/>"}<exclusiveGateway id="g" '
        f'default="g_e"/><task id="a"/><endEvent id="e"/>{flow("s", "t")}{flow("t", "g")}'
        f"{flow('g', 'a', condition('=' + text))}{flow('g', 'e')}{flow('a', 'e')}"
    )


def test_a_condition_is_true_or_false() -> None:
    ((element, severity, message),) = said(_guarded("amount"))
    assert (element, severity) == ("g_a", "error")
    assert message == "The condition of 'g_a', `amount`, is a number instead of a boolean."


def test_a_field_that_a_structure_lacks_is_a_warning() -> None:
    ((_, severity, message),) = said(_guarded("order.totl &gt; 5"))
    assert severity == "warning"
    assert "Did you mean 'total'?" in message


def test_what_steps_write_is_known_by_its_type() -> None:
    script = node("scriptTask", "<zeebe:script expression='=today()' resultVariable='day'/>").replace(
        'id="a"', 'id="t"'
    )
    ((_, _, message),) = said(_guarded("day &gt; today()", script))
    assert "compares a text with a date" in message
    fields = (
        "<scriptTask id='t'><extensionElements><zeebe:script expression='={x: 1}' resultVariable='r'/><zeebe:ioMapping>"
        "<zeebe:output source='=r.x' target='order.extra'/><zeebe:output source='=r.x' target='n'/></zeebe:ioMapping>"
        "</extensionElements></scriptTask>"
    )
    assert said(_guarded("order.extra &gt; 5 and n &gt; 3", fields)) == []
    ((_, _, message),) = said(_guarded('n = "a"', fields))
    assert "compares a number with a text" in message
    ((_, _, message),) = said(_guarded("ok", fields.replace("=r.x' target='n'", "=r.y' target='n'")))
    assert "has no field 'y'" in message


def test_names_of_an_elements_own_hide_those_of_the_process() -> None:
    xml = bpmn(
        _DATA
        + line(
            "<scriptTask id='a'><extensionElements><zeebe:script expression='=amount + \"a\"' resultVariable='x'/>"
            "<zeebe:ioMapping><zeebe:input source='=note' target='amount'/></zeebe:ioMapping></extensionElements>"
            "</scriptTask>".replace("'a'", '"a"', 1)
        )
    )
    assert said(xml) == []


@pytest.mark.parametrize(
    ("timer", "fix"),
    [
        (_timer('date("2030-01-01")'), 'Write how long: `date("2030-01-01") - today()`'),
        (_timer('date and time("2030-01-01T10:00:00Z")'), "Write how long: `date and time(\"2030-01-01T10:00:00Z\") - now()`"),
        (_timer('duration("P3D")', "timeDate"), 'Write the point in time: `now() + duration("P3D")`'),
        (_timer("3"), "Correct the expression"),
    ],
)  # fmt: skip
def test_a_point_in_time_for_a_duration_is_told_how_to_say_what_is_meant(timer: str, fix: str) -> None:
    (found,) = [one for one in problems(bpmn(_DATA + line(timer))) if one.code == "expression.type_wrong"]
    assert found.fix.startswith(fix)


def test_the_expressions_of_listeners_are_checked_like_those_of_other_work() -> None:
    heard = (
        '<zeebe:executionListeners><zeebe:executionListener eventType="start" type="=amount"/></zeebe:executionListeners>'
        '<zeebe:taskListeners><zeebe:taskListener eventType="completing" type="x" retries="=ok"/></zeebe:taskListeners>'
    )
    told = [
        message for _, _, message in said(bpmn(_DATA + line(node("userTask", "<zeebe:userTask/>" + heard))))
    ]
    assert [one.split("`")[0] for one in told] == ["The job type of 'a', ", "The number of tries of 'a', "]


def test_a_type_is_handed_on_over_a_few_steps_and_no_further() -> None:
    names = ["note", "a", "b", "c", "d", "e"]
    scripts = [
        f'<scriptTask id="t_{new}"><extensionElements><zeebe:script expression=\'={old} + "!"\' '
        f"resultVariable='{new}'/></extensionElements></scriptTask>"
        for old, new in zip(names, names[1:], strict=False)
    ]
    sums = [
        f"<scriptTask id=\"sum_{name}\"><extensionElements><zeebe:script expression='={name} + 1' "
        f"resultVariable='sum_{name}'/></extensionElements></scriptTask>"
        for name in names
    ]
    wrong = [where for where, _, _ in said(bpmn(_DATA + line(*scripts, *sums)))]
    assert wrong == ["sum_note", "sum_a", "sum_b", "sum_c"]
