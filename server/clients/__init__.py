"""The programs that agents live in: which files they read, and how FlowMaster is written into them."""
