"""The files of secrets of a production system: made, taken over, signed."""
