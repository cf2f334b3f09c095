"""The broker: a port (`port`), one topology (`topology`), and two adapters that behave alike."""
