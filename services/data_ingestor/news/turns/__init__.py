"""Decides when a source is polled next, and whose articles are published next."""
