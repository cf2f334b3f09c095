"""A Binance-compatible spot exchange on loopback that replays recorded candles as if they were traded now."""
