"""Text of others: cleaned, and looked at for what its readers do not see."""
