"""The exchange, through ccxt."""
