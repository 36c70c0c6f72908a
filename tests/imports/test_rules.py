"""The rules find the steps, roles, conditions and joins of procedures, also of those they were not made with."""

import pytest

from flowmaster.engine.errors import FlowMasterError
from flowmaster.knowledge.documents.read import read_document
from flowmaster.knowledge.documents.work import Work
from flowmaster.knowledge.procedures.conditions import condition_of
from flowmaster.knowledge.procedures.languages import HEADINGS, language_of
from flowmaster.knowledge.procedures.material import blocks_of
from flowmaster.knowledge.procedures.times import times_in
from tests.imports.measuring import Measured, candidates_of, measured
from tests.imports.sop import Sop
from tests.imports.sops_held_out import HELD_OUT
from tests.imports.sops_later import LATER
from tests.imports.sops_tuned import TUNED
from tests.imports.written import written


def total(sops: tuple[Sop, ...]) -> Measured:
    """Return the scores of samples together."""
    return sum(map(measured, sops), Measured())


@pytest.mark.parametrize("sop", TUNED, ids=lambda sop: sop.name)
def test_a_procedure_that_the_rules_were_made_with_is_read_whole(sop: Sop) -> None:
    found = measured(sop)
    assert (found.steps.precision, found.steps.recall) == (1, 1)
    assert found.roles.recall == 1
    assert (found.conditions.precision, found.conditions.recall) == (1, 1)


def test_procedures_written_before_the_rules_are_read_nearly_whole() -> None:
    found = total(HELD_OUT)
    assert found.steps.precision >= 0.95
    assert found.steps.recall >= 0.95
    assert found.roles.precision >= 0.95
    assert found.roles.recall >= 0.95
    assert found.conditions.precision >= 0.95
    assert found.conditions.recall >= 0.95
    assert found.joins.precision >= 0.9


def test_procedures_in_looser_language_are_read_for_the_most_part() -> None:
    found = total(LATER)
    assert found.steps.precision >= 0.9
    assert found.steps.recall >= 0.8
    assert found.roles.precision >= 0.7
    assert found.roles.recall >= 0.5
    assert found.conditions.precision >= 0.9
    assert found.conditions.recall >= 0.5


@pytest.mark.parametrize(
    ("language", "text", "feel", "kind"),
    [
        ("en", "the total exceeds 1,500.50 EUR", "total > 1500.50", "number"),
        ("en", "the amount does not exceed 10,000", "amount <= 10000", "number"),
        ("en", "the delay is at least 3 days", "delay_days >= 3", "number"),
        ("en", "more than 5 items are ordered", "items_ordered > 5", "number"),
        ("en", "the amount is not above 500", "amount <= 500", "number"),
        ("en", "the amount is not less than 500", "amount >= 500", "number"),
        ("en", "the claim is rejected", "not(claim_approved)", "boolean"),
        ("en", "the invoice is not complete", "not(invoice_complete)", "boolean"),
        ("de", "der offene Betrag 1.500,50 Euro übersteigt", "offene_betrag > 1500.50", "number"),
        ("de", "liegt der Betrag über 10.000 EUR", "betrag > 10000", "number"),
        ("de", "die Unterlagen unvollständig sind", "not(unterlagen_vollstaendig)", "boolean"),
    ],
)
def test_a_plain_condition_becomes_feel(language: str, text: str, feel: str, kind: str) -> None:
    found = condition_of(text, language)
    assert (found.feel, found.type, found.is_open) == (feel, kind, False)


@pytest.mark.parametrize(
    "text",
    [
        "the customer has paid and the goods which were ordered by phone are in stock or can be ordered",
        "it is Friday or the manager is away",
        "the form 12 b of 2019 applies",
        "the amount never exceeds 500",
        "der Betrag 500 Euro nicht übersteigt",
        "der Betrag nicht über 500 Euro liegt",
    ],
)
def test_a_condition_that_is_more_than_that_stays_open(text: str) -> None:
    found = condition_of(text, "de" if "Betrag" in text else "en")
    assert found.is_open
    assert found.text == text


def test_a_number_that_can_be_read_in_two_ways_is_less_sure() -> None:
    assert (
        condition_of("the total exceeds 10.000 EUR", "en").confidence
        < condition_of("the total exceeds 10,000 EUR", "en").confidence
    )


@pytest.mark.parametrize(
    ("language", "text", "within", "after", "wait", "working"),
    [
        ("en", "The clerk checks it within two working days.", "P2D", "", "", True),
        ("en", "After 3 weeks, close the case.", "", "P3W", "", False),
        ("en", "Wait for 48 hours.", "", "", "PT48H", False),
        ("de", "Der Leiter prüft innerhalb von 5 Arbeitstagen.", "P5D", "", "", True),
        ("de", "Nach 14 Tagen wird gemahnt.", "", "P14D", "", False),
        ("de", "30 Minuten warten", "", "", "PT30M", False),
    ],
)
def test_times_are_read(language: str, text: str, within: str, after: str, wait: str, working: bool) -> None:
    found = times_in(text, language)
    assert (found.within, found.after, found.wait, found.working) == (within, after, wait, working)


def test_the_language_is_recognised() -> None:
    for sop in (*TUNED, *HELD_OUT, *LATER):
        data, name = written(sop)
        work = Work()
        assert (
            language_of(blocks_of(data, read_document(data, name, work), HEADINGS, work)) == sop.language
        ), sop.name


def test_a_letter_to_a_friend_has_no_steps() -> None:
    found = candidates_of(b"Dear Ann,\n\nthe weather is lovely here. We had cake.\n\nYours, Bob\n", "a.txt")
    assert found.steps == []
    assert found.unused


def test_a_file_that_is_no_text_is_refused() -> None:
    with pytest.raises(FlowMasterError) as refused:
        candidates_of(b"\x89PNG\r\n\x1a\n rest", "photo.png")
    assert refused.value.code == "document.type_unsupported"
