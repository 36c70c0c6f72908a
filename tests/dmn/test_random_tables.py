"""Random decision tables of every hit policy answer as the plainest reading of the standard does."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dmn.models import compiled
from tests.dmn.reference_tables import NAMES, Table, inputs_of, tables


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_table_answers_as_its_rules_read_one_by_one(data: st.DataObject) -> None:
    table: Table = data.draw(tables())
    decision = compiled(table.xml()).decision("table")
    for values in data.draw(st.lists(inputs_of(table), min_size=1, max_size=6)):
        result = decision.evaluate(dict(zip(NAMES, values, strict=False)))
        assert result.value == table.answer(values), (values, result)
        matched = [match.rule for match in result.matched]
        hits = table.hits(values)
        if table.policy == "FIRST":
            hits = hits[:1]
        elif table.policy == "UNIQUE" and len(hits) > 1:
            hits = []
        assert matched == hits
