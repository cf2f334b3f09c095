"""The statistics of the event study and of how the scores did."""
