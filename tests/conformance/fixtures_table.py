"""Fixtures of the table of resources: entries like the product's own, read through operations of the fixtures."""

from flowmaster.tools.resource_table import Resource


def _resource(form: str, name: str, media_type: str, operation: str, **asked: str) -> Resource:
    return Resource(
        form=form,
        name=name,
        title=name,
        about=f"A fixture: {name}.",
        media_type=media_type,
        operation=operation,
        asked=asked,
        field="content",
    )


RESOURCES = (
    _resource("test://static-text", "static-text", "text/plain", "fixture_text"),
    _resource("test://static-binary", "static-binary", "image/png", "fixture_picture"),
    _resource("test://watched-resource", "watched-resource", "text/plain", "fixture_text"),
    _resource(
        "test://template/{id}/data", "template-data", "application/json", "fixture_template", id="{id}"
    ),
)
"""What the table of resources is extended by."""
