"""The directory over HTTP: resolution, and every table for reading."""
