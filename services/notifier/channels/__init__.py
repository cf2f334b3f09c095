"""The channels through which notices are sent."""
