"""The runner of the protocol's conformance tests notices a server that is not there."""

import pytest

from tests.conformance.protocol import (
    REVISIONS,
    free_port,
    install,
    run_requirements,
    run_scenario,
    task_scenarios,
)

pytestmark = pytest.mark.node


@pytest.fixture(scope="module", autouse=True)
def tools() -> None:
    install()


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_dead_port_fails_every_scenario(revision: str) -> None:
    verdicts = run_requirements(f"http://127.0.0.1:{free_port()}/mcp", revision)
    assert len(verdicts) > 30
    assert {verdict.scenario for verdict in verdicts if verdict.good} <= {"tasks-status-notifications"}, (
        "it asks the server nothing"
    )


def test_a_dead_port_fails_the_scenarios_of_tasks() -> None:
    for scenario in task_scenarios():
        (verdict,) = run_scenario(f"http://127.0.0.1:{free_port()}/mcp", scenario)[:1]
        assert not verdict.good or scenario == "tasks-status-notifications"
