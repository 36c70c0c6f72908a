"""Has the database clear away what it keeps of rows that were changed or deleted."""

from typing import Final

from flowmaster.stores.postgres.connection import Connection, quoted
from flowmaster.stores.postgres.loops import Loop
from flowmaster.stores.traces import Scrubbed

SECONDS_MAX: Final = 3_600
"""How long clearing one table may take."""

_SIZE: Final = "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::BIGINT FROM pg_class c WHERE c.relnamespace = current_schema()::REGNAMESPACE AND c.relkind = 'r'"
_TABLES: Final = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
_DEAD: Final = (
    "SELECT coalesce(sum(n_dead_tup), 0)::BIGINT FROM pg_stat_user_tables WHERE schemaname = current_schema()"
)
_PROVES: Final = (
    "The rows are gone and VACUUM has run over every table: no reader finds them, and their space is free to be used"
    " anew. Bytes in free space, in the write-ahead log with its archives, on standbys and in backups are the"
    " database's and its keeper's."
)
_HELD: Final = (
    "VACUUM has run, but older transactions still hold {} dead rows: repeat the call when they are over."
)


def scrub(line: Connection, loop: Loop) -> Scrubbed:
    """Run VACUUM over every table; it runs beside all other work."""
    before = int(line.value(_SIZE))
    for (table,) in line.all(_TABLES):
        loop.run(line.raw.execute(f"VACUUM (ANALYZE FALSE) {quoted(table)}", timeout=SECONDS_MAX))
    dead = int(line.value(_DEAD))
    return Scrubbed(before, int(line.value(_SIZE)), dead == 0, _HELD.format(dead) if dead else _PROVES)


def size(line: Connection) -> Scrubbed:
    """Say how large the tables are."""
    now = int(line.value(_SIZE))
    return Scrubbed(now, now, False, "Nothing was done yet.")
