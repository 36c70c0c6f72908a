"""Merging two states of a process that come from one: what either changed is in the result, or named as a conflict."""
