"""The broker without a server: a queue in one SQLite file."""
