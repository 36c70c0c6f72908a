"""Whether every run of a process can end well: deadlocks, doubled tokens, dead steps and loops without an exit."""
