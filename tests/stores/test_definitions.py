"""Definitions, documents and small facts."""

import hashlib
from decimal import Decimal

import pytest

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.links.model import Node
from flowmaster.stores import rows
from flowmaster.stores.protocol import Store, Transaction
from tests.stores.given import TENANT


def _draft(
    transaction: Transaction,
    key: str = "order",
    *,
    at: int = 1,
    base: int | None = None,
    kind: str = "process",
) -> int:
    return transaction.put_draft(
        TENANT,
        kind,
        key,
        name=f"{key} {at}",
        content=f"<{at}/>",
        by="anna",
        at=at,
        note="n",
        meta={"m": at},
        base=base,
    )


def _version(
    transaction: Transaction,
    key: str = "order",
    *,
    at: int = 1,
    tag: str = "",
    valid_from: int | None = None,
) -> int:
    return transaction.put_version(
        TENANT,
        "process",
        key,
        name=f"{key} {at}",
        content=f"<{at}/>",
        by="bert",
        at=at,
        tag=tag,
        note="v",
        meta=[at],
        valid_from=valid_from,
    )


def test_drafts_are_numbered_and_never_change(store: Store) -> None:
    with store.transaction() as transaction:
        assert [_draft(transaction, at=at) for at in (1, 2, 3)] == [1, 2, 3]
    reader = store.reader()
    assert reader.draft(TENANT, "process", "order") == rows.Draft(
        "process", "order", 3, "order 3", "<3/>", "anna", 3, "n", {"m": 3}
    )
    second = reader.draft(TENANT, "process", "order", 2)
    assert second is not None
    assert second.content == "<2/>"
    assert [draft.number for draft in reader.drafts(TENANT, "process", "order")] == [3, 2, 1]
    assert reader.draft(TENANT, "process", "order", 4) is None
    assert reader.draft(TENANT, "process", "leave") is None
    assert reader.draft(TENANT, "decision", "order") is None
    assert reader.draft("other", "process", "order") is None
    assert reader.drafts("other", "process", "order") == []


def test_a_draft_made_from_an_old_one_is_refused(store: Store) -> None:
    with store.transaction() as transaction:
        _draft(transaction, base=0)
        _draft(transaction, base=1)
    with pytest.raises(FlowMasterError) as caught, store.transaction() as transaction:
        _draft(transaction, base=1)
    assert (caught.value.code, caught.value.path, caught.value.expected) == ("draft.stale", "base_draft", 2)


def test_only_the_last_drafts_are_kept(store: Store) -> None:
    with store.transaction() as transaction:
        for at in range(1, rows.DRAFTS_KEPT + 4):
            _draft(transaction, at=at)
    drafts = store.reader().drafts(TENANT, "process", "order")
    assert (len(drafts), drafts[0].number, drafts[-1].number) == (rows.DRAFTS_KEPT, rows.DRAFTS_KEPT + 3, 4)


def test_versions_are_found_by_number_tag_and_date(store: Store) -> None:
    with store.transaction() as transaction:
        for at, tag in ((10, "old"), (20, "good"), (30, "good"), (40, "")):
            _version(transaction, at=at, tag=tag)
    reader = store.reader()

    def number(version: int | None = None, *, tag: str = "", at: int | None = None) -> int | None:
        found = reader.version(TENANT, "process", "order", version, tag=tag, at=at)
        return found.version if found else None

    assert [number(), number(2), number(tag="good"), number(at=29), number(at=10)] == [4, 2, 3, 2, 1]
    assert [number(5), number(tag="bad"), number(at=9)] == [None, None, None]
    assert reader.version("other", "process", "order") is None
    assert [version.version for version in reader.versions(TENANT, "process", "order")] == [4, 3, 2, 1]
    digest = hashlib.sha256(b"<10/>").hexdigest()
    assert reader.version(TENANT, "process", "order", 1) == rows.Version(
        "process", "order", 1, "order 10", "<10/>", "old", digest, "bert", 10, "v", [10], 10
    )


