"""The Redis server of a single machine."""
