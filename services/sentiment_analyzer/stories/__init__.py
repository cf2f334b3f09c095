"""Which articles tell the same story, and what a further one adds to it."""
