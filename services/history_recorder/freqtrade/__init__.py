"""Follows a running Freqtrade: its messages over WebSocket, and its answers over REST, of which only GET is used."""
