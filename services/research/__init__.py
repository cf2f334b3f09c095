"""History: archives, backtests and evaluation, built on the same code that runs live."""
