"""The way of an article, from the queue to its signals, and what happens when the scorer is away."""
