"""The store on SQLite: one file, several processes, one writer thread in each."""
