"""Who scores an article: the port, and one room for each kind."""
