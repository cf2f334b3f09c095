"""The scorer without a model: words and rules."""
