"""The sentiment store: a port (`port`), the adapter over Redis, and the embedded Redis server."""
