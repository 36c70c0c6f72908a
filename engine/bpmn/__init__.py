"""BPMN XML: reading, editing and writing it without loss, laying it out and drawing it."""
