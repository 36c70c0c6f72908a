"""Documents and knowledge: reading, fields with their place, search."""
