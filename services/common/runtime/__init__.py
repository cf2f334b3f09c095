"""How a service runs: start, health, watchdogs, logging, metrics, back-off."""
