"""Cases written for this project, each with its data."""
