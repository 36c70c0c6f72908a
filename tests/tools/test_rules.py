"""Rules are saved, versioned by number, tag and date, and evaluated with reasons; what goes wrong names table and row."""

import base64
from typing import Any

import pytest
from lxml import etree

from flowmaster.knowledge.documents.sheets import read_first_sheet
from tests.acceptance.agent import outcome
from tests.tools.rule_server import LEVEL, Ask, publish, ruled, served, start, table

DATE = "2027-01-01T00:00:00Z"
CSV = "rule;amount;country;=> approver\n1;< 1000;;clerk\n2;>= 1000;DE, FR;head of Europe\n3;>= 1000;not(DE, FR);cfo\n"


def test_an_evaluation_tells_version_inputs_matched_rules_and_reason() -> None:
    async def story(ask: Ask) -> None:
        await ask("rule_save", table=LEVEL)
        told = await ask("rule_evaluate", decision="level", inputs={"amount": 5})
        assert (told["result"], told["version"], told["inputs"]) == ("one", 1, {"amount": 5})
        assert told["matched"] == [
            {
                "decision": "level",
                "rule": 1,
                "rule_id": "rule_1",
                "inputs": {"amount": 5},
                "outputs": {"level": "one"},
            }
        ]
        assert told["why"] == 'level (version 1) gave "one" by rule 1 of level, since amount = 5.'

    served(story)


def test_an_evaluation_inside_an_instance_is_stored_with_instance_and_version() -> None:
    async def story(ask: Ask) -> None:
        await ask("rule_save", table=LEVEL)
        await publish(ask, ruled())
        told = await start(ask, amount=5)
        read = await ask("instance_read", instance=told["instance"], detail=["why", "history"])
        decided = next(entry for entry in read["history"] if entry["event"] == "decided")
        assert decided["data"]["decision"] == "level"
        assert (decided["data"]["version"], decided["data"]["inputs"], decided["data"]["output"]) == (
            1,
            {"amount": 5},
            "one",
        )
        assert any("by rule 1 of level with amount = 5" in step["sentence"] for step in read["why"])

    served(story)


def test_versions_are_asked_by_number_tag_and_date_and_the_one_in_force_is_the_default() -> None:
    async def story(ask: Ask) -> None:
        first = await ask("rule_save", table=LEVEL, tag="old")
        second = await ask("rule_save", table=table(["-", '"all"']), valid_from="2027-01-01")
        assert (first["version"], second["version"], second["valid_from"]) == (1, 2, DATE)

        async def result(**which: Any) -> Any:
            return (await ask("rule_evaluate", decision="level", inputs={"amount": 5}, **which))["result"]

        assert [await result(), await result(version=2), await result(version="old")] == ["one", "all", "one"]
        assert [await result(at="2026-12-31T23:59:59Z"), await result(at="2027-01-01")] == ["one", "all"]
        third = await ask("rule_save", table=table(["-", '"none"']))
        assert third["replaced"] == DATE
        assert [await result(), await result(at="2028-01-01")] == ["none", "all"]
        versions = await ask("rule_read", decision="level", view="versions")
        assert [(each["version"], each["tag"]) for each in versions["content"]] == [
            (3, ""),
            (2, ""),
            (1, "old"),
        ]
        assert (await ask("rule_evaluate", decision="level", version=9))["code"] == "rule.version_unknown"
        assert (await ask("rule_evaluate", decision="level", version="new"))["expected"] == [3, 2, 1, "old"]
        early = await ask("rule_evaluate", decision="level", at="1999-01-01")
        assert early["code"] == "rule.not_in_force"
        assert early["next"][0]["arguments"] == {"decision": "level", "view": "versions"}

    served(story)


