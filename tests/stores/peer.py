"""A process of its own that works on a store and tells each thing it did once that is stored.

    python -m tests.stores.peer FILE|ADDRESS NAME ROUNDS

Each round raises a counter in shared instances, or starts, works on and ends an instance of its own. The line
printed after a commit is its acknowledgement.
"""

import random
import sys
from contextlib import suppress
from pathlib import Path

from flowmaster.engine import events as ev
from flowmaster.stores.postgres.store import PostgresStore
from flowmaster.stores.protocol import Store, Transaction
from flowmaster.stores.rows import Contended, Effect
from flowmaster.stores.sqlite.store import SqliteStore
from tests.stores.given import ENDED, TENANT, first_step, job, state_of, step_of, subscription, task, timer

SHARED = 3
"""How many instances all processes count in."""


def shared(number: int) -> str:
    return f"shared:{number}"


def raise_counter(transaction: Transaction, number: int) -> str:
    state = state_of(transaction, shared(number))
    count = state.variables["count"]
    assert isinstance(count, int)
    transaction.append(step_of(state, ev.VariablesSet(1, "", {"count": count + 1})))
    return f"counted {number}"


def start(transaction: Transaction, name: str) -> str:
    instance = f"order:{transaction.next_number(TENANT, 'order')}"
    effects = [Effect("bus", "started", {"instance": instance})]
    waits = (task(4, 2, roles=[name, "clerk"]), timer(5, 2), job(6, 3), subscription(7, 3, key=instance))
    transaction.append(first_step(instance, *waits, variables={"text": "x" * 500}, outbox=effects))
    return f"started {instance}"


def work(transaction: Transaction, instance: str) -> str:
    state = state_of(transaction, instance)
    if len(state.waits) == 4:
        transaction.append(step_of(state, ev.WaitClosed(4, "approve", "completed", {"ok": True})))
        return f"worked {instance}"
    transaction.append(step_of(state, ENDED))
    return f"ended {instance}"


def opened(where: str) -> Store:
    """Open the store at an address, or in a file."""
    return PostgresStore(where) if "://" in where else SqliteStore(Path(where))


def acted(transaction: Transaction, choose: random.Random, name: str, own: list[str]) -> list[str]:
    """Do some things in a transaction and return what was done; what others are at is left to them."""
    told: list[str] = []
    free = own.copy()
    for _ in range(choose.randint(1, 3)):
        with suppress(Contended), transaction.savepoint():
            if free and choose.random() < 0.5:
                told.append(work(transaction, free.pop(choose.randrange(len(free)))))
            elif choose.random() < 0.5:
                told.append(raise_counter(transaction, choose.randrange(SHARED)))
            else:
                told.append(start(transaction, name))
    return told


def main(where: str, name: str, rounds: int) -> None:
    choose = random.Random(name)
    store = opened(where)
    own: list[str] = []
    for _ in range(rounds):
        with store.transaction() as transaction:
            told = acted(transaction, choose, name, own)
        for line in told:
            verb, what = line.split(" ")
            if verb == "started":
                own.append(what)
            elif verb == "ended":
                own.remove(what)
        sys.stdout.write("\n".join(told) + "\n")
        sys.stdout.flush()
    store.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
