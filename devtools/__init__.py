"""Tools of developers: bench, fuzzing, endurance, guards, private servers. In no image, imported by no service."""
