"""The one thing that keeps an editor of settings from its work."""


class Unusual(Exception):
    """A file that says what it says in a form that is not edited by a machine; the text tells which."""
