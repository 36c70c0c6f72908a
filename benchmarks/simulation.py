"""How long many cases of an example take in virtual time, by the clock and by the time of the processor.

Run `python benchmarks/simulation.py [example] [cases]`; the default is 10,000 cases of invoice-to-pay.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from examples.load import rule_arguments, rule_files
from flowmaster.server.options import MEMORY
from flowmaster.server.settings import Settings
from flowmaster.server.terminal import Terminal
from flowmaster.server.wiring import open_app
from flowmaster.tools.invoke import invoke
from flowmaster.tools.registry import Call, Caller

EXAMPLES = Path(__file__).parents[1] / "examples"
ROUNDS = 3
AROUND: dict[str, dict[str, Any]] = {
    "invoice-to-pay": {
        "arrivals": {"per_hour": 6},
        "durations": {
            "approve": {"distribution": "lognormal", "mean": "PT20M", "deviation": "PT30M"},
            "second approval": {"distribution": "exponential", "mean": "PT15M"},
            "clarify difference": {
                "distribution": "triangular",
                "min": "PT5M",
                "mode": "PT20M",
                "max": "PT2H",
            },
            "pay": "PT5S",
        },
        "staff": {"clerk": 2, "owner": 3, "cfo": 1},
    }
}
"""What happens around an example; the others run with what their scenarios say."""


class Bar(Terminal):
    """Shows how far a round is, with the seconds since it began."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._begun = time.perf_counter()

    async def tell_progress(self, done: float, total: float, message: str) -> None:
        """Draw the bar."""
        if sys.stderr.isatty():
            part, seconds = done / total, time.perf_counter() - self._begun
            bar = "#" * int(part * 30)
            print(
                f"\r{self._name} [{bar:30}] {part:4.0%} {seconds:5.1f} s", end="", file=sys.stderr, flush=True
            )


async def measure(example: str, cases: int) -> None:
    """Load an example and simulate it in rounds."""
    async with open_app(Settings(data=MEMORY, tools=("all",))) as app:

        async def ask(operation: str, arguments: dict[str, Any], client: Terminal) -> dict[str, Any]:
            call = Call(app=app, caller=Caller(), client=client)
            answer = await invoke(app.registry, call, operation, arguments)
            assert not answer.refused, answer.text
            body = answer.data()
            assert isinstance(body, dict)
            return body

        quiet = Terminal()
        for file in rule_files(EXAMPLES / example):
            await ask("rule_save", rule_arguments(file), quiet)
        outline = (EXAMPLES / example / "process.yaml").read_text(encoding="utf-8")
        process = (await ask("process_create", {"outline": outline}, quiet))["process"]
        for number in range(1, ROUNDS + 1):
            bar = Bar(f"round {number}")
            begun, worked = time.perf_counter(), time.process_time()
            told = await ask(
                "process_simulate", {"process": process, "cases": cases, **AROUND.get(example, {})}, bar
            )
            seconds, cpu = time.perf_counter() - begun, time.process_time() - worked
            print(
                f"\r{example}, round {number}: {cases:,} cases in {seconds:.2f} s, "
                f"{cpu / cases * 1000:.3f} ms of the processor a case. {told['summary']}"
            )


def main(words: list[str]) -> int:
    """Simulate the example that the words name."""
    example = words[0] if words else "invoice-to-pay"
    cases = int(words[1]) if len(words) > 1 else 10_000
    asyncio.run(measure(example, cases))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
