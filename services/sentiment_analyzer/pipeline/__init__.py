"""Processes articles from the queue to their signals, and handles times when the scorer is unavailable."""
