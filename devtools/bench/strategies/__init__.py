"""The strategies that Freqtrade loads for a measurement."""
