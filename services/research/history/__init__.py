"""Turns news archives into the sentiment that a backtest reads: import, score, export, check, and fetch candles.

All data is streamed, so memory does not grow with the length of a file. Output is written to a partial file that
replaces the target when the output is complete. Interrupted work is resumed.
"""
