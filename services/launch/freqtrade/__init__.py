"""Freqtrade's process: configured, started, asked over its API."""
