"""What has to be so before real money is traded."""