def test_in_force_is_the_version_valid_last_and_of_those_the_newest(store: Store) -> None:
    with store.transaction() as transaction:
        for at, valid_from in ((1, 100), (2, None), (3, 50), (4, 50), (5, 0)):
            _version(transaction, at=at, valid_from=valid_from)
    reader = store.reader()
    numbers = [
        reader.version_number(TENANT, "process", "order", at=at) for at in (-1, 0, 1, 2, 49, 50, 99, 100)
    ]
    assert numbers == [None, 5, 5, 2, 2, 4, 4, 1]
    found = [reader.version(TENANT, "process", "order", at=at) for at in (50, 100)]
    assert [(version.version, version.valid_from) for version in found if version] == [(4, 50), (1, 100)]
    assert reader.version_number(TENANT, "process", "order") == 5
    assert reader.version_number(TENANT, "process", "order", tag="none") is None
    assert reader.version_number("other", "process", "order") is None


def test_a_definition_tells_where_it_stands(store: Store) -> None:
    def row() -> tuple[str, int, int, bool, str]:
        found = store.reader().find_definition(TENANT, "process", "order")
        assert found is not None
        return found.state, found.version, found.draft, found.changed, found.updated_by

    with store.transaction() as transaction:
        _draft(transaction)
    assert row() == ("draft", 0, 1, True, "anna")
    with store.transaction() as transaction:
        _version(transaction)
    assert row() == ("published", 1, 1, False, "bert")
    with store.transaction() as transaction:
        _draft(transaction)
    assert row() == ("published", 1, 2, True, "anna")
    with store.transaction() as transaction:
        assert transaction.archive_definition(TENANT, "process", "order", True)
        assert not transaction.archive_definition("other", "process", "order", True)
    assert row()[0] == "archived"
    with store.transaction() as transaction:
        transaction.archive_definition(TENANT, "process", "order", False)
    assert row()[0] == "published"
    assert store.reader().find_definition(TENANT, "process", "leave") is None


def test_a_deleted_definition_leaves_nothing_and_begins_anew(store: Store) -> None:
    with store.transaction() as transaction:
        for key in ("order", "leave"):
            _draft(transaction, key)
            _version(transaction, key)
            transaction.put_links(TENANT, Node("process", key), 1, [], draft=0, revision=1)
        assert transaction.delete_definition(TENANT, "process", "order")
        assert not transaction.delete_definition(TENANT, "process", "order")
        assert not transaction.delete_definition("other", "process", "leave")
        assert transaction.version_number(TENANT, "process", "order") is None
    reader = store.reader()
    assert reader.find_definition(TENANT, "process", "order") is None
    assert (reader.drafts(TENANT, "process", "order"), reader.versions(TENANT, "process", "order")) == (
        [],
        [],
    )
    assert len(reader.drafts(TENANT, "process", "leave")) == 1
    with store.transaction() as transaction:
        assert (_draft(transaction), _version(transaction)) == (1, 1)


def _break(transaction: Transaction) -> None:
    transaction.delete_definition(TENANT, "process", "order")
    raise ValueError("no")


def test_a_deletion_that_is_not_committed_takes_nothing(store: Store) -> None:
    with store.transaction() as transaction:
        _draft(transaction)
    with pytest.raises(ValueError, match="no"), store.transaction() as transaction:
        _break(transaction)
    assert store.reader().draft(TENANT, "process", "order") is not None


