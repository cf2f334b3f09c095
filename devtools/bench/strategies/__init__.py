"""Strategies that Freqtrade loads for a measurement."""
