"""What kind of paper a document is: an invoice or something else, told by its titles and labels."""

from flowmaster.knowledge.documents.model import ReadDocument
from flowmaster.knowledge.documents.vocabulary import plain, vocabulary

_LINES_READ = 60
_LABELS_NEEDED = 3
_TELLING = ("invoice_number", "total", "tax", "net", "due_date")


def recognised_schema(document: ReadDocument) -> str:
    """Return the name of the built-in schema that fits the document (`invoice`), or an empty text."""
    if document.type in {"csv", "xlsx"}:
        return ""
    lines = [plain(line.text) for page in document.pages for line in page.lines[:_LINES_READ]]
    words = vocabulary()
    titled = any(line.startswith(title) for line in lines for title in words.titles if len(title) > 6)
    labels = sum(
        1
        for key in _TELLING
        if any(line.startswith(label) for line in lines for label in map(plain, words.fields[key].labels))
    )
    return "invoice" if labels + titled >= _LABELS_NEEDED else ""
