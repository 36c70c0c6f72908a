"""The impact of a change is previewed on real cases: what would end otherwise, by which rules, and what differs."""

from tests.tools.rule_server import LEVEL, Ask, publish, ruled, served, start, table

CHANGED = table(["<= 100", '"one"'], ["(100..5000]", '"two"'], ["> 5000", '"three"'])


async def cases(ask: Ask, *amounts: int) -> list[str]:
    await ask("rule_save", table=LEVEL)
    await publish(ask, ruled())
    return [(await start(ask, amount=amount))["instance"] for amount in amounts]


def test_an_unsaved_table_is_compared_with_what_was_decided() -> None:
    async def story(ask: Ask) -> None:
        names = await cases(ask, 5, 500, 2000, 9000)
        told = await ask("rule_compare", decision="level", table=CHANGED)
        assert (told["cases"], told["same"], told["changed"]) == (4, 2, 2)
        assert told["compared"] == "what was decided with the candidate"
        outcomes = [
            (each["instance"], each["inputs"], each["old"], each["old_rules"], each["new"], each["new_rules"])
            for each in told["outcomes"]
        ]
        assert outcomes == [
            (names[3], {"amount": 9000}, "two", [2], "three", [3]),
            (names[1], {"amount": 500}, "one", [1], "two", [2]),
        ]
        assert [
            (each["what"], each["change"], each.get("rule_before"), each.get("rule"))
            for each in told["structure"]
        ] == [
            ("rule", "changed", 1, 1),
            ("rule", "changed", 2, 2),
            ("rule", "added", None, 3),
        ]
        saved = await ask(told["next"][0]["operation"], **told["next"][0]["arguments"])
        assert saved["version"] == 2

    served(story)


def test_versions_are_compared_over_the_newest_cases_alone() -> None:
    async def story(ask: Ask) -> None:
        await cases(ask, 500, 5, 5, 5)
        await ask("rule_save", table=CHANGED)
        assert (await ask("rule_compare", decision="level", **{"from": 1, "to": 2}))["changed"] == 1
        told = await ask("rule_compare", decision="level", last=3, **{"from": 1})
        assert (told["compared"], told["cases"], told["changed"]) == ("version 1 with version 2", 3, 0)
        assert told["unused"] == [2, 3]
        back = await ask("rule_compare", decision="level", to=1, **{"from": 2})
        assert [each["change"] for each in back["structure"]] == ["changed", "changed", "removed"]

    served(story)


def test_rules_that_decided_and_no_longer_do_are_named() -> None:
    async def story(ask: Ask) -> None:
        await cases(ask, 5, 2000)
        told = await ask(
            "rule_compare", decision="level", table=table(["<= 9000", '"one"'], ["> 9000", '"two"'])
        )
        assert (told["no_longer"], told["unused"]) == ([2], [2])
        gone = await ask("rule_compare", decision="level", table=table(["<= 1000", '"one"']))
        assert (gone["no_longer"], gone["outcomes"][0]["new"]) == ([2], None)

    served(story)


def test_cases_that_lack_an_input_are_counted_apart() -> None:
    async def story(ask: Ask) -> None:
        await cases(ask, 5)
        inputs = [*LEVEL["inputs"], {"name": "region", "type": "string"}]
        wider = {**LEVEL, "inputs": inputs, "rules": [["-", '"EU"', '"one"']]}
        told = await ask("rule_compare", decision="level", table=wider)
        assert (told["cases"], told["unknown"], told["lacking"]) == (0, 1, ["region"])
        assert told["structure"][0] == {
            "what": "input",
            "name": "region",
            "change": "added",
            "new": {"name": "region", "type": "string"},
        }

    served(story)


def test_what_cannot_be_compared_is_refused() -> None:
    async def story(ask: Ask) -> None:
        assert (await ask("rule_compare", decision="level"))["code"] == "rule.unknown"
        await ask("rule_save", table=LEVEL)
        twice = await ask("rule_compare", decision="level", table=LEVEL, to=1)
        assert (twice["code"], twice["path"]) == ("arguments.invalid", "to")
        other = await ask("rule_compare", decision="level", table={**LEVEL, "decision": "other"})
        assert (other["code"], other["expected"]) == ("rule.not_in_file", ["other"])
        nothing = await ask("rule_compare", decision="level", table=CHANGED)
        assert (nothing["cases"], len(nothing["structure"])) == (0, 3)

    served(story)
