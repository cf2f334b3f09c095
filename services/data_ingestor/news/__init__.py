"""The processing of news articles, from a source to the queue."""
