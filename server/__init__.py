"""The doors: MCP, REST and the command line."""
