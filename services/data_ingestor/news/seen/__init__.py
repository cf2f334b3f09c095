"""The record of known articles, and the computation of article ids."""
