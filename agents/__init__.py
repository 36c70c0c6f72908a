"""Agents that design and work."""
