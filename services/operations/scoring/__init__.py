"""Scores one text, explains a score, and connects to the scorer for that."""
