"""The interface of documents and their bytes."""

from typing import Protocol

from flowmaster.stores import rows


class DocumentReads(Protocol):
    """Documents, and bytes by their digest."""

    def find_document(self, tenant: str, document: str) -> rows.DocumentRow | None:
        """Return a document's row, or None."""
        ...

    def find_documents(self, tenant: str, which: rows.DocumentFilter) -> rows.Page[rows.DocumentRow]:
        """Return a page of documents."""
        ...

    def blob(self, tenant: str, sha256: str) -> bytes | None:
        """Return stored bytes by the hex digest of their content, or None."""
        ...


class DocumentWrites(Protocol):
    """Documents, and bytes stored once."""

    def put_document(self, tenant: str, document: rows.DocumentRow) -> None:
        """Add a document or replace what is known of it."""
        ...

    def delete_document(self, tenant: str, document: str) -> bool:
        """Delete a document, and its bytes if no other document has them; say whether it was there."""
        ...

    def put_blob(self, tenant: str, data: bytes) -> str:
        """Store bytes once and return the hex SHA-256 they are found by."""
        ...
