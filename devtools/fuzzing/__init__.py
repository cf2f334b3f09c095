"""Hostile input for what reads from outside: what is tried, what must hold, and the longer search for what does not."""
