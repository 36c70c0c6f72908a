"""Reading procedures: what people wrote about their work becomes candidate steps of a process."""
