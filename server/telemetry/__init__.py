"""Traces and metrics for a collector, by OTLP over HTTP; nothing of it is loaded until somebody asks for it."""
