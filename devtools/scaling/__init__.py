"""Measures the cost of many pairs and many stories, which are the figures of docs/scaling.md."""
