"""The page with a sample history and in a real browser, for its tests and for the pictures of the documentation."""
