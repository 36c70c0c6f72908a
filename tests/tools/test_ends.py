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


BESIDE = """
process: offer
roles: [clerk]
data: {signed: boolean}
result: outcome
steps:
- sign:
    ask: clerk
    into: signed
    on:
    - {after: P1D, keep: true, then: [{if: signed = null, then: [{end: reminded}]}, {end: not needed}]}
- {end: signed}
scenarios:
- {name: nobody signs, clock: [P2D], expect: {waits_at: [sign], variables: {outcome: null}}}
- {name: signed late, answers: {sign: {signed: true, after: P2D}}, expect: {end: signed, variables: {outcome: signed}}}
"""


def test_an_end_beside_a_step_that_goes_on_is_no_result() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=BESIDE)
        assert (await agent.ask("process_test", process="offer"))["failed"] == 0
        shown = (await agent.ask("process_read", process="offer"))["content"]
        assert "result: outcome" in shown
        assert "set:" not in shown

    played(play)
