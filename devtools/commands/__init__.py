"""The commands of developers; the command line finds them by name in a checkout."""
