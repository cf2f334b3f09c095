"""Explains from the history why a trade was made, and why none was made."""
