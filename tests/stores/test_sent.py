"""What went from instance to instance is kept once for each pair and name, apart by tenant, and goes with its instances."""

from flowmaster.stores.protocol import Store
from flowmaster.stores.rows import Sent
from tests.stores.given import AT, TENANT, Undone, first_step

ORDER, DELIVERY, INVOICE = "order-1", "delivery-1", "invoice-1"


def _chain(store: Store) -> list[Sent]:
    told = [
        Sent(ORDER, DELIVERY, "message", "order placed", AT + 1),
        Sent(DELIVERY, INVOICE, "message", "delivered", AT + 2),
        Sent(DELIVERY, ORDER, "signal", "delivered", AT + 2),
    ]
    with store.transaction() as transaction:
        for instance in (ORDER, DELIVERY, INVOICE):
            transaction.append(first_step(instance))
        for one in told:
            transaction.put_sent(TENANT, one)
    return told


def test_what_was_sent_is_found_from_both_ends_oldest_first(store: Store) -> None:
    told = _chain(store)
    reader = store.reader()
    assert reader.sent(TENANT, [ORDER], limit=9) == [told[0], told[2]]
    assert reader.sent(TENANT, [INVOICE], limit=9) == [told[1]]
    assert sorted(reader.sent(TENANT, [ORDER, DELIVERY], limit=9)) == sorted(told)
    assert reader.sent(TENANT, [DELIVERY], limit=1) == told[:1]
    assert reader.sent(TENANT, [], limit=9) == reader.sent("other", [ORDER], limit=9) == []


def test_the_first_of_a_name_counts_and_nothing_is_kept_of_strangers_or_oneself(store: Store) -> None:
    told = _chain(store)
    with store.transaction() as transaction:
        transaction.put_sent(TENANT, told[0]._replace(at=AT + 50))
        transaction.put_sent(TENANT, Sent(ORDER, ORDER, "message", "x", AT))
        transaction.put_sent(TENANT, Sent(ORDER, "nobody", "message", "x", AT))
        transaction.put_sent("other", told[1]._replace(name="x"))
    assert store.reader().sent(TENANT, [ORDER], limit=9) == [told[0], told[2]]


def test_what_was_sent_goes_with_either_instance(store: Store) -> None:
    told = _chain(store)
    with store.transaction() as transaction:
        transaction.remove_instances(TENANT, [INVOICE], at=AT + 9, erasure="erasure:1")
    assert store.reader().sent(TENANT, [DELIVERY], limit=9) == [told[0], told[2]]
    with store.transaction() as transaction:
        transaction.remove_instances(TENANT, [DELIVERY], at=AT + 9, erasure="erasure:2")
    assert store.reader().sent(TENANT, [ORDER], limit=9) == []


def test_a_transaction_undone_leaves_nothing(store: Store) -> None:
    told = _chain(store)
    try:
        with store.transaction() as transaction:
            transaction.put_sent(TENANT, told[0]._replace(name="x"))
            raise Undone
    except Undone:
        pass
    assert store.reader().sent(TENANT, [ORDER], limit=9) == [told[0], told[2]]
