"""Mutations of the examples that no input reveals, each with the reason."""

UNREVEALED: dict[str, str] = {}
