"""The graph of links: every store keeps it with its versions, walks it up and down, and keeps tenants apart."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowmaster.engine.links.model import REVISION, Link, Node
from flowmaster.engine.links.ways import endless_calls, shortest_way
from flowmaster.stores.graph import DRAFT, KeptLink, Unlinked
from flowmaster.stores.protocol import Store, Transaction
from tests.arango.copied import SERVER, copied
from tests.stores.conftest import open_store
from tests.stores.given import AT, TENANT, Undone

A, B, C, D = (Node("process", key) for key in "abcd")
CALLS = ("calls",)


@pytest.fixture(params=["sqlite", "memory", "postgres", "arango", *SERVER])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Return each store, and one whose links are read from a copy in ArangoDB: the double, and a server where there is one."""
    if request.param in ("arango", *SERVER):
        with copied(open_store("sqlite", tmp_path), on=request.param) as opened:
            yield opened
        return
    opened = open_store(request.param, tmp_path)
    yield opened
    opened.close()


def _calls(source: Node, target: Node, element: str = "go", **more: Any) -> Link:
    return Link("calls", source, target, element, **more)


def _draft(transaction: Transaction, owner: Node, *links: Link, tenant: str = TENANT) -> None:
    number = transaction.put_draft(tenant, *owner, name=owner.key, content="x", by="ann", at=AT)
    transaction.put_links(tenant, owner, DRAFT, links, draft=number, revision=REVISION)


def _version(transaction: Transaction, owner: Node, *links: Link, tenant: str = TENANT) -> None:
    number = transaction.put_version(tenant, *owner, name=owner.key, content="x", by="ann", at=AT)
    transaction.put_links(tenant, owner, number, links, draft=0, revision=REVISION)


def _chain(store: Store) -> None:
    with store.transaction() as transaction:
        for source, target in ((A, B), (B, C), (C, A)):
            _version(transaction, source, _calls(source, target))


def _walked(store: Store, start: Node, **how: Any) -> list[str]:
    told: dict[str, Any] = {"up": False, "depth": 5, "kinds": CALLS, "view": "published", **how}
    found = store.reader().walk(told.pop("tenant", TENANT), start, **told)
    return [f"{one.link.source.key}{one.link.target.key}" for one in found]


def test_links_come_back_as_they_were_put(store: Store) -> None:
    links = [
        _calls(A, B, "first", pinned="2", free=True),
        Link("starts", Node("message", "order shipped"), A, "begin"),
        Link("decides_by", A, Node("decision", "=which"), "rate"),
        Link("shares_data", A, Node("data", "amount")),
    ]
    with store.transaction() as transaction:
        _version(transaction, A, *links)
    assert store.reader().links_of(TENANT, A, 1) == links
    assert store.reader().links_of(TENANT, A, 2) == store.reader().links_of("other", A, 1) == []
    assert store.reader().link_counts(TENANT) == {"calls": 1, "decides_by": 1, "shares_data": 1, "starts": 1}


def test_a_walk_goes_down_and_up_as_far_as_asked_and_ends_in_circles(store: Store) -> None:
    _chain(store)
    assert _walked(store, A, depth=1) == ["ab"]
    assert _walked(store, A, depth=2) == ["ab", "bc"]
    assert _walked(store, A) == ["ab", "bc", "ca"]
    assert _walked(store, A, up=True, depth=2) == ["ca", "bc"]
    assert _walked(store, A, kinds=("sends",)) == _walked(store, D) == []
    assert _walked(store, Node("decision", "a")) == _walked(store, Node("nothing", "ever")) == []


def test_the_newest_version_counts_or_the_draft_or_all(store: Store) -> None:
    with store.transaction() as transaction:
        _draft(transaction, A, _calls(A, B))
        _draft(transaction, D, _calls(D, A))
    assert _walked(store, A) == ["ab"], "what was never published counts as its draft has it"
    with store.transaction() as transaction:
        _version(transaction, A, _calls(A, B))
        _draft(transaction, A, _calls(A, C))
        _version(transaction, A, _calls(A, D))
    assert _walked(store, A, depth=1) == ["ad"]
    assert _walked(store, A, depth=1, view="draft") == ["ac"]
    assert sorted(_walked(store, A, depth=1, view="all")) == ["ab", "ac", "ad"]
    assert _walked(store, A, up=True) == ["da", "ad"]


