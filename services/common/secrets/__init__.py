"""Which settings and texts are secret, how they are stored, and how they are removed from all output."""
