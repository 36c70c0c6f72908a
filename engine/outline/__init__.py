"""The outline: a compact, block-structured language for processes, compiled to BPMN and read back from it."""
