"""`cryptoboy history`: one module for each of its commands."""
