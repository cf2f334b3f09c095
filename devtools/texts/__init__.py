"""Shows what the notifier says, with the news of an archive: the examples of docs/notifications.md."""
