"""A backtest for people and programs: page, charts, JSON."""
