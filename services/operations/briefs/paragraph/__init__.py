"""A paragraph about a brief by a language model, and the check that it names no figure that the brief does not."""
