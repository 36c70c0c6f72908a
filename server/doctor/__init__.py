"""The examination of an installation: what is wrong, and the fix."""