def test_a_transaction_that_is_undone_leaves_the_links_as_they_were(store: Store) -> None:
    _chain(store)

    def undone(transaction: Transaction) -> None:
        transaction.put_links(TENANT, A, 1, [_calls(A, D)], draft=0, revision=REVISION)
        transaction.drop_links(TENANT, B)
        assert transaction.links_of(TENANT, A, 1) == [_calls(A, D)]
        raise Undone

    with pytest.raises(Undone), store.transaction() as transaction:
        undone(transaction)
    assert _walked(store, A) == ["ab", "bc", "ca"]
    with store.transaction() as transaction:
        transaction.drop_links(TENANT, B)
    assert _walked(store, A) == ["ab"]


def test_tenants_and_archived_definitions_are_not_seen(store: Store) -> None:
    _chain(store)
    with store.transaction() as transaction:
        _version(transaction, A, _calls(A, D), tenant="other")
    assert _walked(store, A, tenant="other") == ["ad"]
    assert _walked(store, A, tenant="nobody") == []
    with store.transaction() as transaction:
        transaction.archive_definition(TENANT, *B, True)
    assert _walked(store, A) == ["ab"]
    assert _walked(store, C, up=True) == []


def test_what_was_stored_without_links_or_with_older_ones_is_told(store: Store) -> None:
    with store.transaction() as transaction:
        assert transaction.unlinked(TENANT, revision=REVISION, limit=9) == []
        transaction.put_draft(TENANT, *A, name="a", content="x", by="ann", at=AT)
        transaction.put_version(TENANT, "decision", "b", name="b", content="x", by="ann", at=AT)
        transaction.put_version(TENANT, "rule_tests", "b", name="b", content="x", by="ann", at=AT)
    decision = Node("decision", "b")
    missing = store.reader().unlinked(TENANT, revision=REVISION, limit=9)
    assert sorted(missing) == [Unlinked(decision, 1, 0), Unlinked(A, DRAFT, 1)]
    assert len(store.reader().unlinked(TENANT, revision=REVISION, limit=1)) == 1
    with store.transaction() as transaction:
        transaction.put_links(TENANT, A, DRAFT, [], draft=1, revision=REVISION)
        transaction.put_links(TENANT, decision, 1, [], draft=0, revision=REVISION)
    assert store.reader().unlinked(TENANT, revision=REVISION, limit=9) == []
    assert len(store.reader().unlinked(TENANT, revision=REVISION + 1, limit=9)) == 2
    with store.transaction() as transaction:
        transaction.put_draft(TENANT, *A, name="a", content="y", by="ann", at=AT)
    assert store.reader().unlinked(TENANT, revision=REVISION, limit=9) == [Unlinked(A, DRAFT, 2)]
    assert store.reader().unlinked("other", revision=REVISION, limit=9) == []


def test_a_walk_says_whose_version_has_each_link(store: Store) -> None:
    with store.transaction() as transaction:
        _version(transaction, A)
        _version(transaction, A, _calls(A, B))
    (found,) = store.reader().walk(TENANT, B, up=True, depth=1, kinds=CALLS, view="published")
    assert found == KeptLink(_calls(A, B), A, 2)


def test_the_shortest_way_and_circles_without_a_wait_are_found() -> None:
    free = [_calls(A, B, free=True), _calls(B, C, free=True), _calls(A, C, free=True), _calls(C, A)]
    assert shortest_way(free, A, C) == [free[2]]
    assert shortest_way(free, C, C) == [free[3], free[2]]
    assert shortest_way(free, D, A) == []
    assert endless_calls(free, A) == []
    closed = [*free[:3], _calls(C, A, free=True)]
    assert endless_calls(closed, A) == [closed[2], closed[3]]
