"""Which articles are known, and how one is recognised."""
