"""The checks of `doctor`, which find out whether everything that the system needs is available."""
