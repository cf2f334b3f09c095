"""The commands: a function each, which asks `services.operations` and says the answer."""
