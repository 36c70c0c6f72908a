"""People and workers of an example: they act on one instance through the operations, as agents would."""

from typing import Any

from tests.acceptance.agent import Agent, Body


class Office:
    """Everybody who works on one instance."""

    def __init__(self, agent: Agent, instance: str) -> None:
        self.agent = agent
        self.instance = instance

    async def read(self, *detail: str) -> Body:
        """Return the instance."""
        return await self.agent.ask("instance_read", instance=self.instance, detail=list(detail))

    async def open_tasks(self) -> list[str]:
        """Return the names of the open tasks, in order."""
        found = await self.agent.ask("task_find", instance=self.instance)
        return sorted(str(item["name"]) for item in found["items"])

    async def act(self, element: str, by: str, **variables: Any) -> Body:
        """Complete the open task of an element as somebody."""
        task = await self.agent.task(self.instance, f"/{element}.")
        return await self.agent.ask("task_act", task=task, action="complete", as_user=by, variables=variables)

    async def refused(self, element: str, by: str, **variables: Any) -> str:
        """Return the code with which somebody may not complete the task."""
        task = await self.agent.task(self.instance, f"/{element}.")
        body = await self.agent.refusal(
            "task_act", task=task, action="complete", as_user=by, variables=variables
        )
        return str(body["code"])

    async def work(self, type_: str, **outcome: Any) -> Body:
        """Take the one open job of a type and finish it; return what the worker was given."""
        taken = await self.agent.ask("work_take", types=[type_], instance=self.instance, worker=type_)
        (job,) = taken["items"]
        await self.agent.ask("work_finish", job=job["job"], **(outcome or {"variables": {}}))
        return dict(job["variables"])

    async def jobs(self, type_: str) -> list[Body]:
        """Finish all open jobs of a type without a result; return what the worker was given for each."""
        taken = await self.agent.ask(
            "work_take", types=[type_], instance=self.instance, worker=type_, limit=10
        )
        for job in taken["items"]:
            await self.agent.ask("work_finish", job=job["job"], variables={})
        return [dict(job["variables"]) for job in taken["items"]]

    async def send(self, name: str, key: str, **variables: Any) -> list[str]:
        """Send a message and return which instances it reached."""
        sent = await self.agent.ask(
            "event_send", kind="message", name=name, correlation_key=key, variables=variables
        )
        return list(sent["delivered"])

    async def advance_to(self, moment: str) -> None:
        """Let time pass up to a moment."""
        await self.agent.ask("clock_advance", to=moment)

    async def ended_at(self) -> str:
        """Return the name of the end that the completed instance reached last."""
        body = await self.read("history")
        assert body["status"] == "completed", body["waiting"]
        history = list(body["history"])
        while body.get("history_next_cursor"):
            body = await self.agent.ask(
                "instance_read",
                instance=self.instance,
                detail=["history"],
                cursor=body["history_next_cursor"],
            )
            history += body["history"]
        done = [entry for entry in history if entry["event"] == "completed" and entry["type"] == "endEvent"]
        return str(done[-1]["name"])
