"""The demonstration: the whole pipeline on a replayed exchange, with the real Freqtrade in dry-run."""
