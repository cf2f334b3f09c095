"""The scorer that asks a language model."""
