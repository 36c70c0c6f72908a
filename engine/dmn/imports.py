"""The ways that lead from a document to those it imports, directly or through others."""

from collections.abc import Mapping

DEEP_MAX = 10
"""How many imports behind each other are followed."""

PATHS_MAX = 20
"""How many ways to one document are kept."""

Path = tuple[str, ...]
"""Import names, from the main document inwards."""


def import_paths(main: str, imports: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[Path, ...]]:
    """Return the ways to each imported document, the shortest first.

    `imports` gives, for the namespace of each document, the namespaces it imports and under which name.
    """
    found: dict[str, tuple[Path, ...]] = {}
    pending: list[tuple[str, Path]] = [(main, ())]
    for document, path in pending:
        for namespace, name in imports[document].items():
            known = found.get(namespace, ())
            if namespace in imports and namespace != main and len(known) < PATHS_MAX and len(path) < DEEP_MAX:
                found[namespace] = (*known, (*path, name))
                pending.append((namespace, (*path, name)))
    return found