def test_definitions_are_listed_by_kind_state_and_text(store: Store) -> None:
    with store.transaction() as transaction:
        for key in ("order", "leave", "invoice"):
            _draft(transaction, key)
        _draft(transaction, "order", kind="form")
        _version(transaction, "leave")

    def keys(**filters: object) -> list[str]:
        page = store.reader().find_definitions(TENANT, rows.DefinitionFilter(**filters))  # type: ignore[arg-type]  # the tests name its fields
        assert page.total == len(page.items)
        return [row.key for row in page.items]

    assert keys(kind="process") == ["invoice", "leave", "order"]
    assert keys(kind="form") == ["order"]
    assert keys(state="published") == ["leave"]
    assert keys(kind="process", state="draft") == ["invoice", "order"]
    assert keys(query="ORD") == ["order", "order"]
    assert keys(query="nothing") == []
    first = store.reader().find_definitions(TENANT, rows.DefinitionFilter(limit=3))
    rest = store.reader().find_definitions(TENANT, rows.DefinitionFilter(limit=3, cursor=first.next_cursor))
    assert (first.total, len(first.items), len(rest.items), rest.next_cursor) == (4, 3, 1, None)
    assert store.reader().find_definitions("other", rows.DefinitionFilter()).total == 0


def _document(document: str, sha256: str, name: str = "Rechnung Ä.pdf") -> rows.DocumentRow:
    return rows.DocumentRow(
        document, name, "application/pdf", sha256, 4, "anna", 5, {"total": Decimal("1.10")}
    )


def test_documents_share_their_bytes_and_lose_them_with_the_last(store: Store) -> None:
    data = b"\x00\xffPDF"
    with store.transaction() as transaction:
        sha256 = transaction.put_blob(TENANT, data)
        assert transaction.put_blob(TENANT, data) == sha256 == hashlib.sha256(data).hexdigest()
        transaction.put_document(TENANT, _document("doc:1", sha256))
        transaction.put_document(TENANT, _document("doc:2", sha256))
    reader = store.reader()
    assert reader.blob(TENANT, sha256) == data
    assert reader.blob("other", sha256) is None
    assert reader.find_document(TENANT, "doc:1") == _document("doc:1", sha256)
    assert reader.find_document("other", "doc:1") is None
    with store.transaction() as transaction:
        assert not transaction.delete_document("other", "doc:1")
        assert transaction.delete_document(TENANT, "doc:1")
    assert reader.blob(TENANT, sha256) == data
    with store.transaction() as transaction:
        assert transaction.delete_document(TENANT, "doc:2")
        assert not transaction.delete_document(TENANT, "doc:2")
    assert reader.blob(TENANT, sha256) is None


def test_documents_are_found_newest_first_and_can_be_renamed(store: Store) -> None:
    with store.transaction() as transaction:
        for number in range(4):
            transaction.put_document(TENANT, _document(f"doc:{number}", "x"))
        transaction.put_document(
            TENANT, _document("doc:1", "y", "Order 1.csv")._replace(media_type="text/csv")
        )
    reader = store.reader()
    first = reader.find_documents(TENANT, rows.DocumentFilter(limit=3))
    rest = reader.find_documents(TENANT, rows.DocumentFilter(limit=3, cursor=first.next_cursor))
    assert first.total == 4
    assert [row.document for row in (*first.items, *rest.items)] == ["doc:3", "doc:2", "doc:1", "doc:0"]
    assert reader.find_documents(TENANT, rows.DocumentFilter(query="rechnung ä")).total == 3
    assert [row.name for row in reader.find_documents(TENANT, rows.DocumentFilter(query="order")).items] == [
        "Order 1.csv"
    ]
    assert reader.find_documents(TENANT, rows.DocumentFilter(media_type="text/csv")).total == 1
    assert [row.document for row in reader.find_documents(TENANT, rows.DocumentFilter(sha256="y")).items] == [
        "doc:1"
    ]
    assert reader.find_documents("other", rows.DocumentFilter()).total == 0


def test_counters_count_by_tenant_and_name(store: Store) -> None:
    with store.transaction() as transaction:
        assert [transaction.next_number(TENANT, "order") for _ in range(3)] == [1, 2, 3]
        assert transaction.next_number(TENANT, "leave") == 1
        assert transaction.next_number("other", "order") == 1
    with store.transaction() as transaction:
        assert transaction.next_number(TENANT, "order") == 4


