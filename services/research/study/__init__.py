"""Event study: what prices did after signals, by label, pair and source, and how certain these results are."""
