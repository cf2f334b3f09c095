"""Tells people what matters, and answers them."""
