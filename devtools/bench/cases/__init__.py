"""The cases of the benchmark: there is one module for each group of measurements."""
