"""`cryptoboy history`: the group of commands, with one module for each."""
