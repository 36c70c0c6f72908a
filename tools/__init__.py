"""Every operation, defined once."""
