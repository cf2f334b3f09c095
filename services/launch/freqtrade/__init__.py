"""Configures and starts Freqtrade, and reads its state over its API."""
