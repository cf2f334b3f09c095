"""Backtests that measure what sentiment adds to the strategy: its parts alone, a benchmark and a random control."""
