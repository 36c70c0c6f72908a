"""Who has worked on what is to be published: everybody who saved a draft since the last published version."""

from collections.abc import Collection

from flowmaster.stores.protocol import Reader, Transaction
from flowmaster.stores.releases import ReleaseRow


def authors_of(reader: Reader, tenant: str, kind: str, key: str) -> list[str]:
    """Return who saved drafts of a definition since it was last published, by name."""
    known = reader.releases(tenant, kind, key, "author")
    if known:
        return [row.name for row in known]
    row = reader.find_definition(tenant, kind, key)
    if row is None or not row.changed:
        return []
    # Drafts from before authors were kept: those that are there since the last version.
    version = reader.version(tenant, kind, key)
    drafts = reader.drafts(tenant, kind, key)
    return sorted(
        {each.by for each in drafts if version is None or each.at > version.at or each is drafts[0]}
    )


def put_authors(
    transaction: Transaction, tenant: str, kind: str, key: str, people: Collection[str], *, at: int
) -> None:
    """Add to those who have worked on what is to be published next."""
    known = set(authors_of(transaction, tenant, kind, key))
    for person in sorted(known | set(people)):
        transaction.put_release(tenant, kind, key, ReleaseRow("author", person, person, at))


def drop_authors(transaction: Transaction, tenant: str, kind: str, key: str) -> None:
    """Forget who has worked on what is published now."""
    names = [row.name for row in transaction.releases(tenant, kind, key, "author")]
    transaction.drop_releases(tenant, kind, key, "author", names)
