"""Starts the services and Freqtrade together on one machine, watches them, and stops them in order."""
