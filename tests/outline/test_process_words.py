"""A process in words comes back as the same process; what a reader changes changes it; what is unclear is refused."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.outline.decompile import decompile
from flowmaster.engine.outline.examples import OUTLINE_EXAMPLE
from flowmaster.engine.outline.problems import OutlineRefused
from flowmaster.engine.words.conditions import condition_words, read_condition
from flowmaster.engine.words.reading import read_words
from flowmaster.engine.words.writing import words_of
from flowmaster.tools.outline_text import read_outline_text
from tests.engine.random_models import draw
from tests.outline.outlines import outlines
from tests.outline.test_round_trip import compiled
from tests.tools.random_processes import Drawn

EXAMPLES = Path(__file__).parents[2] / "examples"


def check(plain: Any) -> str:
    """Write words, read them, and compare; return the words."""
    words = words_of(plain)
    assert read_words(words).value == plain, words
    return words


@pytest.mark.parametrize(
    "path",
    sorted((*EXAMPLES.glob("*/process.yaml"), *EXAMPLES.glob("*/calls/*.yaml"))),
    ids=lambda path: str(path.relative_to(EXAMPLES).with_suffix("")),
)
def test_the_examples_come_back_from_words(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    check(decompile(compile_outline(read_outline_text(text).value, picture=False).document))


def test_random_processes_come_back_from_words() -> None:
    for seed in range(60):
        check(decompile(compile_outline(Drawn(seed).outline, picture=False).document))


def test_random_models_come_back_from_words() -> None:
    for number in range(40):
        check(decompile(parse_bpmn(draw(Random(number))[1]), "p"))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
@given(outlines())
def test_drawn_outlines_come_back_from_words(outline: dict[str, Any]) -> None:
    document = compiled(outline)
    if document is not None:
        check(decompile(document))


def example() -> str:
    return words_of(decompile(compile_outline(read_outline_text(OUTLINE_EXAMPLE).value).document))


def test_words_read_as_sentences_and_a_change_of_them_changes_the_model() -> None:
    words = example()
    assert "It is done only if the order's total is over 10,000." in words
    changed = words.replace("over 10,000", "at least 5,000").replace("within 2 days", "within 3 days")
    changed = changed.replace('"sign": boss does it.', '"sign": buyer does it.')
    before, after = read_words(words).value, read_words(changed).value
    assert before != after
    steps: Any = after["steps"]
    assert next(step["sign"] for step in steps if "sign" in step)["when"] == "order.total >= 5000"
    assert next(step["sign"] for step in steps if "sign" in step)["ask"] == "buyer"
    compile_outline(after)


@pytest.mark.parametrize(
    "bad",
    [
        "9. Do as you like.",
        "   - It is somehow late.",
        "9. If the moon shines:",
        "## Elsewhere",
        '9. "x": magic does it not',
        "\t- hm",
    ],
)
def test_a_sentence_that_is_not_understood_is_refused_with_its_line_and_what_would_be(bad: str) -> None:
    lines = example().split("\n")
    at = lines.index("## What holds, and tests")
    lines.insert(at, bad)
    with pytest.raises(OutlineRefused) as refused:
        read_words("\n".join(lines))
    problem = refused.value.problems[0]
    assert (problem.code, problem.line) == ("words.unclear", at + 1)
    assert problem.expected


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "The process ",
        'The process "p" in words.\n' + "".join(" " * n + "- a\n" for n in range(300)),
        "The process " + "[" * 100_000,
    ],
)
def test_hostile_words_are_refused(bad: str) -> None:
    with pytest.raises(OutlineRefused):
        read_words(bad)


def test_the_example_of_the_page_makes_a_process_and_reads_like_what_is_written() -> None:
    page = (EXAMPLES.parent / "docs" / "words.md").read_text()
    text = page.split("```text\n")[1].split("```")[0]
    made = compile_outline(*read_words(text))
    words = words_of(decompile(made.document))
    assert '2. If approved does not hold:\n   2.1. It ends as "refused".' in words


@pytest.mark.parametrize(
    ("feel", "said"),
    [
        ("cost > 1000", "the cost is over 1,000"),
        ("order.total <= 99.5 and not(done)", "the order's total is at most 99.5 and done does not hold"),
        ('kind = "a" or reason != null', 'the kind is "a" or the reason is given'),
        ("a = null", "the a is missing"),
        ("count(a) > 1", "`count(a) > 1`"),
        ('x = "a and b"', '`x = "a and b"`'),
        ("a = `", 'the formula "a = `"'),
    ],
)
def test_conditions_have_words_that_read_back(feel: str, said: str) -> None:
    assert condition_words(feel) == said
    assert read_condition(said) == feel
