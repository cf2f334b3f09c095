"""What every service shares: settings, messages, errors, clock, logging, health, ports and adapters."""
