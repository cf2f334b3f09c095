"""Checks whether candles and sentiment are fit for a backtest."""
