"""A connector that only writes down what it is asked for."""

from flowmaster.connectors.connector import Work
from flowmaster.engine.values import Json


class Recorder:
    """Stands where a connector for one type of jobs stands, and keeps what it is asked for."""

    about = "Records what it is asked."

    def __init__(self, type: str) -> None:
        self.type = type
        self.asked: list[Work] = []

    def connection(self, work: Work) -> str:
        """Talk to one place."""
        return "here"

    async def run(self, work: Work) -> dict[str, Json]:
        """Keep the job."""
        self.asked.append(work)
        return {}
