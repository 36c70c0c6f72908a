"""Processes are taken out of use, brought back, and deleted where nothing needs them."""

from pathlib import Path

from tests.acceptance.agent import Agent, Body, played

LETTER: Body = {
    "process": "letter",
    "roles": ["clerk"],
    "start": {"message": "letter came"},
    "steps": [{"read": {"ask": "clerk", "form": {"fine?": "boolean"}}}, {"end": "read"}],
}
OFFICE: Body = {"process": "office", "steps": [{"handle": {"run": "letter"}}, {"end": "done"}]}


async def _send(agent: Agent) -> list[str]:
    sent = await agent.ask("event_send", kind="message", name="letter came")
    return list(sent["delivered"])


def test_a_process_out_of_use_begins_no_more_and_comes_back_as_it_was() -> None:
    async def story(agent: Agent) -> None:
        await agent.published(LETTER)
        (running,) = await _send(agent)
        tried = await agent.ask("process_archive", process="letter", dry_run=True)
        assert (tried["state"], tried["running"], tried["starts"]) == ("archived", 1, 0)
        assert await _send(agent) == ["letter:2"]
        told = await agent.ask("process_archive", process="letter")
        assert (told["state"], told["running"]) == ("archived", 2)
        assert await _send(agent) == []
        for version in (None, 1):
            given = {} if version is None else {"version": version}
            refused = await agent.refusal("instance_start", process="letter", **given)
            assert refused["code"] == "process.archived"
        assert (await agent.ask("process_find", state="archived"))["total"] == 1
        assert (await agent.ask("process_archive", process="letter"))["state"] == "archived"
        await agent.ask("task_act", task=await agent.task(running), action="complete", variables={})
        assert (await agent.ask("instance_read", instance=running))["status"] == "completed"

        back = await agent.ask(told["next"][0]["operation"], **told["next"][0]["arguments"])
        assert (back["state"], back["running"], back["starts"]) == ("published", 1, 1)
        assert len(await _send(agent)) == 1
        await agent.ask("process_archive", process="letter")
        await agent.published(LETTER | {"name": "Letter"})
        assert len(await _send(agent)) == 1

    played(story)


def test_what_others_call_stays_in_use_and_cannot_be_called_once_it_is_out() -> None:
    async def story(agent: Agent) -> None:
        await agent.published(LETTER)
        await agent.published(OFFICE)
        for operation in ("process_archive", "process_delete"):
            refused = await agent.refusal(operation, process="letter")
            assert (refused["code"], "'office'" in refused["message"]) == ("process.in_use", True)
        await agent.ask("process_archive", process="office")
        await agent.ask("process_archive", process="letter")
        told = await agent.ask("process_create", outline={**OFFICE, "process": "bureau"})
        assert [one["code"] for one in told["problems"]] == ["call.process_unknown"]

    played(story)


def test_a_version_with_instances_is_not_deleted_and_its_instances_are_counted() -> None:
    async def story(agent: Agent) -> None:
        await agent.published(LETTER)
        await _send(agent)
        (over,) = await _send(agent)
        await agent.ask("task_act", task=await agent.task(over), action="complete", variables={})
        await agent.published(LETTER | {"name": "Letter"})
        refused = await agent.refusal("process_delete", process="letter", version=1)
        assert refused["code"] == "process.has_instances"
        assert "has 2 instances, 1 of them under way" in refused["message"]
        await agent.ask("process_archive", process="letter")
        whole = await agent.refusal("process_delete", process="letter")
        assert "has 2 instances, 1 of them under way" in whole["message"]

    played(story)


def test_an_old_version_that_nothing_needs_is_deleted_and_its_number_never_comes_back(tmp_path: Path) -> None:
    async def story(agent: Agent) -> None:
        for name in ("One", "Two", "Three"):
            await agent.published(LETTER | {"name": name})
        await agent.ask("process_tag", process="letter", tag="gold", version=2)
        assert "'gold'" in (await agent.refusal("process_delete", process="letter", version=2))["message"]
        newest = await agent.refusal("process_delete", process="letter", version=3)
        assert "newest" in newest["message"]
        tried = await agent.ask("process_delete", process="letter", version=1, dry_run=True)
        assert (tried["versions"], tried["drafts"]) == (1, 0)
        await agent.ask("process_delete", process="letter", version=1)
        gone = await agent.refusal("process_read", process="letter", version=1)
        assert gone["code"] == "process.version_unknown"
        assert (await agent.refusal("process_delete", process="letter", version=1))["path"] == "version"
        versions = (await agent.ask("process_read", process="letter", view="versions"))["content"]
        assert [one["version"] for one in versions if "version" in one] == [3, 2]
        await agent.published(LETTER | {"name": "Four"})
        assert len(await _send(agent)) == 1

    played(story)
    played(story, tmp_path)


def test_a_process_goes_with_its_drafts_versions_and_branches_and_its_name_is_free() -> None:
    async def story(agent: Agent) -> None:
        await agent.published(LETTER)
        assert (await agent.refusal("process_delete", process="letter"))["code"] == "process.in_use"
        await agent.ask("process_branch", process="letter", branch="trial")
        await agent.ask("process_archive", process="letter")
        told = await agent.ask("process_delete", process="letter")
        assert (told["versions"], told["drafts"], told["branches"]) == (1, 2, ["letter@trial"])
        assert (await agent.refusal("process_read", process="letter"))["code"] == "process.unknown"
        assert (await agent.ask("audit_find", scope="process:letter"))["total"] >= 3
        await agent.published(LETTER)
        assert await _send(agent) == ["letter:1"]

    played(story)


def test_drafts_that_were_never_published_are_deleted_at_once_and_other_tenants_keep_theirs() -> None:
    async def story(agent: Agent) -> None:
        other = agent.of("other")
        await agent.ask("process_create", outline=LETTER)
        await other.published(LETTER)
        await agent.ask("process_delete", process="letter")
        assert (await agent.refusal("process_delete", process="letter"))["code"] == "process.unknown"
        assert (await agent.refusal("process_archive", process="letter"))["code"] == "process.unknown"
        assert len(await _send(other)) == 1

    played(story)
