"""The pure core: BPMN, DMN and FEEL without clock, disk or network."""
