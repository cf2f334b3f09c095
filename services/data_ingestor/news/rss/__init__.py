"""RSS and Atom feeds: fetched, bounded, read."""
