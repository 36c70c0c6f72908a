"""What is refused on the way in, and where the refusal points."""

import pytest

from flowmaster.engine.bpmn.document import new_document, parse_bpmn
from flowmaster.engine.bpmn.source import LENGTH_MAX
from flowmaster.engine.errors import FlowMasterError

GOOD = new_document("order", "Order").to_xml()


def refusal(source: bytes | str) -> FlowMasterError:
    with pytest.raises(FlowMasterError) as caught:
        parse_bpmn(source)
    return caught.value


def test_bytes_of_another_encoding_are_refused_with_the_element_that_holds_them() -> None:
    error = refusal(b'<?xml version="1.0" encoding="UTF-8"?>\n<a>\n<task id="t" name="\xe4"/></a>')
    assert '<task id="t"' in error.message


@pytest.mark.parametrize(
    ("source", "code", "line"),
    [
        ("", "bpmn.malformed", 1),
        ("   \n ", "bpmn.malformed", 2),
        ("no xml at all", "bpmn.malformed", 1),
        ("<a>\n<b>\n</a>", "bpmn.malformed", 3),
        ("<a>\n<a b='1' b='2'/></a>", "bpmn.malformed", 2),
        ("<x:a/>", "bpmn.malformed", 1),
        ("<a>" * 100_000, "bpmn.malformed", 1),
        ("<a>\x00</a>", "bpmn.malformed", 1),
        ("<a>\n&nbsp;</a>", "bpmn.entity_refused", 2),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "bpmn.doctype_refused", 1),
        (
            '<?xml version="1.0"?>\n<!-- - -->\n<?pi ?>\n<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
            "bpmn.doctype_refused",
            4,
        ),
        ("<a/>", "bpmn.root_wrong", 1),
        ('<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"/>', "bpmn.root_wrong", 1),
        ('\n<definitions xmlns="http://schema.omg.org/spec/BPMN/2.0"/>', "bpmn.root_wrong", 2),
        (b'<?xml version="1.0" encoding="UTF-8"?>\n<a name="\xe4"/>', "bpmn.encoding_wrong", 2),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', "bpmn.encoding_unknown", 1),
        (b'<?xml version="1.0" encoding="rot13"?><a/>', "bpmn.encoding_unknown", 1),
        ("<a>\ud800</a>", "bpmn.encoding_wrong", 1),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(source: bytes | str, code: str, line: int) -> None:
    error = refusal(source)
    assert (error.code, error.path) == (code, f"bpmn:line {line}")


def test_a_billion_laughs_are_refused_before_they_are_read() -> None:
    rows = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    assert refusal(f'<!DOCTYPE a [<!ENTITY l0 "lol">{rows}]><a b="&l11;"/>').code == "bpmn.doctype_refused"


def test_a_file_that_is_too_long_is_refused_unread() -> None:
    assert refusal("<" + "a" * LENGTH_MAX).code == "bpmn.too_long"


def test_an_id_that_stands_twice_is_refused_with_both_lines() -> None:
    error = refusal(
        GOOD.replace('name="Order"', 'name="Order">\n<bpmn:task id="order"/></bpmn:process><x')
        .replace("<x", "<!--")
        .replace(' isExecutable="true"/>', "-->")
    )
    assert error.code == "bpmn.id_duplicate"
    assert "line 3" in error.message
    assert error.path == "bpmn:line 4"


def test_a_wrong_root_tells_what_to_do() -> None:
    assert "rule_save" in refusal('<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"/>').fix


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_every_usual_encoding_gives_the_same_document(encoding: str) -> None:
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    text = GOOD.replace("Order", "Prüfung").replace("UTF-8", declared)
    assert parse_bpmn(text.encode(encoding)).processes[0].name == "Prüfung"


def test_lines_count_from_the_first_line_of_the_source() -> None:
    document = parse_bpmn(GOOD.replace("?>\n", "?>\n\n\n"))
    assert document.element("order").line == 5
