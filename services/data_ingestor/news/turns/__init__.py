"""When a source is polled, and whose articles are published next."""
