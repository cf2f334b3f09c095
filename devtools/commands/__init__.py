"""The developers' commands, which the command line finds by name if it runs in a checkout."""
