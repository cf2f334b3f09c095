"""The migrations of the history. A migration never changes once it is released."""
