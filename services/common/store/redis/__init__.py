"""The sentiment store over Redis."""
