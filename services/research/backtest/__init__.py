"""Backtests that say what sentiment adds: the real strategy in parts, a benchmark, and a control by chance."""
