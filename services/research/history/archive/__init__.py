"""News archives: imported, kept, read in the order of availability."""
