"""Fetches RSS and Atom feeds, limits their size, and parses them."""
