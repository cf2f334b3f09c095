"""`/v1/stream`: what happens, as it happens, from the change feed of the history."""
