"""Processes in plain sentences: a controlled language that is written from an outline and read back to the same."""
