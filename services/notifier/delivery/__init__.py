"""How notices reach their channels: the outbox, quiet hours, limits, digests, and one thread for each channel."""
