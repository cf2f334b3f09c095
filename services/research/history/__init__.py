"""From news archives to the sentiment that a backtest reads: import, score, export, check, and candles to go with it.

Everything streams: memory does not grow with the length of a file. Output is written beside its place and takes
it only when it is whole; what was done before an interruption is not done again.
"""
