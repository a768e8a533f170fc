"""What callers may ask about their own requests, and the filters that they save."""
