"""Who may use the API: keys, sessions of browsers, open reading on loopback, and limits."""
