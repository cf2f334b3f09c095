"""The sentiment store adapter for Redis."""
