"""What the notifier watches: the change feed of the history, and what is only seen by looking again and again."""
