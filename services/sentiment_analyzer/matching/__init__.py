"""Decides which assets an article is about."""
