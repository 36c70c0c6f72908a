"""Examines the ArangoDB with the copy of the links, if one was named, without changing it."""

from collections.abc import Iterator

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.doctor.finding import Finding
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import mirror_of, open_store


def graph(settings: Settings) -> Iterator[Finding]:
    """Look at the graph: that it lets us in, and how far the copy of each tenant's links has come."""
    try:
        mirror = mirror_of(settings.graph)
    except FlowMasterError as error:
        yield Finding("graph", "fault", error.message, error.fix)
        return
    if mirror is None:
        return
    try:
        version = mirror.look()
        if not version:
            says = (
                f"{mirror.shown}: the database is not there yet; the first server makes it, if its user may"
            )
            yield Finding("graph", "ok", says)
            return
        yield Finding("graph", "ok", f"{mirror.shown}: ArangoDB {version}")
        store = open_store(settings, read_only=True)
        try:
            for tenant, state in sorted(store.reader().graph_states().items()):
                behind = state.number - mirror.mark_of(state)
                if behind > 0:
                    says = f"the links of tenant {tenant!r} are {behind} change{'s' * (behind != 1)} behind the tables"
                    fix = "A server with `--graph` copies them while it runs; until then links are read from the tables."
                    yield Finding("graph", "warning", says, fix)
                elif behind < 0:
                    says = f"the links of tenant {tenant!r} are ahead of the tables, which were put back from a copy"
                    yield Finding("graph", "warning", says, "A server with `--graph` makes the graph anew.")
        finally:
            store.close()
    except FlowMasterError as error:
        if error.code != "store.absent":
            yield Finding("graph", "fault", error.message, error.fix)
    finally:
        mirror.close()
