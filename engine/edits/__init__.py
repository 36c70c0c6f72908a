"""Edits of a process as operations: all of a batch are made, or none."""
