"""Jobs over HTTP: looked at, cancelled, and asked for."""
