"""Steps that run several times and steps that are undone, from the outline to their scenarios."""

from typing import Any

import yaml

from tests.acceptance.agent import Agent, played

BOARD: Any = yaml.safe_load("""
process: board
roles: [clerk]
data: {board: [person], votes: [boolean], ok: boolean, n: number}
start: {needs: [board]}
result: outcome
steps:
- reserve: {call: stock.reserve, undo: {release: {call: stock.release}}}
- vote:
    each: {item: m, in: board, collect: votes, from: ok, quorum: 2, veto: true}
    ask: m
    into: ok
- count: {set: {n: "count(votes[item = true])"}}
- check: {ask: clerk, repeat: {while: not(ok), max: 3}, into: ok}
- if: n < 2
  then: [{take back: {throw: {compensate: true}}}, {end: refused}]
- {end: accepted}
scenarios:
- name: two of three
  given: {board: [ann, bob, cid]}
  answers: {vote: [{ok: true, by: ann}, {ok: true, by: bob}], check: [{ok: false}, {ok: true}]}
  services: {reserve: {}}
  expect: {end: accepted, variables: {n: 2}}
- name: a veto
  given: {board: [ann, bob, cid]}
  answers: {vote: [{ok: true, by: ann}, {ok: false, by: bob}], check: {ok: true}}
  services: {reserve: {}, release: {}}
  expect: {end: refused, path: [reserve, vote, check, release, take back]}
""")


def test_a_vote_ends_with_its_quorum_or_a_veto_and_what_is_done_is_undone() -> None:
    async def play(agent: Agent) -> None:
        made = await agent.ask("process_create", outline=BOARD)
        assert made["problems"] == []
        told = await agent.ask("process_test", process="board")
        assert told["failed"] == 0
        assert told["scenarios"][0]["path"] == ["reserve", "vote", "vote", "count", "check", "check"]
        assert told["coverage"]["uncovered"] == []
        await agent.ask("process_publish", process="board")

    played(play)
