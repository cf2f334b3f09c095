"""What other programs are given: bots with a source of ours, pair lists, tables."""
