"""Which assets an article is about."""
