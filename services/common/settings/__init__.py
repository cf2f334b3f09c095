"""Every variable that the project reads: one class for each concern."""
