"""The text of an article, as scorers and the matcher see it."""
