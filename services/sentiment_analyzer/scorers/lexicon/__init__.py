"""The scorer that uses words and rules instead of a model."""
