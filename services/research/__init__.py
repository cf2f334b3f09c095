"""History: archives of news, their scores, backtests and studies, on the code that trades.

What is researched is what runs, never a copy of it: the package `cryptoboy_sentiment` and the strategy itself.
"""
