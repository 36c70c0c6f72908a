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
    titles = tuple(title for title in words.titles if len(title) > 6)
    titled = any(line.startswith(titles) for line in lines)
    labels = 0
    for key in _TELLING:
        spelled = tuple(plain(label) for label in words.fields[key].labels)
        labels += any(line.startswith(spelled) for line in lines)
    return "invoice" if labels + titled >= _LABELS_NEEDED else ""
