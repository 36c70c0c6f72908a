"""What each family of BPMN elements does; `table.py` says which families run."""
