"""The queries of the history: one module for each table."""