def test_a_rule_task_asks_the_version_in_force_at_its_own_time() -> None:
    async def story(ask: Ask) -> None:
        now = (await ask("server_info"))["now"]
        await ask("rule_save", table=LEVEL, tag="old")
        await ask("rule_save", table=table(["-", '"all"']), valid_from=f"{int(now[:4]) + 1}-01-01")
        await publish(ask, ruled())
        before = await start(ask, amount=5)
        assert before["variables"]["level"] == "one"
        await ask("clock_advance", to=f"{int(now[:4]) + 1}-01-01T00:00:00Z")
        assert (await start(ask, amount=5))["variables"]["level"] == "all"
        await publish(ask, ruled("old"))
        assert (await start(ask, amount=5))["variables"]["level"] == "one"

    served(story)


def test_scenarios_ask_the_versions_that_instances_would_ask() -> None:
    async def story(ask: Ask) -> None:
        await ask("rule_save", table=LEVEL, tag="old")
        await ask("rule_save", table=table(["-", '"new"']))
        await ask("rule_save", table=table(["-", '"later"']), valid_from="2999-01-01")
        for version, level in (("", "new"), ("old", "one")):
            await ask("process_create", bpmn=ruled(version))
            expect = {"variables": {"level": level}, "waits_at": ["look"]}
            scenario = {"name": "s", "given": {"amount": 5}, "expect": expect}
            told = await ask("process_test", process="order", scenarios=[scenario])
            assert told.get("passed") == 1, told

    served(story)


def test_rules_that_begin_later_are_no_rules_yet() -> None:
    async def story(ask: Ask) -> None:
        now = (await ask("server_info"))["now"]
        await ask("rule_save", table=LEVEL, valid_from=f"{int(now[:4]) + 1}-01-01")
        await publish(ask, ruled())
        waiting = await start(ask, amount=5)
        assert waiting["incidents"][0]["code"] == "rule.unknown"
        await ask("clock_advance", to=f"{int(now[:4]) + 1}-01-02T00:00:00Z")
        mended = await ask("instance_control", instance=waiting["instance"], action="retry")
        assert mended["variables"]["level"] == "one"

    served(story)


