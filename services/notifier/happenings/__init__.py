"""From what was read to what happened. Pure."""
