"""From news archives to the sentiment that a backtest reads: import, score, export, check, and candles to go with it.

Everything streams: memory does not grow with the length of a file. Output is written to a partial file that replaces
the target when it is complete; interrupted work is resumed.
"""
