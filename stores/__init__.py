"""Where state lives: SQLite and memory behind one interface."""
