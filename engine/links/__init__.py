"""Links between processes, decisions, messages, signals, forms, data and roles, as the models tell them."""
