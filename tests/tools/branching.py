"""The leave process of the town with branches, and what tests do with them."""

from tests.acceptance.agent import Agent, Body
from tests.acceptance.town import settled

LOOK: list[Body] = [{"rename": "check", "to": "look"}]
REVIEW: list[Body] = [{"rename": "check", "to": "review"}]
TELL: list[Body] = [{"add_after": "book", "step": {"tell": {"call": "mail"}}}]
SLOW: list[Body] = [{"set": "sign", "within": "PT48H"}]


async def branched(agent: Agent, *branches: str) -> None:
    """Have the town's processes published, and branches of the leave process."""
    await settled(agent)
    for branch in branches or ("dual",):
        await agent.ask("process_branch", process="leave", branch=branch)


async def edit(agent: Agent, process: str, edits: list[Body]) -> int:
    """Edit a draft and return the number of the new one."""
    return int((await agent.ask("process_edit", process=process, edits=edits))["draft"])


async def steps(agent: Agent, process: str) -> dict[str, str]:
    """Return the names of the steps of a draft by their ids."""
    shown = await agent.ask("process_read", process=process, view="table")
    return {row["element"]: row["name"] for row in shown["content"]}


async def listed(agent: Agent, process: str = "leave") -> dict[str, Body]:
    """Return the branches of a process by their addresses."""
    found = await agent.ask("process_branches", process=process)
    return {one["process"]: one for one in found["branches"]}
