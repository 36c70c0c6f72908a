"""The ways out to other systems."""
