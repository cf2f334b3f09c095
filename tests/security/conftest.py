"""Attacks on the product, one file for each kind: what somebody tried, and that it does not do what it did."""
