"""`flowmaster top`: how a server is doing, in the terminal."""
