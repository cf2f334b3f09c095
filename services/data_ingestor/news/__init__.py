"""The way of an article: from a source to the queue."""
