"""The checks that are made before real money is traded."""
