"""Backtests that measure what sentiment adds to the strategy.

The strategy is compared with its parts alone, with a benchmark and with random controls.
"""
