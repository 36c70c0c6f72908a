"""Proving processes: which inputs lead where, worked out backwards from FEEL conditions."""
