"""The questions that an outline raises: specific, few, in the words of its steps, and none where all is said."""

import pytest

from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.values import Json

_HEAD: dict[str, Json] = {
    "process": "p",
    "roles": {"clerk": "Clerk", "cfo": "CFO"},
    "data": {"amount": "number", "kind": "a|b|c", "requester": "person"},
    "start": {"needs": ["amount", "kind", "requester"]},
}


def asked(*steps: Json, **head: Json) -> tuple[str, ...]:
    """Return the questions about an outline of these steps."""
    return compile_outline({**_HEAD, **head, "steps": list(steps)}, picture=False).open_questions


def approve(name: str = "approve", **words: Json) -> Json:
    """Return an approval that the requester may not do and that is looked at."""
    return {
        name: {
            "ask": "clerk",
            "form": {"approved": "boolean"},
            "into": ["approved"],
            "not": "requester",
            **words,
        }
    }


LOOK: Json = {"if": "approved", "then": [{"end": "yes"}]}


def note(name: str, **words: Json) -> Json:
    """Return a step that asks nothing."""
    return {name: {"set": {"noted": "amount"}, **words}}


@pytest.mark.parametrize(
    ("steps", "question"),
    [
        (
            [
                note("tell cfo", when="amount > 1000"),
                note("second check", when='1000 <= amount and kind = "a"'),
            ],
            "Exactly 1,000 of `amount`: 'tell cfo' (`amount > 1000`) treats it like less, 'second check' "
            '(`1000 <= amount and kind = "a"`) like more. Which is meant?',
        ),
        (
            [
                note("tell cfo", when="not(amount < 99.5)"),
                {"name": "small?", "if": "amount <= 99.5", "then": [{"end": "small"}]},
            ],
            "Exactly 99.5 of `amount`: small? (`amount <= 99.5`) treats it like less, 'tell cfo' "
            "(`not(amount < 99.5)`) like more. Which is meant?",
        ),
        (
            [
                {
                    "choose": [
                        {"if": "amount > 1000", "then": [note("big")]},
                        {"if": "amount < 1000", "then": [note("small")]},
                    ]
                }
            ],
            "What happens when amount = 1000? Neither `amount > 1000` nor `amount < 1000` holds then, so that none of these "
            "ways is taken.",
        ),
        (
            [
                {
                    "choose": [
                        {"if": 'kind = "a"', "then": [note("x")]},
                        {"if": 'kind = "b"', "then": [note("y")]},
                    ]
                }
            ],
            'What happens when kind = "c"? Neither `kind = "a"` nor `kind = "b"` holds then, so that none of these ways is '
            "taken.",
        ),
        ([approve()], "What happens when 'approve' is answered with no? Nothing looks at `approved` so far."),
        (
            [{"approve": {"ask": "clerk", "into": "approved"}}, LOOK],
            "May the requester do 'approve' in a case of their own? `not: requester` would forbid it.",
        ),
        (
            [
                approve("first"),
                LOOK,
                {"accept": {"ask": "cfo", "into": "accepted"}},
                {"if": "accepted", "then": []},
                LOOK,
            ],
            "May the requester do 'accept' in a case of their own? They are excluded from 'first'.",
        ),
        (
            [{"papers": {"wait": {"message": "papers"}}}],
            "How long is 'papers' waited for, and what happens if nothing comes?",
        ),
        (
            [approve(within="PT48H"), LOOK],
            "What happens when 'approve' is not done within 48 hours? It is due, but nothing follows (`late`).",
        ),
        (
            [note("begin"), approve(), {"if": "not(approved)", "then": [note("mend"), {"goto": "approve"}]}],
            "How often may the way lead from 'mend' back to 'approve'? Nothing ends it so far.",
        ),
        (
            [
                {"pay": {"call": "bank"}},
                {"book": {"call": "ledger"}},
                {"tell": {"call": "mail"}},
                {"file": {"call": "dms"}},
            ],
            "What happens when 'pay', 'book', 'tell' (and 1 more) fails? Neither `retry` nor `on` is said, so that the case "
            "stands still there until somebody acts.",
        ),
    ],
)
def test_what_is_open_is_asked_in_the_words_of_the_steps(steps: list[Json], question: str) -> None:
    assert question in asked(*steps)


def test_an_end_that_no_scenario_reaches_is_asked_for() -> None:
    scenario: Json = {
        "name": "yes",
        "given": {"amount": 1, "kind": "a", "requester": "r"},
        "expect": {"end": "yes"},
    }
    steps: list[Json] = [approve(), {"if": "not(approved)", "then": [{"end": "no"}]}, {"end": "yes"}]
    assert asked(*steps, scenarios=[scenario]) == ("Which case ends at 'no'? No scenario does.",)
    assert asked(*steps) == ()


