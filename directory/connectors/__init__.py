"""Connectors: each maps a source into the directory, and can be run again at any time."""
