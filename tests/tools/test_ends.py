"""An end that stops all else is played under its name, which is the result of the process."""

from tests.acceptance.agent import Agent, played

OUTLINE = """
process: offer
roles: [clerk]
data: {signed: boolean}
result: outcome
steps:
- all:
  - [{sign: {ask: clerk, into: signed}}]
  - [{wait: P30D}, {end: expired, terminate: true}]
scenarios:
- name: nobody signs
  answers: {sign: null}
  clock: [P31D]
  expect: {end: expired, skips: [], variables: {outcome: expired}}
"""


def test_an_end_with_a_name_stops_all_else() -> None:
    async def play(agent: Agent) -> None:
        created = await agent.ask("process_create", outline=OUTLINE)
        assert [one for one in created["problems"] if one["severity"] == "error"] == []
        tested = await agent.ask("process_test", process="offer")
        assert tested["failed"] == 0, tested

    played(play)
