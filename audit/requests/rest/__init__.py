"""What callers may ask about their own requests."""
