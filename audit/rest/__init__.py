"""The chain and the consents over HTTP, for reading."""
