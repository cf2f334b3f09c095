"""The broker adapter that needs no server and keeps its queues in one SQLite file."""
