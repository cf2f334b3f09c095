"""Records what the bot saw: news, results, signals, candles, holds, trades and the strategy's dataframe."""
