"""Adds news to any strategy for Freqtrade; `sentiment_mixin` is where to begin."""
