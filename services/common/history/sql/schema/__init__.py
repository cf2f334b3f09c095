"""The tables of the history, and how values are stored in them."""
