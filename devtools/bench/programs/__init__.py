"""Programs that the bench starts beside ours: stand-ins and baselines."""
