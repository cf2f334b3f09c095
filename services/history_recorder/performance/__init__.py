"""Measures how prices changed after signals, from the outcomes that the recorder computed."""