def test_no_case_is_asked_for_that_ends_beside_a_step_that_goes_on() -> None:
    scenario: Json = {
        "name": "yes",
        "given": {"amount": 1, "kind": "a", "requester": "r"},
        "expect": {"end": "yes"},
    }
    beside: dict[str, Json] = {"after": "P1D", "then": [{"end": "reminded"}]}
    asks = "Which case ends at 'reminded'? No scenario does."
    kept = approve(on=[{**beside, "keep": True}])
    assert asks not in asked(kept, {"end": "yes"}, scenarios=[scenario])
    assert asks in asked(approve(on=[beside]), {"end": "yes"}, scenarios=[scenario])


@pytest.mark.parametrize(
    "steps",
    [
        [approve(), LOOK],
        [approve(within="PT48H", late={"escalate": "cfo"}), LOOK],
        [approve(within="PT48H", late=[{"end": "late"}]), LOOK],
        [note("a", when="amount > 1000"), note("b", when="amount <= 1000"), note("c", when="amount > 1000")],
        [note("a", when="amount > 1000"), note("b", when="amount >= 2000")],
        [
            {
                "choose": [
                    {"if": "amount > 5", "then": []},
                    {"if": "amount < 3", "then": []},
                    {"else": [note("x")]},
                ]
            }
        ],
        [{"choose": [{"if": "amount > 5", "then": []}, {"if": 'kind = "a"', "then": []}]}],
        [{"choose": [{"if": "amount > 5", "then": []}, {"if": "amount <= 5", "then": []}]}],
        [
            {"set noted": {"set": {"noted": "amount"}}},
            {"choose": [{"if": "noted > 5", "then": []}, {"if": "noted < 5", "then": []}]},
        ],
        [{"first": [[{"wait": "P1D"}], [{"papers": {"wait": {"message": "papers"}}}]]}],
        [
            {
                "all of it": {
                    "group": [{"papers": {"wait": {"message": "papers"}}}],
                    "within": "P1D",
                    "late": [{"end": "late"}],
                }
            }
        ],
        [{"pay": {"call": "bank", "retry": 3}}],
        [{"pay": {"call": "bank", "on": {"CLOSED": [{"end": "closed"}]}}}],
        [{"all of it": {"group": [{"pay": {"call": "bank"}}], "on": {"error": [{"end": "failed"}]}}}],
        [
            {"open": {"set": {"tries": "0"}}},
            note("again"),
            {"count": {"set": {"tries": "tries + 1"}}},
            {"if": "tries < 3", "then": [{"goto": "again"}]},
        ],
        [
            {"enter": {"ask": "=requester", "form": {"accepted": "boolean"}, "into": ["accepted"]}},
            {"if": "accepted", "then": []},
        ],
    ],
)
def test_nothing_is_asked_where_all_is_said(steps: list[Json]) -> None:
    assert asked(*steps) == ()


def test_the_gravest_questions_come_first_and_not_all_at_once() -> None:
    questions = asked(
        {"pay": {"call": "bank"}},
        {"papers": {"wait": {"message": "papers"}}},
        {"approve": {"ask": "clerk", "into": "approved", "within": "P1D"}},
        {"look": {"ask": "clerk"}},
        {"accept": {"ask": "cfo", "into": "accepted"}},
        note("a", when="amount > 10"),
        note("b", when="amount >= 10"),
        {"if": "approved", "then": [{"end": "yes"}]},
        {"goto": "pay"},
    )
    assert [one.split()[0:3] for one in questions] == [
        ["Exactly", "10", "of"],
        ["What", "happens", "when"],
        ["What", "does", "the"],
        ["May", "the", "requester"],
        ["How", "long", "is"],
    ]


def test_what_events_do_is_looked_at_too() -> None:
    events: Json = [{"message": "stop", "then": [{"undo": {"call": "bank.undo"}}, {"end": "stopped"}]}]
    (question,) = asked(note("x"), events=events)
    assert question.startswith("What happens when 'undo' fails?")


@pytest.mark.parametrize(("values", "is_asked"), [(3, True), (600, False)])
def test_values_that_are_left_out_are_not_looked_for_among_too_many(values: int, is_asked: bool) -> None:
    listed = ", ".join(map(str, range(values)))
    choice: Json = {
        "choose": [
            {"if": f"amount in ({listed})", "then": [note("few")]},
            {"if": "amount in (90000, 90001)", "then": [note("many")]},
        ]
    }
    assert any("What happens when amount" in one for one in asked(choice)) == is_asked
