"""What the stores on SQL databases share: the statements, and how rows become what the server works with."""
