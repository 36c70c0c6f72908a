"""FEEL, the expression language of decisions and processes: text in, exact values and warnings out."""
