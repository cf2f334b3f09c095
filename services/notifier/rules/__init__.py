"""What is told to whom: the file of rules, its presets, and the decision on each happening."""
