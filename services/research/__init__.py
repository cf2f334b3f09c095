"""Research on past news: archives, their scores, backtests and studies, run by the code that trades live.

Research imports the package `cryptoboy_sentiment` and the strategy that run live; it never uses copies of them.
"""
