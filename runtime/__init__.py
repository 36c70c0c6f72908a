"""The shell round the engine: load, decide, append."""
