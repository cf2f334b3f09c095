"""Addresses and proxies."""
