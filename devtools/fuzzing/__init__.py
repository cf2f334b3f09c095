"""Fuzzing of the parsers that read external data: hostile inputs, the checks for them, and a long search."""
