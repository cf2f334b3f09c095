"""Cases of our own, each with its data."""
