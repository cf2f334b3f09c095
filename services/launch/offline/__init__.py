"""Runs any command of Freqtrade against the replay exchange, on the candles of a directory."""
