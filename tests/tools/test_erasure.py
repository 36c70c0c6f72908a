"""Personal data are found wherever they were put, go without a trace, and every history still verifies and reads."""

import random
from pathlib import Path
from typing import Any

import pytest

from flowmaster.server.settings import Settings
from tests.acceptance.agent import Agent, body_of, played, settings
from tests.postgres import cluster
from tests.tools.planting import PLANTS, TEXTS, bytes_with, published

KINDS = ("sqlite", "memory", "postgres")


def place(kind: str, folder: Path) -> Settings:
    """Return the settings of a store of a kind."""
    if kind == "postgres":
        return Settings(data=str(folder), store=cluster().fresh(), clock="virtual", tools=("all",))
    return settings(folder if kind == "sqlite" else None)


async def everything_reads(agent: Agent) -> None:
    """Read whatever there is: all of it still answers, and all chains fit together."""
    answers: list[Any] = []
    scopes = {entry["scope"] for entry in (await agent.ask("audit_find", limit=1000))["items"]}
    instances = [each["instance"] for each in (await agent.ask("instance_find", limit=1000))["items"]]
    forks = [f"{each}-fork-{number}" for each in instances for number in (1, 2)]
    for instance in [*instances, *forks]:
        answer = await agent.answer("instance_read", {"instance": instance, "detail": ["history", "why"]})
        body = body_of(answer)
        if answer.refused:
            assert body["code"] in ("instance.unknown", "instance.erased")
            continue
        for entry in body["history"]:
            answers.append(await agent.ask("instance_read", instance=instance, at=entry["seq"]))
        scopes.add(instance)
        answers.append(answer.text)
    for scope in sorted(scopes):
        verified = await agent.ask("audit_verify", scope=scope)
        assert verified["whole"], verified
    for operation in ("task_find", "document_find", "process_find", "rule_find", "call_find"):
        answers.append(await agent.ask(operation))
    answers.append(await agent.ask("audit_find", limit=1000, detail=["data"]))
    answers.append(await agent.answer("rule_compare", {"decision": "level"}))
    for text in TEXTS:
        assert text not in repr(answers)


@pytest.mark.parametrize("kind", KINDS)
def test_after_an_erasure_no_row_and_no_byte_holds_what_was_planted_everywhere(
    kind: str, tmp_path: Path
) -> None:
    async def play(agent: Agent) -> None:
        await published(agent)
        for plant in PLANTS:
            await plant(agent)
        found = await agent.ask("data_find", values=TEXTS)
        assert bool(bytes_with(tmp_path)) == (kind != "memory")
        kinds = {item["kind"] for item in found["items"]}
        assert {"instance", "journal", "message", "document", "blob", "once", "version", "word"} <= kinds
        erased = await agent.ask(
            "data_erase", values=TEXTS, models=True, running=True, reason="request 12", idempotency_key="r12"
        )
        assert "stays" not in erased, erased["stays"]
        scrubbed = await agent.ask("data_scrub", reason="request 12")
        assert scrubbed["complete"]
        left = await agent.ask("data_find", values=TEXTS)
        assert not left["found"], left
        await everything_reads(agent)

    played(play, where=place(kind, tmp_path))
    assert bytes_with(tmp_path) == []
    played(everything_reads, where=settings(tmp_path) if kind == "sqlite" else settings())


@pytest.mark.parametrize("seed", range(6))
def test_whatever_was_planted_in_whatever_order_goes_with_whole_instances_too(
    seed: int, tmp_path: Path
) -> None:
    choose = random.Random(seed)

    async def play(agent: Agent) -> None:
        await published(agent)
        for plant in choose.choices(PLANTS, k=3):
            await plant(agent)
        dry = await agent.ask("data_erase", values=TEXTS, whole=True, models=True, running=True, dry_run=True)
        what = choose.choice(["values", "everything"])
        erased = await agent.ask("data_erase", values=TEXTS, whole=True, models=True, running=True, what=what)
        assert dry["instances"] == erased["instances"]
        assert "stays" not in erased, erased["stays"]
        again = await agent.ask("data_erase", values=TEXTS, whole=True, models=True, running=True)
        assert (again["instances"], again.get("items", [])) == (0, [])
        await agent.ask("data_scrub")
        assert not (await agent.ask("data_find", values=TEXTS))["found"]
        await everything_reads(agent)

    played(play, tmp_path)
    assert bytes_with(tmp_path) == []
