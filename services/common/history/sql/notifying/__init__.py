"""Writes and reads the tables of the notifier."""
