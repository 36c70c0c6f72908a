"""DMN: decision models read without loss, compiled once, evaluated with their reasons."""
