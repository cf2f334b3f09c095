"""Defines the broker port (`port`), the topology (`topology`), and two adapters with the same behaviour."""
