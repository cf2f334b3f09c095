"""The record of known articles, and the identity of an article."""
