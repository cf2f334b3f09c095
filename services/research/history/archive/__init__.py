"""News archives: their import, their file, and reading their articles in the order of availability."""
