"""What a running system recorded, as the input of backtests and studies."""
