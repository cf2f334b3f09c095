"""CryptoBoy: news to score, score to cache, cache to trade."""

__version__ = "0.1.0"
