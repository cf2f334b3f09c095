"""The scorers of articles, with the port that they implement and one folder for each kind."""
