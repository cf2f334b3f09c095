"""Installs `cryptoboy_sentiment` for strategies of users, and checks whether Freqtrade can run such a strategy."""
