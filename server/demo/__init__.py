"""The demo that comes with FlowMaster, on the papers of an example."""
