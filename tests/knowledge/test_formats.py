"""Numbers, dates, currencies and numbers with check digits are told from everything that looks like them."""

from datetime import date
from decimal import Decimal

import pytest

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json
from flowmaster.knowledge.documents.checkdigits import iban_is_valid, ibans_in, vat_ids_in
from flowmaster.knowledge.documents.formats import (
    currencies_in,
    dates_in,
    day_order_of,
    decimal_mark_of,
    numbers_in,
    whole_number,
)
from flowmaster.knowledge.documents.schema import parse_schema


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1'234.50", "1234.50"),
        ("12,5", "12.5"),
        ("0,84", "0.84"),
        ("-5,00", "-5.00"),
        ("100,00-", "-100.00"),
        ("(1,234.50)", "-1234.50"),
        ("1.500,--", "1500"),
        ("1.234.567", "1234567"),
        ("€1,100.00", "1100.00"),
    ],
)
def test_amounts_of_both_locales_are_exact(text: str, value: str) -> None:
    assert [found.value for found in numbers_in(text, None)] == [Decimal(value)]


@pytest.mark.parametrize(
    "text", ["12.03.2026", "2026-03-12", "RE-2026-001", "19 %", "19,00%", "v1.2.3", "A4", "12/2026"]
)
def test_dates_rates_and_codes_are_no_amounts(text: str) -> None:
    assert not list(numbers_in(text, None))


def test_three_digits_after_a_sign_are_read_as_the_document_writes() -> None:
    assert [found.value for found in numbers_in("1.234", ",")] == [Decimal(1234)]
    assert [found.value for found in numbers_in("1.234", ".")] == [Decimal("1.234")]
    assert [found.ambiguous for found in numbers_in("1.234", None)] == [True]
    assert decimal_mark_of(["1.234,00", "17,50", "2.50"]) == ","
    assert decimal_mark_of(["1.234", "7"]) is None


def test_a_space_parts_thousands_only_where_the_whole_text_is_one_number() -> None:
    assert whole_number("12 345,67 EUR", ",") is not None
    assert [found.value for found in numbers_in("7,50 129,50", ",")] == [Decimal("7.50"), Decimal("129.50")]
    assert [found.value for found in numbers_in("40 129,50", ",")] == [Decimal(40)], "it could be 40,129.50"


@pytest.mark.parametrize(
    "text",
    [
        "3. März 2026",
        "03.03.2026",
        "3.3.26",
        "2026-03-03",
        "March 3, 2026",
        "3rd of March 2026",
        "3-Mar-2026",
        "3 MAR 2026",
    ],
)
def test_dates_of_many_forms_are_one_date(text: str) -> None:
    assert [found.value for found in dates_in(text, None)] == [date(2026, 3, 3)]


def test_impossible_dates_are_none_and_ambiguous_ones_show_both() -> None:
    assert not dates_in("31.02.2026", None)
    assert not dates_in("1.2.3.4", None)
    (found,) = dates_in("04/05/2026", None)
    assert {found.value, found.other} == {date(2026, 5, 4), date(2026, 4, 5)}
    assert day_order_of(["04/05/2026", "27/05/2026"]) == "dmy"
    (clear,) = dates_in("04/05/2026", "mdy")
    assert (clear.value, clear.other) == (date(2026, 4, 5), None)


def test_currencies_are_codes_and_ambiguous_signs_say_so() -> None:
    assert [(found.code, found.ambiguous) for found in currencies_in("EUR 5, 7 €, $3, US$ 4, CHF")] == [
        ("EUR", False), ("EUR", False), ("USD", True), ("USD", False), ("CHF", False),
    ]  # fmt: skip
    assert not list(currencies_in("Europe EURO2026x"))


def test_ibans_end_where_their_country_says() -> None:
    (found,) = ibans_in("IBAN: DE89 3704 0044 0532 0130 00 BIC COBADEFFXXX")
    assert (found.value, found.verdict) == ("DE89370400440532013000", "valid")
    assert not iban_is_valid("DE88370400440532013000")
    assert not iban_is_valid("DE8937040044053201300")
    assert not list(ibans_in("Order DE89 3704"))


@pytest.mark.parametrize(
    "number",
    ["DE136695976", "ATU13585627", "FR40303265045", "IT00743110157", "NL004495445B01", "BE0428759497", "PL8567346215",
     "GB980780684", "SE556012579001", "IE9998213SH", "CHE123456788", "LU10000356", "DK13585628", "FI20774740", "PT501964843"],
)  # fmt: skip
def test_vat_numbers_are_held_to_their_check_digits(number: str) -> None:
    (found,) = vat_ids_in(f"VAT {number}.")
    assert (found.value, found.verdict) == (number, "valid")
    place = max(place for place, letter in enumerate(number[:-2]) if letter.isdigit())
    wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
    assert [found.verdict for found in vat_ids_in(wrong)] == ["invalid"]


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ({}, "schema"),
        ("invoise", "schema"),
        (7, "schema"),
        ({"total": "amunt"}, "schema.total"),
        ({"total": {"type": "amount", "lables": ["x"]}}, "schema.total"),
        ({"lines": []}, "schema.lines"),
        ({"lines": [{"a": [{"b": "string"}]}]}, "schema.lines.a"),
        ({"x": {"type": "string", "pattern": "*" * 9}}, "schema.x.pattern"),
        ({"type": "object", "properties": {"a": {"type": "object"}}}, "schema.properties.a"),
        ({f"f{number}": "string" for number in range(300)}, "schema"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_with_its_place(schema: Json, path: str) -> None:
    with pytest.raises(FlowMasterError) as refused:
        parse_schema(schema)
    assert (refused.value.code, refused.value.path) == ("schema.invalid", path)
