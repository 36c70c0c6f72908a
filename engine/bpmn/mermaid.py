"""The few things that every Mermaid chart of a process needs."""


def brackets(kind: str) -> tuple[str, str]:
    """Return what stands around the name of an element of a kind."""
    if kind.endswith("Gateway"):
        return "{", "}"
    if kind.endswith("Event"):
        return "((", "))"
    return "[", "]"


def quoted(text: str) -> str:
    """Return a text as it may stand in quotes."""
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace("\n", " ")
