"""What can be seen of a server at work: its figures, the spans of its traces, and which part of it is broken."""
