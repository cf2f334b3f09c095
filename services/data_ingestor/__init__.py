"""Ingest: the news poller and the market streamer."""
