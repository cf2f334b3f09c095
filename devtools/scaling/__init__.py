"""What many pairs and many stories cost: the figures of docs/scaling.md."""
