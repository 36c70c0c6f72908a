"""The queue of the writer: tenants take turns by what their pieces cost, and what finishes something passes the rest."""

import random
import time
from collections import Counter

from flowmaster.runtime.fair_queue import DEBT_SECONDS_MAX, FINISHING_IN_A_ROW, QUANTUM_SECONDS, FairQueue

STEP = 0.0003


def taken(queue: FairQueue[int], count: int, cost: dict[str, float]) -> list[str]:
    """Take pieces, each charged with what one of its tenant costs, and return whose they were."""
    order = []
    for _ in range(count):
        tenant, _ = queue.take()
        queue.charge(tenant, cost.get(tenant, STEP))
        order.append(tenant)
    return order


def test_a_single_piece_passes_the_thousands_of_another_tenant() -> None:
    queue: FairQueue[int] = FairQueue()
    for number in range(10_000):
        queue.put("a", number)
    taken(queue, 3, {})
    queue.put("b", 0)
    assert "b" in taken(queue, round(QUANTUM_SECONDS / STEP) + 1, {})
    assert queue.tenants == 1


def test_tenants_get_equal_time_whatever_their_pieces_cost() -> None:
    queue: FairQueue[int] = FairQueue()
    cost = {"quick": 0.0002, "slow": 0.004, "middling": 0.001}
    for tenant in cost:
        for number in range(20_000):
            queue.put(tenant, number)
    counts = Counter(taken(queue, 10_000, cost))
    spent = {tenant: count * cost[tenant] for tenant, count in counts.items()}
    assert max(spent.values()) < 1.02 * min(spent.values())


def test_a_piece_that_took_very_long_does_not_shut_its_tenant_out() -> None:
    queue: FairQueue[int] = FairQueue()
    for number in range(5_000):
        queue.put("a", number)
        queue.put("b", number)
    queue.charge("a", 3600.0)
    assert "a" in taken(queue, round(DEBT_SECONDS_MAX / STEP) + 20, {})


def test_a_tenant_alone_is_not_kept_waiting_by_what_it_owes() -> None:
    queue: FairQueue[int] = FairQueue()
    queue.put("a", 1)
    queue.put("a", 2)
    assert queue.take() == ("a", 1)
    queue.charge("a", 3600.0)
    assert queue.take() == ("a", 2)
    assert (len(queue), queue.tenants, queue.waiting("a")) == (0, 0, 0)


def test_inside_a_tenant_the_order_of_arrival_stays() -> None:
    queue: FairQueue[int] = FairQueue()
    drawn = random.Random(7)
    put: dict[str, list[int]] = {tenant: [] for tenant in "abc"}
    got: dict[str, list[int]] = {tenant: [] for tenant in "abc"}
    for number in range(3_000):
        tenant = drawn.choice("aaabc")
        queue.put(tenant, number)
        put[tenant].append(number)
        if drawn.random() < 0.7:
            whose, piece = queue.take()
            queue.charge(whose, drawn.expovariate(1 / STEP))
            got[whose].append(piece)
    while len(queue):
        whose, piece = queue.take()
        got[whose].append(piece)
    assert got == put


def test_what_finishes_something_passes_the_rest_and_does_not_starve_it() -> None:
    queue: FairQueue[int] = FairQueue()
    for number in range(100):
        queue.put("a", number)
    for number in range(100, 140):
        queue.put("a", number, finishing=True)
    first = [queue.take()[1] for _ in range(50)]
    assert [number for number in first if number >= 100] == list(range(100, 140))
    assert [number for number in first if number < 100] == list(range(10))
    assert [number >= 100 for number in first[: FINISHING_IN_A_ROW + 1]] == [True] * 4 + [False]


def test_what_was_taken_and_put_back_goes_first_in_its_order() -> None:
    queue: FairQueue[int] = FairQueue()
    for number in range(5):
        queue.put("a", number)
    queue.put_back("a", [queue.take()[1], queue.take()[1]])
    queue.put_back("b", [9])
    assert sorted(queue.take()[1] for _ in range(1)) == [0]
    assert [queue.take()[1] for _ in range(5)] in ([1, 2, 3, 4, 9], [9, 1, 2, 3, 4], [1, 2, 9, 3, 4])


def test_a_piece_costs_the_queue_as_little_among_many_as_among_few() -> None:
    def seconds(tenants: int, waiting: int) -> float:
        queue: FairQueue[int] = FairQueue()
        for number in range(waiting):
            for tenant in range(tenants):
                queue.put(str(tenant), number)
        begun = time.process_time()
        for _ in range(20_000):
            whose, piece = queue.take()
            queue.charge(whose, STEP)
            queue.put(whose, piece)
        return (time.process_time() - begun) / 20_000

    few = min(seconds(2, 10) for _ in range(3))
    many = min(seconds(100, 1_000) for _ in range(3))
    assert many < 5 * few + 5e-6
