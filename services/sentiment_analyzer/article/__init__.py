"""The text of an article in the form that the scorers and the matcher read."""
