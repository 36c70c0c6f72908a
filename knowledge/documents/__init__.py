"""Reading documents and finding typed fields in them, each with its place and its evidence."""
