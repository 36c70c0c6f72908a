"""What a process looks like to those who take part in it: by role, by data, by time."""
