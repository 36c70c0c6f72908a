"""The store in memory, for sandboxes and tests."""
