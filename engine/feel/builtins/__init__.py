"""The built-in functions of FEEL, one file per topic."""
