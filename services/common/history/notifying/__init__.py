"""What the notifier keeps in the history: what it has told, its briefs, and what people asked of it."""
