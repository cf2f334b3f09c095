"""Keeps the questions to models and their answers, so that the same question need not be asked again."""
