"""FlowMaster's own HTTP server with the fixtures of the protocol's conformance tests: `python -m tests.conformance.server`.

The application, its door, guard and frames are those of the product; only the registry of operations, the table of
resources and the prompts hold more.
"""

import sys
from dataclasses import replace
from pathlib import Path

import anyio
import uvicorn

from flowmaster.tools import resource_table
from tests.conformance import fixtures_table

# The table is extended before anything that shows it is loaded.
resource_table.RESOURCES = (  # type: ignore[misc]  # for this process
    *resource_table.RESOURCES,
    *fixtures_table.RESOURCES,
)

from flowmaster.server.http import http_app  # noqa: E402
from flowmaster.server.settings import Settings  # noqa: E402
from flowmaster.server.wiring import open_app  # noqa: E402
from flowmaster.tools.catalog import catalog  # noqa: E402
from tests.conformance import (  # noqa: E402
    fixtures_asking,
    fixtures_beside,
    fixtures_lasting,
    fixtures_telling,
)

FIXTURES = (
    *fixtures_telling.OPERATIONS,
    *fixtures_asking.OPERATIONS,
    *fixtures_lasting.OPERATIONS,
    *fixtures_beside.OPERATIONS,
)


async def serve(folder: Path, port: int) -> None:
    """Serve on a port until a signal comes."""
    settings = Settings(data=str(folder))
    async with open_app(settings) as app:
        web = http_app(replace(app, registry=catalog(FIXTURES)), fixtures_beside.extend)
        await uvicorn.Server(uvicorn.Config(web, port=port, log_level="warning")).serve()


if __name__ == "__main__":
    anyio.run(serve, Path(sys.argv[1]), int(sys.argv[2]))
