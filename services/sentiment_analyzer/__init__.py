"""Scores articles, and publishes one sentiment signal for each pair."""
