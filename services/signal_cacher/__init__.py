"""Cache: sentiment signals in, the Redis contract out."""
