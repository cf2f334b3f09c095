"""Measures the cost of many pairs and many stories, for the tables of docs/scaling.md."""
