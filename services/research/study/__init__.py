"""Event study: what prices did after signals, by label, pair and source, and how sure one can be of it."""
