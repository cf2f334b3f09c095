"""Contains the sentiment store: its port (`port`), the adapter for Redis, and the embedded Redis server."""
