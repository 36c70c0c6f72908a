"""The copy of the graph of links in ArangoDB."""
