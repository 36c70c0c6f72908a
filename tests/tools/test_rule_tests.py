"""Test cases belong to a decision: they are played before each version is saved, travel with it, and tell what they miss."""

from typing import Any

import pytest

from tests.tools.rule_server import LEVEL, Ask, served, table

CASES = [
    {"name": "small", "inputs": {"amount": 5}, "expect": "one", "rule": 1},
    {"name": "large", "inputs": {"amount": 5000}, "expect": "two"},
]
TWO = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="two" namespace="urn:two">
<inputData id="i" name="amount"><variable name="amount" typeRef="number"/></inputData>
<decision id="sum" name="total"><variable name="total" typeRef="number"/>
<informationRequirement><requiredInput href="#i"/></informationRequirement>
<literalExpression><text>amount * 2</text></literalExpression></decision>
<decision id="big" name="big"><variable name="big"/>
<informationRequirement><requiredDecision href="#sum"/></informationRequirement>
<literalExpression><text>total > 10</text></literalExpression></decision></definitions>"""


def test_a_version_whose_tests_fail_is_not_saved_and_each_failure_is_told() -> None:
    async def story(ask: Ask) -> None:
        await ask("rule_save", table=LEVEL, tests=CASES)
        told = await ask("rule_save", table=table(["<= 1", '"one"'], ["> 1", '"two"']))
        assert (told["code"], told["path"]) == ("rule.tests_fail", "tests")
        assert told["message"] == "1 of 2 tests of 'level' fail: 'small'. Nothing was saved."
        assert told["expected"] == [
            {
                "name": "small",
                "passed": False,
                "inputs": {"amount": 5},
                "expected": "one",
                "got": "two",
                "why": 'It gave "two" instead of "one". rule 2 matched instead of rule 1.',
                "matched": ["level rule 2"],
            }
        ]
        assert (await ask("rule_find"))["items"][0]["version"] == 1
        repairs = [await ask(each["operation"], **each["arguments"]) for each in told["next"]]
        assert all("code" not in each for each in repairs)
        again = await ask("rule_save", table=table(["<= 1", '"one"'], ["> 1", '"two"']))
        assert (again["version"], again["tests"]) == (2, 2)

    served(story)


def test_the_tests_of_a_first_version_must_pass_too() -> None:
    async def story(ask: Ask) -> None:
        wrong = [{"inputs": {"amount": 5}, "expect": "two"}]
        for dry in (True, False):
            told = await ask("rule_save", table=LEVEL, tests=wrong, dry_run=dry)
            assert told["code"] == "rule.tests_fail"
            assert told["expected"][0]["why"] == 'It gave "one" instead of "two". rule 1 matched.'
        assert (await ask("rule_find"))["total"] == 0

    served(story)


def test_a_case_sees_what_a_filter_reads_like_a_process_does() -> None:
    paid = {
        "decision": "paid_before",
        "hit": "U",
        "inputs": [
            {"name": "same", "expression": "count(paid[item.id = invoice.id])", "type": "number"},
        ],
        "outputs": [{"name": "paid_before", "type": "boolean"}],
        "rules": [["0", "false"], ["> 0", "true"]],
    }
    inputs = {"invoice": {"id": "A"}, "paid": [{"id": "A"}]}

    async def story(ask: Ask) -> None:
        saved = await ask("rule_save", table=paid, tests=[{"inputs": inputs, "expect": True}])
        assert saved["tests"] == 1
        assert (await ask("rule_evaluate", decision="paid_before", inputs=inputs))["result"] is True

    served(story)


def test_each_test_that_fails_tells_how_it_went() -> None:
    several = table(["<= 1000", '"one"'], ["< 50", '"few"'], ["<= 0", "null"], hit="C")
    slow = table(["<= 1000", 'if count(for x in 1..1000, y in 1..amount return x) > 0 then "one" else "two"'])

    async def story(ask: Ask) -> None:
        await ask("rule_save", table=several)
        tests = [
            {"name": "right", "inputs": {"amount": 5}, "expect": ["one", "few"]},
            {"name": "order", "inputs": {"amount": 5}, "expect": ["few", "one"]},
            {"name": "fewer", "inputs": {"amount": 5}, "expect": ["one"]},
            {"name": "rules", "inputs": {"amount": 5}, "rule": 2},
            {"name": "none", "inputs": {"amount": 5000}, "rule": [1, 2]},
        ]
        played = {
            one["name"]: one for one in (await ask("rule_test", decision="level", tests=tests))["tests"]
        }
        assert {name: one["passed"] for name, one in played.items()} == {
            "right": True, "order": False, "fewer": False, "rules": False, "none": False,
        }  # fmt: skip
        assert (
            played["order"]["why"] == 'It gave ["one", "few"] instead of ["few", "one"]. rules 1, 2 matched.'
        )
        assert played["rules"]["why"] == "rules 1, 2 matched instead of rule 2."
        assert "expected" not in played["rules"]
        assert played["none"]["why"] == "no rule matched instead of rules 1, 2."
        await ask("rule_save", table=slow)
        (over,) = (
            await ask("rule_test", decision="level", tests=[{"inputs": {"amount": 999}, "expect": "one"}])
        )["tests"]
        assert over["passed"] is False
        assert "more than 200,000 items in one list" in over["why"]

    served(story)


def test_too_many_tests_are_refused() -> None:
    async def story(ask: Ask) -> None:
        await ask("rule_save", table=LEVEL)
        many = [{"name": f"t{number}", "inputs": {}, "rule": 1} for number in range(1_001)]
        told = await ask("rule_test", decision="level", tests=many)
        assert (told["code"], told["path"]) == ("rule.test_invalid", "tests")
        assert "1,001" in told["message"]

    served(story)


def test_tests_travel_until_they_are_replaced() -> None:
    async def story(ask: Ask) -> None:
        first = await ask("rule_save", table=LEVEL, tests=CASES[:1])
        assert first["rule_coverage"] == {"level": {"rules": 2, "covered": 1, "uncovered": [2]}}
        assert (await ask("rule_save", table=LEVEL))["tests"] == 1
        assert (await ask("rule_read", decision="level", view="tests"))["content"] == CASES[:1]
        changed = table(["-", '"all"'])
        assert (await ask("rule_save", table=changed))["code"] == "rule.tests_fail"
        saved = await ask("rule_save", table=changed, tests=[{"inputs": {}, "expect": "all"}])
        assert (saved["version"], saved["tests"]) == (3, 1)
        assert (await ask("rule_save", table=changed, tests=[]))["version"] == 4
        assert (await ask("rule_read", decision="level", view="tests"))["content"] == []

    served(story)


def test_cases_are_played_and_kept_on_request() -> None:
    async def story(ask: Ask) -> None:
        await ask("rule_save", table=LEVEL)
        empty = await ask("rule_test", decision="level")
        first = await ask(empty["next"][0]["operation"], **empty["next"][0]["arguments"])
        assert (first["passed"], first["failed"]) == (1, 0)
        played = await ask(
            "rule_test", decision="level", tests=[*CASES, {"inputs": {"amount": 1}, "expect": "two"}]
        )
        assert (played["passed"], played["failed"]) == (2, 1)
        assert [each["name"] for each in played["tests"]] == ["test 3", "small", "large"]
        assert played["coverage"] == {"level": {"rules": 2, "covered": 2, "uncovered": []}}
        assert (await ask("rule_read", decision="level", view="tests"))["content"] == []
        dry = await ask("rule_test", decision="level", tests=CASES, save=True, dry_run=True)
        assert dry["saved"] is True
        assert (await ask("rule_read", decision="level", view="tests"))["content"] == []
        kept = await ask("rule_test", decision="level", tests=CASES, save=True)
        assert kept["saved"] is True
        assert (await ask("rule_test", decision="level"))["passed"] == 2
        assert (await ask("rule_test", decision="level", save=True))["path"] == "tests"
        log = await ask("audit_find", scope="decision:level", operation="rule_test")
        assert log["items"][0]["data"] == {"tests": 2}

    served(story)


def test_an_older_version_is_tested_by_its_number() -> None:
    async def story(ask: Ask) -> None:
        await ask("rule_save", table=table(["-", '"all"']))
        await ask("rule_save", table=LEVEL, tests=CASES)
        told = await ask("rule_test", decision="level", version=1)
        assert (told["version"], told["failed"]) == (1, 2)

    served(story)


def test_all_decisions_of_a_file_are_tested_and_values_may_stand_for_required_ones() -> None:
    async def story(ask: Ask) -> None:
        stub = [{"name": "stub", "decisions": {"total": 11}, "expect": True}]
        assert (await ask("rule_save", dmn=TWO, decision="big", tests=stub))["decisions"] == ["sum", "big"]
        sums = [{"name": "twice", "inputs": {"amount": 4}, "expect": 8.0}]
        await ask("rule_test", decision="sum", tests=sums, save=True)
        told = await ask("rule_save", dmn=TWO.replace("amount * 2", "amount * 3"), decision="big")
        assert told["message"] == "1 of 1 tests of 'sum' fail: 'twice'. Nothing was saved."
        assert (await ask("rule_save", dmn=TWO, decision="big"))["tests"] == 2

    served(story)


@pytest.mark.parametrize(
    ("case", "path"),
    [
        ({"inputs": {}, "expected": 1}, "tests[0].expected"),
        ({"inputs": [], "expect": 1}, "tests[0].inputs"),
        ({"inputs": {}, "expect": 1, "decisions": 1}, "tests[0].decisions"),
        ({"inputs": {}, "rule": "one"}, "tests[0].rule"),
        ({"inputs": {}}, "tests[0].expect"),
    ],
)
def test_a_case_that_cannot_be_read_is_refused_with_its_path(case: dict[str, Any], path: str) -> None:
    async def story(ask: Ask) -> None:
        told = await ask("rule_save", table=LEVEL, tests=[case])
        assert (told["code"], told["path"]) == ("rule.test_invalid", path)
        twins = [{"name": "a", "expect": 1}, {"name": "a", "expect": 1}]
        assert (await ask("rule_save", table=LEVEL, tests=twins))["path"] == "tests[1].name"

    served(story)
