"""What differs between two versions of a process: which elements are the same, and what was changed of them."""
