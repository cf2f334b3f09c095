"""The command line: one module a command, and the one place where services are put together."""
