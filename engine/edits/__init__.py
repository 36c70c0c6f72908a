"""Edits: typed operations on a BPMN document that leave everything they do not name as it is."""