def test_settings_are_kept_exactly_and_taken_away_by_none(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.put_setting("", "clock.now", 2**70)
        transaction.put_setting(TENANT, "a.b", {"x": [Decimal("1.10"), True, None, "ü"]})
        transaction.put_setting(TENANT, "a.c", 1)
        transaction.put_setting(TENANT, "a.c", 2)
        transaction.put_setting(TENANT, "z", False)
    reader = store.reader()
    assert reader.setting("", "clock.now") == 2**70
    assert repr(reader.setting(TENANT, "a.b")) == "{'x': [Decimal('1.10'), True, None, 'ü']}"
    assert reader.settings(TENANT, "a.") == {"a.b": {"x": [Decimal("1.1"), True, None, "ü"]}, "a.c": 2}
    assert reader.setting("other", "a.c") is None
    assert reader.setting(TENANT, "z") is False
    with store.transaction() as transaction:
        transaction.put_setting(TENANT, "a.b", None)
        transaction.put_setting(TENANT, "never", None)
    assert list(reader.settings(TENANT)) == ["a.c", "z"]


def test_a_right_is_held_by_one_until_it_ends(store: Store) -> None:
    with store.transaction() as transaction:
        assert transaction.lease("outbox", "p1", now=0, until=10)
        assert not transaction.lease("outbox", "p2", now=9, until=20)
        assert transaction.lease("outbox", "p1", now=9, until=15)
        assert transaction.lease("timers", "p2", now=9, until=20)
        assert not transaction.lease("outbox", "p2", now=14, until=20)
        assert transaction.lease("outbox", "p2", now=15, until=20)
        assert not transaction.lease("outbox", "p1", now=15, until=30)


def test_a_request_without_a_step_is_noted_once(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.put_once(TENANT, rows.Once("k", "d"), at=1)
        transaction.put_once("other", rows.Once("k", "d"), at=1)
        transaction.remember(TENANT, "k", {"n": Decimal("0.10")})
    with pytest.raises(FlowMasterError, match="is used already"), store.transaction() as transaction:
        transaction.put_once(TENANT, rows.Once("k", "d"), at=2)
    found = store.reader().find_once(TENANT, "k")
    assert found is not None
    assert repr(found.answer) == "{'n': Decimal('0.10')}"


def test_a_definition_out_of_use_has_no_version_in_force(store: Store) -> None:
    with store.transaction() as transaction:
        for content in ("<a/>", "<b/>"):
            transaction.put_version(TENANT, "process", "order", name="Order", content=content, by="ann", at=5)
        assert transaction.version_number(TENANT, "process", "order") == 2
        transaction.archive_definition(TENANT, "process", "order", True)
        assert transaction.version_number(TENANT, "process", "order") is None
        assert transaction.routed(TENANT, "process", "order").newest is None
    reader = store.reader()
    assert reader.version(TENANT, "process", "order") is None
    assert reader.version(TENANT, "process", "order", 2) is not None
    with store.transaction() as transaction:
        transaction.archive_definition(TENANT, "process", "order", False)
        assert transaction.version_number(TENANT, "process", "order") == 2


def test_a_deleted_version_is_gone_and_its_number_is_not_given_again(store: Store) -> None:
    with store.transaction() as transaction:
        for content in ("<a/>", "<b/>", "<c/>"):
            transaction.put_version(TENANT, "process", "order", name="Order", content=content, by="ann", at=5)
    with store.transaction() as transaction:
        assert transaction.delete_version(TENANT, "process", "order", 2)
        assert not transaction.delete_version(TENANT, "process", "order", 2)
        assert not transaction.delete_version("other", "process", "order", 1)
    assert [each.version for each in store.reader().versions(TENANT, "process", "order")] == [3, 1]
    with store.transaction() as transaction:
        told = transaction.put_version(
            TENANT, "process", "order", name="Order", content="<d/>", by="ann", at=5
        )
    assert told == 4
