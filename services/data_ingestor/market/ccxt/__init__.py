"""Access to the exchange through ccxt."""
