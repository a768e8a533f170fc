"""How programs and browsers say who they are."""
