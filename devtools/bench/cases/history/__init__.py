"""The cases of the history: what the recorder writes, what is read of it, and what both cost the trading path."""
