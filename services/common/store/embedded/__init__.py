"""The Redis server for an installation on a single machine."""