@pytest.mark.parametrize(
    ("rules", "inputs", "code", "path", "words"),
    [
        ([["<= 1000", '"one"']], {"amount": 2000}, "rule.no_match", "inputs", "level (version 1): No rule matches, for amount = 2000."),
        ([["<= 1000", '"one"']], {}, "rule.no_match", "inputs.amount", "for amount = null. Not given: amount."),
        ([["<= 9", '"x"'], ["5", '"y"']], {"amount": 5}, "rule.several_match", "inputs", "level (version 1): Only one rule may match, but rules 1, 2 do, for amount = 5."),
        ([["-", '"x"']], {"amount": "five"}, "rule.input_wrong_type", "inputs.amount", "The input 'amount' is string but must be number"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_answer_is_refused_by_name_with_its_rows(
    rules: list[list[str]], inputs: dict[str, Any], code: str, path: str, words: str
) -> None:
    async def story(ask: Ask) -> None:
        await ask("rule_save", table=table(*rules))
        told = await ask("rule_evaluate", decision="level", inputs=inputs)
        assert (told["code"], told["path"]) == (code, path)
        assert words in told["message"]
        assert told["fix"]
        shown = await ask(told["next"][0]["operation"], **told["next"][0]["arguments"])
        assert shown["content"]["rules"] == rules

    served(story)


def test_answers_that_differ_and_values_that_are_not_allowed_are_refused() -> None:
    async def story(ask: Ask) -> None:
        await ask("rule_save", table=table(["-", '"x"'], ["5", '"y"'], hit="A"))
        assert (await ask("rule_evaluate", decision="level", inputs={"amount": 5}))["expected"] == [1, 2]
        inputs = [{"name": "amount", "type": "number", "values": "< 10"}]
        await ask("rule_save", table=table(["-", '"x"'], inputs=inputs))
        told = await ask("rule_evaluate", decision="level", inputs={"amount": 50})
        assert told["code"] == "rule.input_not_allowed"

    served(story)


def test_a_modelled_default_answers_where_no_rule_does() -> None:
    async def story(ask: Ask) -> None:
        outputs = [{"name": "level", "type": "string", "default": '"manual"'}]
        await ask("rule_save", table=table(["<= 1000", '"one"'], outputs=outputs))
        told = await ask("rule_evaluate", decision="level", inputs={"amuont": 5})
        assert told["result"] == "manual"
        assert "'amuont' is none of them. Did you mean 'amount'?" in told["warnings"][0]

    served(story)


def test_two_rules_that_match_stop_the_task_with_an_incident_that_names_table_and_rows() -> None:
    async def story(ask: Ask) -> None:
        await ask("rule_save", table=table(["<= 9", '"x"'], ["5", '"y"']))
        await publish(ask, ruled())
        incident = (await start(ask, amount=5))["incidents"][0]
        assert (incident["element"], incident["code"]) == ("rate", "rule.several_match")
        assert "level (version 1): Only one rule may match, but rules 1, 2 do" in incident["message"]
        wrong = (await start(ask, amount="five"))["incidents"][0]
        assert wrong["code"] == "rule.input_wrong_type"
        assert (await start(ask, amount=50))["variables"]["level"] is None

    served(story)


@pytest.mark.parametrize("expression", ["1 / 0", 'date("2026-02-30")', "x.y.z", '"a" + 1'])
def test_division_by_zero_and_bad_dates_are_null_with_a_warning(expression: str) -> None:
    async def story(ask: Ask) -> None:
        told = await ask("rule_evaluate", expression=expression, inputs={"x": 1})
        assert told["result"] is None
        assert told["warnings"]
        await ask("rule_save", table=table(["-", expression], outputs=[{"name": "level"}]))
        told = await ask("rule_evaluate", decision="level", inputs={"amount": 1, "x": 1})
        assert told["result"] is None
        assert any("level" in warning for warning in told["warnings"])

    served(story)


def test_an_approval_matrix_comes_from_csv_text_and_goes_back_as_csv_and_workbook() -> None:
    async def story(ask: Ask) -> None:
        saved = await ask("rule_save", table=CSV, decision="approver")
        assert (saved["decision"], saved["problems"]) == ("approver", [])
        told = await ask("rule_evaluate", decision="approver", inputs={"amount": 5000, "country": "FR"})
        assert told["result"] == "head of Europe"
        shown = await ask("rule_read", decision="approver", view="table")
        csv = await ask("rule_read", decision="approver", view="csv")
        assert csv["filename"] == "approver.csv"
        again = await ask("rule_save", table=csv["content"])
        assert (again["decision"], again["version"]) == ("approver", 2)
        assert (await ask("rule_read", decision="approver"))["content"] == shown["content"]
        sheet = await ask("rule_read", decision="approver", view="xlsx")
        data = base64.b64decode(sheet["content"])
        assert read_first_sheet(data, sheet["filename"])[3][:2] == [1, "< 1000"]
        added = await ask("document_add", content_base64=sheet["content"], filename="approval matrix.xlsx")
        third = await ask("rule_save", table={"document": added["document"]})
        assert (third["decision"], third["version"]) == ("approver", 3)
        assert (await ask("rule_read", decision="approver"))["content"] == shown["content"]

    served(story)


def test_a_matrix_in_a_document_takes_its_id_from_the_call_or_the_file_name() -> None:
    async def story(ask: Ask) -> None:
        content = base64.b64encode(CSV.encode()).decode()
        added = await ask("document_add", content_base64=content, filename="Approval Matrix.csv")
        saved = await ask(
            "rule_save", table={"document": added["document"], "hit": "F", "name": "Who approves"}
        )
        assert saved["decision"] == "approval-matrix"
        shown = (await ask("rule_read", decision="approval-matrix"))["content"]
        assert (shown["hit"], shown["name"]) == ("F", "Who approves")
        named = await ask("rule_save", table={"document": added["document"], "decision": "approver"})
        assert named["decision"] == "approver"
        wrong = await ask("rule_save", table={"document": added["document"], "sheeet": "x"})
        assert (wrong["code"], wrong["path"]) == ("table.invalid", "table.sheeet")
        assert (await ask("rule_save", table={"document": "none:1"}))["code"] == "document.unknown"
        assert (await ask("rule_save", table=CSV))["code"] == "rule.unnamed"

    served(story)


def test_an_ambiguous_number_in_a_matrix_is_refused_with_row_column_and_fix_and_nothing_is_saved() -> None:
    async def story(ask: Ask) -> None:
        told = await ask("rule_save", table="amount: number;level\n< 1.000;one\n", decision="level")
        assert (told["code"], told["path"]) == ("table.cell_unclear", "row 2, amount: number")
        assert told["fix"] == "Write 1000 or 1.0, with no sign between thousands."
        assert (await ask("rule_find"))["total"] == 0

    served(story)


def test_decisions_are_listed_and_shown_in_every_view() -> None:
    async def story(ask: Ask) -> None:
        await ask("rule_save", table=table(["<= 1000", '"one"'], name="Level of approval"))
        await ask("rule_save", table={**LEVEL, "decision": "other"}, valid_from="2999-01-01")
        found = await ask("rule_find", query="approval")
        assert [(each["decision"], each["name"], each["in_force"]) for each in found["items"]] == [
            ("level", "Level of approval", 1)
        ]
        assert (await ask("rule_find"))["items"][0]["in_force"] is None
        views = {
            view: (await ask("rule_read", decision="level", view=view))["content"]
            for view in ("table", "dmn", "csv", "xlsx", "problems", "tests", "versions", "drd")
        }
        assert views["problems"][0]["code"] == "rule.gap"
        assert views["problems"][0]["example"] == {"amount": "1001"}
        assert views["tests"] == []
        assert etree.fromstring(views["drd"].encode()).tag.endswith("svg")
        mermaid = await ask("rule_read", decision="level", view="drd", format="mermaid")
        assert mermaid["content"] == 'flowchart BT\n  n0(["amount"])\n  n1["Level of approval"]\n  n0 --> n1'
        assert (await ask("rule_read", decision="levle"))["code"] == "rule.unknown"

    served(story)


def test_a_dry_run_saves_nothing_and_says_what_the_call_would_say() -> None:
    async def story(ask: Ask) -> None:
        dry = await ask("rule_save", table=LEVEL, dry_run=True)
        assert (await ask("rule_find"))["total"] == 0
        assert dry["dry_run"]
        assert outcome(await ask("rule_save", table=LEVEL)) == outcome(dry)

    served(story)


def test_a_large_table_answers_with_what_is_wrong_in_it() -> None:
    async def story(ask: Ask) -> None:
        rules = [[f"[{low}..{low + 10})", f'"L{low % 70}"'] for low in range(0, 2000, 10)]
        told = await ask("rule_save", table=table(*rules))
        assert [(each["code"], each["severity"]) for each in told["problems"]] == [("rule.gap", "warning")]

    served(story)


def test_a_summing_table_whose_rules_add_up_on_purpose_has_no_hints() -> None:
    async def story(ask: Ask) -> None:
        summed: dict[str, Any] = {
            "decision": "fee",
            "hit": "C+",
            "inputs": [{"name": "amount", "type": "number"}],
            "outputs": [{"name": "fee", "type": "number"}],
            "rules": [["-", "10"], ["> 5", "20"], ["> 9", "30"], ["> 20", "40"]],
        }
        assert (await ask("rule_save", table=summed))["problems"] == []
        twice = {**summed, "rules": [*summed["rules"], ["> 20", "40"]]}
        (told,) = (await ask("rule_save", table=twice))["problems"]
        assert (told["code"], told["severity"]) == ("rule.subsumed", "hint")

    served(story)
