"""Scores an archive as the live pipeline would have scored it."""
