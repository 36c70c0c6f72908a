"""Where names break, and how much room they take."""

from flowmaster.engine.bpmn.lettering import broken, label_lines, text_width


def test_a_long_word_breaks_behind_punctuation_and_before_capitals() -> None:
    assert broken("contract_number", 60).lines == ("contract_", "number")
    assert broken("invoiceNumber", 60).lines == ("invoice", "Number")
    assert broken("approval.second?", 70).lines == ("approval.", "second?")


def test_a_word_without_joints_is_cut_into_even_pieces() -> None:
    lines = broken("Kostenuebernahmeerklaerung", 100).lines
    assert "".join(lines) == "Kostenuebernahmeerklaerung"
    assert min(map(len, lines)) > 8
    assert all(text_width(line) <= 100 for line in lines)


def test_a_name_beside_its_shape_gets_wider_rather_than_broken_or_high() -> None:
    assert label_lines("approval.second?", 72, 5).lines == ("approval.second?",)
    long = "Customer has complained about the invoice and wants it to be sent again to the other address of the firm"
    assert len(label_lines(long, 90, 5).lines) <= 5
    assert len(label_lines(long, 20, 2).lines) > 2


def test_what_fits_into_the_last_line_is_not_cut() -> None:
    word = "\u4e00" * 181
    assert len(broken(word, 197).lines) == 13
    shown = broken(word, 197, 12).lines
    assert "".join(shown).replace(" ", "") == word
    assert all(text_width(line) <= 197 for line in shown)
